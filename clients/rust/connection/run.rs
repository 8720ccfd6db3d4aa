//! The task of a connection, from its welcome to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;

use super::Connection;
use crate::connect::Streams;
use crate::connection_error::ConnectionError;

impl Connection {
    /// Reads, writes and watches the deadlines until one of the three ends, and with it every
    /// call under way.
    pub(crate) async fn run(
        &self,
        streams: Streams,
        rest: BytesMut,
        patience: Duration,
    ) -> Arc<ConnectionError> {
        let cause = tokio::select! {
            biased;
            silent = self.watch(patience) => silent,
            unreadable = self.read(streams.read, rest) => unreadable,
            unwritable = self.write(streams.write) => unwritable,
        };
        let cause = Arc::new(cause);
        self.end(&cause);
        cause
    }
}
