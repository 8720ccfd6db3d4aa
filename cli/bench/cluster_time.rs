//! The time that all nodes of a cluster have taken, and what else a report says of them.

use std::time::Duration;

use cartwheel::message::client::StatusDescription;
use cartwheel_client::{Client, Error};
use futures::future::join_all;

/// A connection to each node, or none to one that does not answer.
pub struct Nodes {
    clients: Vec<Option<Client>>,
}

/// What each node says of itself, or nothing.
pub struct NodesStatus {
    answers: Vec<Option<StatusDescription>>,
}

impl Nodes {
    /// Connects to every member of the cluster that answers.
    pub async fn of(client: &Client, patience: Duration) -> Result<Self, Error> {
        let members = client.ring().await?.members.into_iter();
        let clients = members.map(|member| {
            let builder = Client::builder().endpoints([member.client]);
            builder.timeout(patience).connect_timeout(patience).build()
        });
        let clients = join_all(clients).await;
        let clients = clients.into_iter().map(Result::ok).collect();
        Ok(Self { clients })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.clients.len()
    }

    /// Asks them all.
    pub async fn status(&self) -> NodesStatus {
        let asked = self.clients.iter().map(async |client| match client {
            Some(client) => client.status().await.ok(),
            None => None,
        });
        let answers = join_all(asked).await;
        NodesStatus { answers }
    }
}

impl NodesStatus {
    /// The time that all nodes together have taken since an earlier status; nothing if one of
    /// them did not answer or was started anew in between, since the sum would be a part.
    pub fn cpu_us_since(&self, earlier: &Self) -> Option<u64> {
        let pairs = self.answers.iter().zip(&earlier.answers);
        let spent = pairs.map(|(after, before)| {
            let (after, before) = (after.as_ref()?, before.as_ref()?);
            let same = after.process_id == before.process_id;
            same.then(|| after.cpu_us.saturating_sub(before.cpu_us))
        });
        spent.sum()
    }

    /// The file systems under the data, each once.
    pub fn file_systems(&self) -> Vec<String> {
        let answers = self.answers.iter().flatten();
        let mut file_systems: Vec<String> =
            answers.map(|status| status.file_system.clone()).collect();
        file_systems.sort();
        file_systems.dedup();
        file_systems
    }
}
