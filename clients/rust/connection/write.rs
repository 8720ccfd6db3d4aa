//! The writer: all that is queued goes out in one write.

use std::io;

use bytes::BytesMut;
use cartwheel::message::frame::Frame;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{Connection, outbox_weight};
use crate::connection_error::ConnectionError;

/// How many bytes are joined before they are written: beyond this, the call to the kernel is
/// no longer what a write costs.
const WRITE_LEN: usize = 256 * 1024;

/// A buffer that grew over this for a large value is not kept for the small ones.
const BUFFER_LEN_MAX: usize = 1024 * 1024;

impl Connection {
    /// Writes until the connection ends, and says why it did.
    pub(super) async fn write(&self, mut stream: impl AsyncWrite + Unpin) -> ConnectionError {
        let mut frames = Vec::new();
        let mut buffer = BytesMut::new();
        loop {
            self.calls().take_outbox(&mut frames);
            if frames.is_empty() {
                self.queued.notified().await;
                continue;
            }
            let written = self.write_all(&mut frames, &mut buffer, &mut stream);
            if let Err(source) = written.await {
                let endpoint = self.endpoint.to_string();
                return ConnectionError::Broken { endpoint, source };
            }
            if buffer.capacity() > BUFFER_LEN_MAX {
                buffer = BytesMut::new();
            }
        }
    }

    async fn write_all(
        &self,
        frames: &mut Vec<Frame>,
        buffer: &mut BytesMut,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let mut frames = frames.drain(..).peekable();
        while frames.peek().is_some() {
            let mut weight = 0;
            while buffer.len() < WRITE_LEN
                && let Some(frame) = frames.next()
            {
                frame.encode(buffer);
                weight += outbox_weight(&frame.body) as usize;
            }
            stream.write_all(buffer).await?;
            buffer.clear();
            self.outbox_bytes.add_permits(weight);
        }
        Ok(())
    }
}
