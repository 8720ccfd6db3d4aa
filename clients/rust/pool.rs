//! The pool: all lanes of a client, and the tasks that keep them open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connection::{Connection, Opened};
use crate::connection_error::ConnectionError;
use crate::delays;
use crate::lane::Lane;
use crate::settings::Settings;

/// A connection that lived so long was a good one: the delays begin anew. One that ends right
/// after its welcome must not be opened again and again without a pause.
const GOOD_AFTER: Duration = Duration::from_secs(1);

/// The lanes of a client.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    lanes: Vec<Lane>,
    next: AtomicUsize,
    /// A lane got or lost its connection.
    changed: Notify,
}

impl Pool {
    /// Makes the lanes; [`start`](Self::start) opens them.
    pub(crate) fn new(settings: Arc<Settings>) -> Arc<Self> {
        let lane = |number| Lane::new(number, settings.connections, &settings.endpoints);
        let lanes = (0..settings.connections).map(lane).collect();
        Arc::new(Self {
            lanes,
            settings,
            next: AtomicUsize::new(0),
            changed: Notify::new(),
        })
    }

    /// Starts a task for each lane; they end when the set is dropped.
    pub(crate) fn start(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for lane in 0..self.lanes.len() {
            tasks.spawn(self.clone().keep(lane));
        }
        tasks
    }

    async fn keep(self: Arc<Self>, number: usize) {
        let lane = &self.lanes[number];
        let mut delays = delays::before_reconnecting(self.settings.entropy.seed());
        for endpoint in lane.endpoints().iter().cycle() {
            let began = Instant::now();
            let cause = self.connect(lane, endpoint).await;
            lane.ended(cause);
            self.changed.notify_waiters();
            // Opening takes the greeting's patience at most; the rest is the connection's life.
            if began.elapsed() > GOOD_AFTER + self.settings.greeting.patience {
                delays = delays::before_reconnecting(self.settings.entropy.seed());
            }
            sleep(delays.next().unwrap_or_default()).await;
        }
    }

    /// Opens a connection and drives it to its end.
    async fn connect(&self, lane: &Lane, endpoint: &Arc<str>) -> Arc<ConnectionError> {
        let connect = &*self.settings.connect;
        match self.settings.greeting.open(connect, endpoint).await {
            Ok(Opened {
                connection,
                streams,
                rest,
            }) => {
                let connection = Arc::new(connection);
                lane.opened(connection.clone());
                self.changed.notify_waiters();
                let patience = self.settings.attempt_timeout;
                connection.run(streams, rest, patience).await
            }
            Err(cause) => Arc::new(cause),
        }
    }

    /// The next connection in turn, to another endpoint than `avoid` if there is one; waits for
    /// one until the deadline, and then says why there is none.
    pub(crate) async fn connection(
        &self,
        avoid: Option<&str>,
        deadline: Instant,
    ) -> Result<Arc<Connection>, Arc<ConnectionError>> {
        if let Some(ready) = self.ready(avoid) {
            return Ok(ready);
        }
        let ready = timeout_at(deadline, self.until(|| self.ready(None))).await;
        ready.map_err(|_elapsed| self.last())
    }

    /// Waits for the first connection, until every endpoint was tried in vain or a request
    /// would have timed out.
    pub(crate) async fn first_contact(&self) -> Result<(), Arc<ConnectionError>> {
        let contact = self.until(|| match self.ready(None) {
            Some(_) => Some(Ok(())),
            None if self.lanes.iter().all(Lane::has_failed) => Some(Err(self.last())),
            None => None,
        });
        let contact = timeout(self.settings.timeout, contact).await;
        contact.unwrap_or_else(|_elapsed| Err(self.last()))
    }

    async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // From here on no change is missed, so that looking and then waiting is safe.
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }

    fn ready(&self, avoid: Option<&str>) -> Option<Arc<Connection>> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let (before, from) = self.lanes.split_at(start % self.lanes.len());
        let mut ready = from.iter().chain(before).filter_map(Lane::connection);
        match avoid {
            None => ready.next(),
            Some(avoid) => {
                let first = ready.next()?;
                let mut in_turn = std::iter::once(first.clone()).chain(ready);
                let other = in_turn.find(|connection| connection.endpoint() != avoid);
                Some(other.unwrap_or(first))
            }
        }
    }

    fn last(&self) -> Arc<ConnectionError> {
        let turn = self.next.load(Ordering::Relaxed) % self.lanes.len();
        self.lanes[turn].last()
    }
}
