//! The time that all nodes of a cluster have taken, and what else a report says of them.

use std::time::Duration;

use cartwheel_client::{Client, Error};
use futures::future::try_join_all;

/// A connection to each node.
pub struct Nodes {
    clients: Vec<Client>,
}

/// What all nodes say.
pub struct NodesStatus {
    pub cpu_us: u64,
    /// The file systems under the data, each once.
    pub file_systems: Vec<String>,
}

impl Nodes {
    /// Connects to every member of the cluster.
    pub async fn of(client: &Client, patience: Duration) -> Result<Self, Error> {
        let members = client.ring().await?.members.into_iter();
        let clients = members.map(|member| {
            let builder = Client::builder().endpoints([member.client]);
            builder.timeout(patience).connect_timeout(patience).build()
        });
        let clients = try_join_all(clients).await?;
        Ok(Self { clients })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.clients.len()
    }

    /// Asks them all.
    pub async fn status(&self) -> Result<NodesStatus, Error> {
        let answers = try_join_all(self.clients.iter().map(Client::status)).await?;
        let mut file_systems: Vec<String> = answers
            .iter()
            .map(|status| status.file_system.clone())
            .collect();
        file_systems.sort();
        file_systems.dedup();
        Ok(NodesStatus {
            cpu_us: answers.iter().map(|status| status.cpu_us).sum(),
            file_systems,
        })
    }
}
