//! `cartwheel ring [BUCKET KEY]`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use cartwheel::message::client::{Located, RingDescription};
use cartwheel::node::NodeId;
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::tokens;

/// Show the members and what they own, or where a key lives
#[derive(Debug, Args)]
pub struct Ring {
    /// The bucket of a key
    #[arg(requires = "key")]
    bucket: Option<String>,
    /// The key, which need not exist
    key: Option<OsString>,
}

/// Where a key lives; the hash in hex, since it is too large for the numbers of JSON.
#[derive(Serialize)]
struct Place {
    hash: String,
    partition: u16,
    owners: Vec<Owner>,
}

#[derive(Serialize)]
struct Owner {
    node: NodeId,
    client: String,
    bridge: String,
}

impl Ring {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        match (self.bucket, self.key) {
            (Some(bucket), Some(key)) => {
                let place = connection::block_on(locate(target, &bucket, key))?;
                output::show(format, &place, place_as_text)
            }
            _ => {
                let ring = connection::block_on(async {
                    let client = target.connect().await?;
                    Ok(client.ring().await?)
                })?;
                output::show(format, &ring, ring_as_text)
            }
        }
    }
}

async fn locate(target: &Target, bucket: &str, key: OsString) -> Result<Place, Failure> {
    let bucket = target.connect().await?.bucket(bucket);
    let located = bucket.locate(tokens::word(key)).await?;
    Ok(located.into())
}

impl From<Located> for Place {
    fn from(located: Located) -> Self {
        let owners = located.owners.into_iter().map(|member| Owner {
            node: member.node,
            client: member.client,
            bridge: member.bridge,
        });
        Self {
            hash: format!("{:016x}", located.hash),
            partition: located.partition,
            owners: owners.collect(),
        }
    }
}

fn place_as_text(place: &Place) -> String {
    let mut table = output::table(&["owner", "node", "clients", "nodes"]);
    for (index, owner) in place.owners.iter().enumerate() {
        table.add_row([
            (index + 1).to_string(),
            owner.node.to_string(),
            owner.client.clone(),
            owner.bridge.clone(),
        ]);
    }
    format!(
        "hash {}, partition {}\n{table}",
        place.hash, place.partition
    )
}

fn ring_as_text(ring: &RingDescription) -> String {
    let shares = Shares::of(&ring.owners);
    let mut table = output::table(&["node", "clients", "nodes", "partitions", "first owner of"]);
    for member in &ring.members {
        table.add_row([
            member.node.to_string(),
            member.client.clone(),
            member.bridge.clone(),
            shares.owned(member.node).to_string(),
            shares.first(member.node).to_string(),
        ]);
    }
    format!(
        "epoch {}, {} partitions\n{table}",
        ring.epoch, ring.partitions
    )
}

/// How many partitions each node owns, and of how many it is the first owner.
struct Shares {
    owned: BTreeMap<NodeId, usize>,
    first: BTreeMap<NodeId, usize>,
}

impl Shares {
    fn of(owners: &[Vec<NodeId>]) -> Self {
        let mut shares = Self {
            owned: BTreeMap::new(),
            first: BTreeMap::new(),
        };
        for list in owners {
            for node in list {
                *shares.owned.entry(*node).or_default() += 1;
            }
            if let Some(node) = list.first() {
                *shares.first.entry(*node).or_default() += 1;
            }
        }
        shares
    }

    fn owned(&self, node: NodeId) -> usize {
        self.owned.get(&node).copied().unwrap_or_default()
    }

    fn first(&self, node: NodeId) -> usize {
        self.first.get(&node).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_count_each_partition_for_each_of_its_owners() {
        let [a, b, c] = [1, 2, 3].map(NodeId);
        let shares = Shares::of(&[vec![a, b], vec![b, a], vec![a, c]]);
        assert_eq!([a, b, c].map(|node| shares.owned(node)), [3, 2, 1]);
        assert_eq!([a, b, c].map(|node| shares.first(node)), [2, 1, 0]);
    }
}
