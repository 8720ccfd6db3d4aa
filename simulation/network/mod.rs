//! The simulated network, as nodes and as clients use it.

mod wires;

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use cartwheel_actors::shell::{Arriving, Listener, Network, Stream};
use cartwheel_client::{Connect, Streams};
use futures::future::{BoxFuture, LocalBoxFuture};
use tokio::io::split;
use turmoil::net::{TcpListener, TcpStream};

use wires::Wire;
pub use wires::Wires;

/// The longest that a message takes where nothing is slow.
pub const LATENCY_MAX: Duration = Duration::from_millis(10);

/// What nodes listen and connect on; addresses are `host:port`.
pub struct SimulatedNetwork {
    /// The connections of the run.
    pub wires: Wires,
}

impl Network for SimulatedNetwork {
    fn listen(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let wires = self.wires.clone();
        Box::pin(async move {
            let port = address
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok());
            let port: u16 = port.ok_or(io::ErrorKind::InvalidInput)?;
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
            let doorway = Doorway {
                listener,
                address,
                wires,
            };
            Ok(Box::new(doorway) as Box<dyn Listener>)
        })
    }

    fn connect(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let wires = self.wires.clone();
        Box::pin(async move {
            let wire = wires.end(TcpStream::connect(address).await?)?;
            Ok(Box::new(wire) as Box<dyn Stream>)
        })
    }
}

struct Doorway {
    listener: TcpListener,
    /// As peers know it: the listener itself only knows that it is bound to any.
    address: String,
    wires: Wires,
}

impl Listener for Doorway {
    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Arriving>>> {
        Box::pin(async move {
            let (stream, _) = self.listener.accept().await?;
            let wire = self.wires.end(stream)?;
            Ok(Box::new(Arrived(wire)) as Box<dyn Arriving>)
        })
    }

    fn address(&self) -> String {
        self.address.clone()
    }
}

/// All shards of a simulated node share its event loop, so nothing has to be detached from one.
struct Arrived(Wire);

impl Arriving for Arrived {
    fn attach(self: Box<Self>) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.0))
    }
}

/// What clients connect with.
pub struct SimulatedConnect {
    /// The connections of the run.
    pub wires: Wires,
}

impl Connect for SimulatedConnect {
    fn connect(&self, endpoint: &str) -> BoxFuture<'static, io::Result<Streams>> {
        let (endpoint, wires) = (endpoint.to_owned(), self.wires.clone());
        Box::pin(async move {
            let wire = wires.end(TcpStream::connect(endpoint).await?)?;
            let (read, write) = split(wire);
            Ok(Streams {
                read: Box::new(read),
                write: Box::new(write),
            })
        })
    }
}
