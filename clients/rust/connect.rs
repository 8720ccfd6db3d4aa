//! How connections come about: a parameter, so that the client runs in a simulated network too.

use std::io;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Opens connections to endpoints.
pub trait Connect: Send + Sync + 'static {
    /// Connects to an endpoint, as it was given to the builder.
    fn connect(&self, endpoint: &str) -> BoxFuture<'static, io::Result<Streams>>;
}

/// The two directions of a connection.
pub struct Streams {
    /// What the node says.
    pub read: Box<dyn AsyncRead + Send + Unpin>,
    /// What the node is told.
    pub write: Box<dyn AsyncWrite + Send + Unpin>,
}

/// TCP by tokio; what the builder takes unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpConnect;

impl Connect for TcpConnect {
    fn connect(&self, endpoint: &str) -> BoxFuture<'static, io::Result<Streams>> {
        let endpoint = endpoint.to_owned();
        Box::pin(async move {
            let stream = TcpStream::connect(endpoint).await?;
            // Frames are joined before they are written, so a small packet is a whole one:
            // held back, it would wait 40 ms for the other side's acknowledgement.
            stream.set_nodelay(true)?;
            let (read, write) = stream.into_split();
            Ok(Streams {
                read: Box::new(read),
                write: Box::new(write),
            })
        })
    }
}
