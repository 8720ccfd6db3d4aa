//! The timer: one a connection, since one a request would cost more than the request.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Connection;
use crate::connection_error::ConnectionError;

impl Connection {
    /// Ends calls at their deadlines, until a whole `patience` has brought no word at all: then
    /// it says that the node is silent.
    pub(super) async fn watch(&self, patience: Duration) -> ConnectionError {
        loop {
            self.next_deadline().await;
            let quiet = self.calls().expire(Instant::now());
            if quiet >= patience {
                let endpoint = self.endpoint.to_string();
                return ConnectionError::Silent { endpoint, quiet };
            }
        }
    }

    async fn next_deadline(&self) {
        loop {
            let armed = self.calls().armed();
            let Some(deadline) = armed else {
                self.rearmed.notified().await;
                continue;
            };
            tokio::select! {
                biased;
                () = sleep_until(deadline) => return,
                () = self.rearmed.notified() => {}
            }
        }
    }
}
