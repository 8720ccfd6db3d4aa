//! What the builder settled, read by every part of the client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::Connect;
use crate::connection::Greeting;
use crate::entropy::SharedEntropy;

/// The settings of a client; they don't change.
pub(crate) struct Settings {
    /// The endpoints, in the order in which they were given.
    pub(crate) endpoints: Vec<Arc<str>>,
    /// How many connections there are in all.
    pub(crate) connections: usize,
    /// How long a request may take in all.
    pub(crate) timeout: Duration,
    /// How long one attempt may take before another node is asked.
    pub(crate) attempt_timeout: Duration,
    /// How often a request is sent again.
    pub(crate) retries: u32,
    pub(crate) greeting: Greeting,
    pub(crate) connect: Box<dyn Connect>,
    pub(crate) entropy: SharedEntropy,
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("endpoints", &self.endpoints)
            .field("connections", &self.connections)
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
