//! What an extension shows of itself in the status of its node.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, MessageResponse};
use cartwheel::message::client::ExtensionStatus;
use futures::future::{BoxFuture, FutureExt};

/// Asks an extension's actor for its state.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "State")]
pub struct Inspect;

/// What an extension's actor shows: a few names and values, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq, MessageResponse)]
pub struct State(BTreeMap<String, String>);

impl State {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more value.
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Nobody who asks for the status of a node waits longer for one of its extensions.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) type Ask = dyn Fn() -> BoxFuture<'static, Option<State>> + Send + Sync;

/// Asks one extension that has begun.
#[derive(Clone)]
pub(crate) struct Inspection {
    pub(super) name: &'static str,
    /// Nothing, if it shows nothing.
    pub(super) ask: Option<Arc<Ask>>,
}

impl Inspection {
    /// Its line of the node's status.
    pub(crate) async fn status(&self) -> ExtensionStatus {
        let state = match &self.ask {
            Some(ask) => ask().await,
            None => Some(State::new()),
        };
        ExtensionStatus {
            name: self.name.to_owned(),
            state: state.map(|state| state.0.into_iter().collect()),
        }
    }
}

pub(super) fn inspect<A>(actor: Addr<A>) -> Arc<Ask>
where
    A: Actor + Handler<Inspect>,
    A::Context: ToEnvelope<A, Inspect>,
{
    Arc::new(move || {
        let asked = tokio::time::timeout(PATIENCE, actor.send(Inspect));
        async move { asked.await.ok()?.ok() }.boxed()
    })
}
