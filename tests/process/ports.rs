//! Ports that nobody has: each test its own, so that they can run side by side.
//!
//! A block belongs to this process while it listens on the block's last port, on which no node
//! does. Another run of the suite would otherwise find the ports free before a node listens on
//! them, or while the node is down, and would take them for a moment only to see that. Who does
//! not keep to this is seen by the ports that it has.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

/// Below the range from which the system gives ports to outgoing connections.
const FIRST: u16 = 20_000;
const BLOCKS: u16 = 240;
/// What one cluster may take: five nodes ten ports apart, two each.
const BLOCK: u16 = 50;

static TRIED: AtomicU16 = AtomicU16::new(0);

/// The blocks of this process, until it ends: a test may start its nodes again at any time.
static HELD: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());

/// The first port of a block whose ports for so many nodes are free.
pub fn block(nodes: u16) -> u16 {
    (0..BLOCKS)
        .map(|_| TRIED.fetch_add(1, Ordering::Relaxed) % BLOCKS)
        .map(|number| FIRST + number * BLOCK)
        .find(|first| take(*first, nodes))
        .expect("a block of free ports")
}

fn take(first: u16, nodes: u16) -> bool {
    let Some(claim) = listen(first + BLOCK - 1) else {
        return false;
    };
    let mut ports = (0..nodes).flat_map(|node| [first + 10 * node, first + 10 * node + 1]);
    let are_free = ports.all(|port| listen(port).is_some());
    if are_free {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(claim);
    }
    are_free
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).ok()
}
