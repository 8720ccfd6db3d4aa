//! A coordinator alone, and requests for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::config::ReadFanout;
use cartwheel::coordination::{ClientRequest, Coordinator, CoordinatorOptions, Demand};
use cartwheel::layout::{Layout, Member};
use cartwheel::message::client::{Get, Put, QuorumOptions};
use cartwheel::node::{NodeId, ShardId};
use cartwheel::ring::Ring;
use cartwheel::time::Moment;
use cartwheel::version::{ConflictRule, ContextSecret, RequestId};

pub const KEY: Bytes = Bytes::from_static(b"cart:1001");

/// So many nodes, and a bucket that three of them keep.
pub fn ring(nodes: u64, rule: ConflictRule) -> Arc<Ring> {
    let member = |node| Member {
        node: NodeId(node),
        client: String::new(),
        bridge: String::new(),
    };
    let layout = Layout::first((1..=nodes).map(member).collect(), 4);
    let bucket = Bucket {
        conflict: rule,
        ..Bucket::default_bucket(3)
    };
    Arc::new(Ring::new(Arc::new(layout), [bucket]))
}

/// The owners of the key.
pub fn owners(ring: &Ring) -> Vec<NodeId> {
    let target = ring.locate("default", &KEY).expect("the default bucket");
    target.owners().to_vec()
}

pub fn secret() -> ContextSecret {
    ContextSecret::new([7; 16])
}

/// A node's coordinator, whose links are all up.
pub fn coordinator(node: NodeId, ring: &Arc<Ring>) -> Coordinator<()> {
    let options = CoordinatorOptions {
        read_fanout: ReadFanout::All,
        hedge_min: Duration::from_millis(1),
        hedge_max: Duration::from_millis(10),
    };
    let mut coordinator =
        Coordinator::new(node, ShardId(0), 1, Arc::clone(ring), secret(), options);
    let members = ring.layout().members().iter().map(|member| member.node);
    for peer in members.filter(|peer| *peer != node) {
        coordinator.on_peer_up(peer);
    }
    coordinator
}

/// A client's request, with a minute left.
pub fn request(demand: Demand) -> ClientRequest<()> {
    ClientRequest {
        client: (),
        demand,
        deadline: Moment::from_micros(60_000_000),
        forwarded_by: None,
    }
}

pub fn put() -> Demand {
    Demand::Put(Put {
        bucket: "default".to_owned(),
        key: KEY,
        value: Bytes::from_static(b"milk"),
        context: Bytes::new(),
        request: RequestId::new(1),
        attributes: None,
        options: QuorumOptions::default(),
    })
}

pub fn get() -> Demand {
    Demand::Get(Get {
        bucket: "default".to_owned(),
        key: KEY,
        context: Bytes::new(),
        options: QuorumOptions::default(),
    })
}
