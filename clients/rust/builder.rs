//! Making a client.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::entropy::Entropy;
use cartwheel::limits::CLIENT_NAME_LEN_MAX;
use cartwheel::message::hello::{Hello, Speaker};
use cartwheel::node::ClusterId;

use crate::client::Client;
use crate::connect::{Connect, TcpConnect};
use crate::connection::Greeting;
use crate::entropy::{SharedEntropy, SystemEntropy};
use crate::error::Error;
use crate::settings::Settings;
use crate::time_limit::TIMEOUT_MAX;

/// What a request may take unless told otherwise: an interactive caller has gone by then.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What one attempt may take: two fit into the timeout.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// What connecting and being welcomed may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a request is sent again: with its pauses, about two seconds.
const RETRIES: u32 = 4;

/// Makes a [`Client`].
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    endpoints: Vec<Arc<str>>,
    connections: Option<usize>,
    timeout: Duration,
    attempt_timeout: Duration,
    connect_timeout: Duration,
    retries: u32,
    name: String,
    cluster: Option<ClusterId>,
    connect: Box<dyn Connect>,
    entropy: Option<Box<dyn Entropy + Send>>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            endpoints: Vec::new(),
            connections: None,
            timeout: TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            retries: RETRIES,
            name: concat!("cartwheel-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            cluster: None,
            connect: Box::new(TcpConnect),
            entropy: None,
        }
    }

    /// The client addresses of nodes, as `host:port`. One is enough; with several, the client
    /// goes on when one is down.
    pub fn endpoints<E: AsRef<str>>(mut self, endpoints: impl IntoIterator<Item = E>) -> Self {
        let endpoints = endpoints.into_iter();
        self.endpoints = endpoints.map(|endpoint| endpoint.as_ref().into()).collect();
        self
    }

    /// How many connections there are in all, spread over the endpoints; unless told
    /// otherwise, one for each. Of fewer connections than endpoints, each leads to one of its
    /// share, and to the next when that fails.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections.max(1));
        self
    }

    /// How long a request may take, all attempts together: 5 s unless told otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long one attempt may take before another node is asked, and how long a node may say
    /// nothing at all before its connection is given up: 2 s unless told otherwise.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long connecting to an endpoint may take: 2 s unless told otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How often a request is sent again, within its timeout: 4 times unless told otherwise.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// What the client calls itself in the nodes' logs; at most 255 bytes of it are sent.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The cluster that is meant: others are refused.
    pub fn cluster(mut self, cluster: ClusterId) -> Self {
        self.cluster = Some(cluster);
        self
    }

    /// Another network than the machine's.
    pub fn connect(mut self, connect: impl Connect) -> Self {
        self.connect = Box::new(connect);
        self
    }

    /// Another source of random numbers than the operating system. Request ids come from it:
    /// two clients with the same numbers would take each other's writes for their own.
    pub fn entropy(mut self, entropy: impl Entropy + Send + 'static) -> Self {
        self.entropy = Some(Box::new(entropy));
        self
    }

    /// Opens the connections and waits for the first; an error if no endpoint takes any.
    ///
    /// Must be called within a tokio runtime, whose tasks keep the connections.
    pub async fn build(self) -> Result<Client, Error> {
        Client::open(self.settings()?).await
    }

    fn settings(self) -> Result<Settings, Error> {
        if self.endpoints.is_empty() {
            return Err(Error::NoEndpoints);
        }
        let entropy = match self.entropy {
            Some(entropy) => entropy,
            None => Box::new(SystemEntropy::new().ok_or(Error::NoEntropy)?),
        };
        Ok(Settings {
            connections: self.connections.unwrap_or(self.endpoints.len()),
            endpoints: self.endpoints,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout.min(TIMEOUT_MAX),
            retries: self.retries,
            greeting: Greeting {
                hello: hello(self.name, self.cluster),
                patience: self.connect_timeout,
            },
            connect: self.connect,
            entropy: SharedEntropy::new(entropy),
        })
    }
}

fn hello(mut name: String, cluster: Option<ClusterId>) -> Hello {
    name.truncate(name.floor_char_boundary(CLIENT_NAME_LEN_MAX));
    Hello {
        cluster: cluster.map(|cluster| cluster.0.to_be_bytes().to_vec()),
        speaker: Speaker::Client(name),
        credentials: Vec::new(),
    }
}
