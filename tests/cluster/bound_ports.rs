//! A network whose ports are bound before anybody hears of them.
//!
//! The members of a cluster have to name their ports before the first node listens. A port that
//! was only looked for may be another test's or another process's by then, so each is kept bound
//! from the moment it is chosen, and handed to the node that listens on it.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use cartwheel_actors::shell::{Listener, Network, Stream, TcpNetwork};
use futures::future::{LocalBoxFuture, ready};

/// TCP, with some ports of its own.
pub struct BoundPorts {
    pub ports: Vec<u16>,
    /// What no node listens on yet, by its address.
    waiting: Mutex<BTreeMap<String, TcpListener>>,
}

impl BoundPorts {
    /// Binds so many ports, whichever the system gives.
    pub fn new(count: usize) -> Self {
        let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let addressed = listeners.map(|listener| (listener.local_addr().unwrap(), listener));
        let addressed: Vec<_> = addressed.collect();
        let ports = addressed.iter().map(|(address, _)| address.port());
        let ports = ports.collect();
        let waiting = addressed.into_iter();
        let waiting = waiting.map(|(address, listener)| (address.to_string(), listener));
        let waiting = Mutex::new(waiting.collect());
        Self { ports, waiting }
    }

    fn take(&self, address: &str) -> Option<TcpListener> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(address)
    }
}

impl Network for BoundPorts {
    fn listen(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Listener>>> {
        match self.take(&address) {
            Some(bound) => Box::pin(ready(listening(bound))),
            None => TcpNetwork.listen(address),
        }
    }

    fn connect(&self, address: String) -> LocalBoxFuture<'static, io::Result<Box<dyn Stream>>> {
        TcpNetwork.connect(address)
    }
}

fn listening(bound: TcpListener) -> io::Result<Box<dyn Listener>> {
    bound.set_nonblocking(true)?;
    Ok(Box::new(tokio::net::TcpListener::from_std(bound)?))
}
