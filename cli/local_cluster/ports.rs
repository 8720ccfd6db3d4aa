//! Whether a local cluster can have its ports, asked before anything is started: a node that
//! finds out by itself has left its files behind, and its port may be served by another cluster.

use std::io;
use std::net::TcpListener;

use super::Plan;

/// An address that a node could not listen on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {cause}")]
pub struct PortError {
    address: String,
    cause: io::Error,
}

impl PortError {
    /// What can be done about it.
    pub fn advice(&self) -> &'static str {
        match self.cause.kind() {
            io::ErrorKind::AddrInUse => {
                "Another process has this port: end it, or choose others with --port."
            }
            _ => "Choose other ports with --port.",
        }
    }
}

/// Takes every port of a plan for a moment, all at once: they have to be different, too.
pub fn probe(plan: &Plan) -> Result<(), PortError> {
    let addresses = plan
        .nodes
        .iter()
        .flat_map(|node| [&node.client, &node.bridge]);
    let taken = addresses.map(|address| {
        TcpListener::bind(address).map_err(|cause| {
            let address = address.clone();
            PortError { address, cause }
        })
    });
    taken.collect::<Result<Vec<_>, _>>().map(drop)
}
