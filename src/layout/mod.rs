//! Layouts: which nodes own which partition, as numbered epochs.
//!
//! Membership is static today: epoch 1 comes from the configuration, and partitions go round
//! the members in the order of their ids, so that shares differ by one partition at most.

use std::sync::Arc;

use crate::key::PartitionId;
use crate::message::client::MemberDescription;
use crate::message::replica::View;
use crate::node::NodeId;
use crate::quorum::Owners;

/// One member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node.
    pub node: NodeId,
    /// Its address for clients.
    pub client: String,
    /// Its address for nodes.
    pub bridge: String,
}

impl From<&Member> for MemberDescription {
    fn from(member: &Member) -> Self {
        Self {
            node: member.node,
            client: member.client.clone(),
            bridge: member.bridge.clone(),
        }
    }
}

/// The owners of every partition in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    epoch: u64,
    partition_bits: u8,
    members: Vec<Member>,
    preference_lists: Vec<Owners>,
}

impl Layout {
    /// The first layout: `2^partition_bits` partitions dealt round the members.
    pub fn first(mut members: Vec<Member>, partition_bits: u8) -> Self {
        members.sort_by_key(|member| member.node);
        members.dedup_by_key(|member| member.node);
        let partitions = 0..1_usize << partition_bits;
        let preference_lists = partitions.map(|at| rotated(&members, at)).collect();
        Self {
            epoch: 1,
            partition_bits,
            members,
            preference_lists,
        }
    }

    /// The epoch, and the phase of its transfers.
    pub fn view(&self) -> View {
        View {
            epoch: self.epoch,
            phase: 0,
        }
    }

    /// The logarithm of the number of partitions.
    pub fn partition_bits(&self) -> u8 {
        self.partition_bits
    }

    /// The members by id.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One member.
    pub fn member(&self, node: NodeId) -> Option<&Member> {
        self.members.iter().find(|member| member.node == node)
    }

    /// Every member in order of preference: a bucket with n owners takes the first n.
    pub fn preference_list(&self, partition: PartitionId) -> &Owners {
        &self.preference_lists[usize::from(partition.0) % self.preference_lists.len()]
    }

    /// The preference list of every partition.
    pub fn preference_lists(&self) -> &[Owners] {
        &self.preference_lists
    }
}

fn rotated(members: &[Member], by: usize) -> Owners {
    let nodes = members.iter().map(|member| member.node);
    let start = by % members.len().max(1);
    let rotated = nodes.clone().skip(start).chain(nodes.take(start));
    rotated.collect::<Vec<_>>().into()
}

/// A layout as replicas and coordinators share it.
pub type SharedLayout = Arc<Layout>;

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(members: u64) -> Layout {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        Layout::first((1..=members).map(member).collect(), 8)
    }

    #[test]
    fn every_preference_list_names_every_member_once() {
        for list in layout(5).preference_lists() {
            let mut nodes = list.to_vec();
            nodes.sort();
            nodes.dedup();
            assert_eq!(nodes.len(), 5);
        }
    }

    #[test]
    fn shares_differ_by_one_partition_at_most() {
        let layout = layout(5);
        let shares = (1..=5).map(|node| {
            let lists = layout.preference_lists().iter();
            lists
                .filter(|list| list[..3].contains(&NodeId(node)))
                .count()
        });
        let shares: Vec<usize> = shares.collect();
        let least = shares.iter().min().unwrap();
        assert!(shares.iter().max().unwrap() - least <= 3, "{shares:?}");
    }
}
