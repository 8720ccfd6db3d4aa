//! Ports that nobody has: each test its own, so that they can run side by side.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system gives ports to outgoing connections.
const FIRST: u16 = 20_000;
const BLOCKS: u16 = 120;
/// What one cluster may take: nodes ten ports apart, two each.
const BLOCK: u16 = 100;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// The first port of a block whose ports for so many nodes are free.
pub fn block(nodes: u16) -> u16 {
    // Two runs of the suite at once begin at different places.
    let own = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap();
    (0..BLOCKS)
        .map(|_| (own + TAKEN.fetch_add(1, Ordering::Relaxed)) % BLOCKS)
        .map(|number| FIRST + number * BLOCK)
        .find(|first| {
            (0..nodes).all(|node| is_free(first + 10 * node) && is_free(first + 10 * node + 1))
        })
        .expect("a block of free ports")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}
