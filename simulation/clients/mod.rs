//! Who works on a cluster: our own workers, and who looks at everything when they are done.

mod auditor;
mod worker;

use std::time::Duration;

use cartwheel_client::Client;

use crate::cluster::client_address;
use crate::dice::Dice;
use crate::network::SimulatedConnect;

pub use auditor::{Auditor, heal_always};
pub use worker::{Surroundings, Temper, Worker, keys};

/// A client of some nodes, as soon as one of them serves.
pub async fn client(
    name: &str,
    seed: u64,
    nodes: std::ops::RangeInclusive<u64>,
    retries: u32,
) -> Client {
    loop {
        let builder = Client::builder()
            .endpoints(nodes.clone().map(client_address))
            .connect(SimulatedConnect)
            .retries(retries)
            .entropy(Dice::new(seed, name));
        // The nodes are starting as well.
        match builder.build().await {
            Ok(client) => return client,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
