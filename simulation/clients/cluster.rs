//! A cluster as its clients see it.

use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket;
use cartwheel_client::Client;

use super::recorded::{RecordedClient, Recorder};
use crate::cluster::{client_address, twin_address};
use crate::dice::Dice;
use crate::history::SharedHistory;
use crate::network::{SimulatedConnect, Wires};
use crate::progress::Progress;
use crate::trace::{Trace, now};

/// What the code of a client ends with; an error fails the run.
pub type ClientResult = Result<(), Box<dyn Error>>;

/// How often a request is sent again unless told otherwise.
const RETRIES: u32 = 4;

/// How long a client waits for nodes that are still starting.
const START_EVERY: Duration = Duration::from_millis(50);

/// A cluster as one of its clients sees it.
///
/// Time is simulated: `tokio::time` follows it too. Whoever asks the machine for its time or for
/// random numbers, or walks a hash map, makes a run that no seed gives again.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) name: String,
    pub(crate) nodes: u64,
    pub(crate) seed: u64,
    /// The bucket that every cluster has.
    pub(crate) default_bucket: Arc<Bucket>,
    pub(crate) history: SharedHistory,
    pub(crate) trace: Trace,
    pub(crate) wires: Wires,
    pub(crate) progress: Rc<Progress>,
}

impl Cluster {
    /// A client of all nodes that records what it does, as soon as one of them serves; it sends
    /// a request again where that may help.
    pub async fn client(&self) -> RecordedClient {
        self.client_of(1..=self.nodes, RETRIES).await
    }

    /// A client of some nodes that sends a request again so many times.
    pub async fn client_of(
        &self,
        nodes: impl IntoIterator<Item = u64>,
        retries: u32,
    ) -> RecordedClient {
        self.recorded(nodes, retries, true).await
    }

    /// A client of the second process with a node's id ([`Fault::OpenTwice`](crate::Fault)); it
    /// waits until that one serves.
    pub async fn client_of_twin(&self, node: u64, retries: u32) -> RecordedClient {
        let recorder = self.recorder(retries, true);
        let endpoints = [twin_address(node)];
        RecordedClient::new(self.connect(&endpoints, retries).await, recorder)
    }

    /// One whose operations are no news: they don't count as what must happen sometimes.
    pub(crate) async fn observer(&self, nodes: impl IntoIterator<Item = u64>) -> RecordedClient {
        self.recorded(nodes, RETRIES, false).await
    }

    async fn recorded(
        &self,
        nodes: impl IntoIterator<Item = u64>,
        retries: u32,
        counts: bool,
    ) -> RecordedClient {
        let endpoints: Vec<String> = nodes.into_iter().map(client_address).collect();
        let recorder = self.recorder(retries, counts);
        RecordedClient::new(self.connect(&endpoints, retries).await, recorder)
    }

    fn recorder(&self, retries: u32, counts: bool) -> Recorder {
        Recorder {
            client: self.name.clone(),
            policy: Arc::clone(&self.default_bucket),
            history: self.history.clone(),
            trace: self.trace.clone(),
            retries,
            nodes: self.nodes,
            counts,
        }
    }

    async fn connect(&self, endpoints: &[String], retries: u32) -> Client {
        // Request ids come from it, so that no two clients may have the same.
        let number = self.history.borrow_mut().next_client();
        let entropy = format!("{} client {number}", self.name);
        loop {
            let builder = Client::builder()
                .endpoints(endpoints)
                .connect(SimulatedConnect {
                    wires: self.wires.clone(),
                })
                .retries(retries)
                .entropy(Dice::new(self.seed, &entropy));
            // The nodes are starting as well.
            match builder.build().await {
                Ok(client) => return client,
                Err(_) => tokio::time::sleep(START_EVERY).await,
            }
        }
    }

    /// The same cluster for somebody of another name: each client of a run has its own, or two
    /// would draw the same random numbers.
    pub fn named(&self, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            name,
            ..self.clone()
        }
    }

    /// The name of the client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many nodes there are; they count from 1.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Random numbers from the seed and the client's name: the same each time it is called.
    pub fn dice(&self) -> Dice {
        Dice::new(self.seed, &self.name)
    }

    /// The simulated time since the run began.
    pub fn now(&self) -> Duration {
        now()
    }

    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Waits for a time since the run began.
    pub async fn until(&self, time: Duration) {
        self.sleep(time.saturating_sub(now())).await;
    }

    /// Notes in the trace what happened.
    pub fn note(&self, what: &str) {
        self.trace.note(now(), &format!("{}: {what}", self.name));
    }

    /// Notes that something happened that must happen sometimes.
    pub fn happened(&self, what: &'static str) {
        self.history.borrow_mut().happened(what);
    }

    /// Fails the run, and lets it go on.
    pub fn fail(&self, why: impl Into<String>) {
        self.trace.fail(format!("{}: {}", self.name, why.into()));
    }
}
