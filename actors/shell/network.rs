//! Listening, connecting, streams.

use std::io;

use futures::future::LocalBoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// A connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Where connections come from.
pub trait Network: Send + Sync {
    /// Listens on an address.
    fn listen(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Listener>>>;

    /// Connects to an address.
    fn connect(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// An address that is listened on.
pub trait Listener {
    /// The next connection.
    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Arriving>>>;

    /// The address, with the port that was given where none was asked for.
    fn address(&self) -> String;
}

/// A connection on its way to the shard that will serve it.
pub trait Arriving: Send {
    /// Makes it a stream of the shard that calls.
    fn attach(self: Box<Self>) -> io::Result<Box<dyn Stream>>;
}

/// Real TCP, without the delay of small packets.
#[derive(Debug, Default)]
pub struct TcpNetwork;

impl Network for TcpNetwork {
    fn listen(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = TcpListener::bind(&address).await?;
            Ok(Box::new(listener) as Box<dyn Listener>)
        })
    }

    fn connect(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(&address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

impl Listener for TcpListener {
    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Arriving>>> {
        Box::pin(async move {
            let (stream, _) = TcpListener::accept(self).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream.into_std()?) as Box<dyn Arriving>)
        })
    }

    fn address(&self) -> String {
        self.local_addr()
            .map_or_else(|_| String::new(), |address| address.to_string())
    }
}

impl Arriving for std::net::TcpStream {
    fn attach(self: Box<Self>) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(TcpStream::from_std(*self)?))
    }
}
