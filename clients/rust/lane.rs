//! A lane: the place of one connection, which a task of its own keeps open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection::Connection;
use crate::connection_error::ConnectionError;

/// One connection's place, and the endpoints it may lead to, one at a time.
#[derive(Debug)]
pub(crate) struct Lane {
    endpoints: Vec<Arc<str>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    connection: Option<Arc<Connection>>,
    last: Arc<ConnectionError>,
    /// How often no connection came about, since there last was one.
    failures: usize,
}

impl Lane {
    /// The lane with this number, of so many: together they lead to every endpoint, and each
    /// of few lanes to several.
    pub(crate) fn new(number: usize, lanes: usize, endpoints: &[Arc<str>]) -> Self {
        let first = number % endpoints.len();
        let own: Vec<Arc<str>> = endpoints
            .iter()
            .skip(first)
            .step_by(lanes)
            .cloned()
            .collect();
        let not_answered = ConnectionError::NotAnswered {
            endpoint: endpoints[first].to_string(),
        };
        Self {
            endpoints: own,
            state: Mutex::new(State {
                connection: None,
                last: Arc::new(not_answered),
                failures: 0,
            }),
        }
    }

    /// The endpoints to try, in order.
    pub(crate) fn endpoints(&self) -> &[Arc<str>] {
        &self.endpoints
    }

    /// The connection, if there is one that takes calls.
    pub(crate) fn connection(&self) -> Option<Arc<Connection>> {
        let state = self.state();
        let connection = state.connection.as_ref()?;
        (!connection.has_ended()).then(|| connection.clone())
    }

    /// Why there is no connection, or why the one before ended.
    pub(crate) fn last(&self) -> Arc<ConnectionError> {
        self.state().last.clone()
    }

    /// Whether every endpoint was tried and none took the connection.
    pub(crate) fn has_failed(&self) -> bool {
        self.state().failures >= self.endpoints.len()
    }

    pub(crate) fn opened(&self, connection: Arc<Connection>) {
        let mut state = self.state();
        state.connection = Some(connection);
        state.failures = 0;
    }

    pub(crate) fn ended(&self, cause: Arc<ConnectionError>) {
        let mut state = self.state();
        state.failures += usize::from(state.connection.is_none());
        state.connection = None;
        state.last = cause;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(lanes: usize) -> Vec<Vec<String>> {
        let endpoints: Vec<Arc<str>> = ["a", "b", "c"].map(Arc::from).to_vec();
        let lane = |number| Lane::new(number, lanes, &endpoints);
        let names = |lane: Lane| lane.endpoints.iter().map(ToString::to_string).collect();
        (0..lanes).map(lane).map(names).collect()
    }

    #[test]
    fn few_lanes_lead_to_several_endpoints_each() {
        assert_eq!(lanes(1), [vec!["a", "b", "c"]]);
        assert_eq!(lanes(2), [vec!["a", "c"], vec!["b"]]);
    }

    #[test]
    fn many_lanes_are_spread_over_the_endpoints() {
        let names: Vec<String> = lanes(7).into_iter().flatten().collect();
        assert_eq!(names, ["a", "b", "c", "a", "b", "c", "a"]);
    }
}
