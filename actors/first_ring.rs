//! The ring that a node begins with: the members of its configuration, and the bucket that every
//! cluster has.

use std::sync::Arc;

use cartwheel::bucket::Bucket;
use cartwheel::config::Config;
use cartwheel::layout::{Layout, Member};
use cartwheel::ring::Ring;

/// The first ring under a configuration.
pub(crate) fn first_ring(config: &Config) -> Ring {
    let members = config.cluster.members.iter().map(|member| Member {
        node: member.id,
        client: member.client.clone(),
        bridge: member.bridge.clone(),
    });
    let members: Vec<Member> = members.collect();
    let n = u8::try_from(members.len().min(3)).unwrap_or(3);
    let layout = Layout::first(members, config.ring.partition_bits());
    Ring::new(Arc::new(layout), [Bucket::default_bucket(n)])
}
