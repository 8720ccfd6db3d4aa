//! Keys by where they are kept.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::layout::{Layout, Member};
use cartwheel::node::NodeId;
use cartwheel::ring::Ring;

/// How many parts the hash space has, as a node has it by default.
const PARTITION_BITS: u8 = 8;

/// A key of `default` that is owned by the nodes 1, 2 and 3 of five.
pub fn a_key_of_the_first_three_of_five() -> String {
    let member = |node| Member {
        node: NodeId(node),
        client: String::new(),
        bridge: String::new(),
    };
    let layout = Layout::first((1..=5).map(member).collect(), PARTITION_BITS);
    let ring = Ring::new(Arc::new(layout), [Bucket::default_bucket(3)]);
    let keys = (0..).map(|at| format!("cart-{at}"));
    let owners = [1, 2, 3].map(NodeId);
    let mut fits = keys.filter(|key| {
        let key = Bytes::copy_from_slice(key.as_bytes());
        let target = ring.locate("default", &key);
        target.expect("default is there").owners() == owners
    });
    fits.next().expect("there are keys without an end")
}
