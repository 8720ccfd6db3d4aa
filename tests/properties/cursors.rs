//! The cursors of listings: whatever bytes come, a page is right or there is none.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::key::BucketId;
use cartwheel::layout::{Layout, Member};
use cartwheel::listing::{Listing, ListingStep};
use cartwheel::message::client::{List, RequestError};
use cartwheel::message::replica::ReplicaListed;
use cartwheel::node::NodeId;
use cartwheel::ring::Ring;
use cartwheel::time::Moment;
use proptest::prelude::*;

const CARTS: &str = "carts";

/// A cluster of one node with the buckets `default` and `carts`.
fn ring() -> Arc<Ring> {
    let member = Member {
        node: NodeId(1),
        client: String::new(),
        bridge: String::new(),
    };
    let default = Bucket::default_bucket(1);
    let carts = Bucket {
        id: BucketId(7),
        name: CARTS.to_owned(),
        ..default.clone()
    };
    let layout = Layout::first(vec![member], 4);
    Arc::new(Ring::new(Arc::new(layout), [default, carts]))
}

fn begin(bucket: &str, cursor: Bytes) -> Result<Listing, RequestError> {
    let list = List {
        bucket: bucket.to_owned(),
        cursor,
        limit: 1,
    };
    Listing::begin(ring(), &list, Moment::default())
}

/// The cursor behind one key of the default bucket, as a listing answers it.
fn cursor(key: &[u8]) -> Bytes {
    let key = Bytes::copy_from_slice(key);
    let target = ring().locate("default", &key).expect("the default bucket");
    let mut listing = begin("default", Bytes::new()).expect("the start");
    loop {
        match listing.step(Moment::default()) {
            ListingStep::Ask(_, list) => {
                let here = list.partition == target.stored.slice().partition.0;
                let stored = here.then(|| target.stored.as_bytes().clone());
                listing.answered(Some(ReplicaListed {
                    keys: stored.iter().map(|key| (key.clone(), true)).collect(),
                    through: stored.unwrap_or_default(),
                }));
            }
            ListingStep::Done(listed) => return listed.next,
        }
    }
}

fn is_refused(bucket: &str, cursor: Bytes) -> bool {
    matches!(begin(bucket, cursor), Err(RequestError::BadCursor(_)))
}

proptest! {
    #[test]
    fn bytes_that_no_listing_answered_are_no_cursor(bytes: Vec<u8>) {
        prop_assert_eq!(is_refused("default", bytes.clone().into()), !bytes.is_empty());
    }

    #[test]
    fn a_listing_goes_on_from_its_own_cursor_and_from_no_other(
        key in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let cursor = cursor(&key);
        prop_assert!(begin("default", cursor.clone()).is_ok());
        prop_assert!(is_refused(CARTS, cursor), "it is of another bucket");
    }

    #[test]
    fn a_damaged_cursor_is_refused(
        key in prop::collection::vec(any::<u8>(), 1..40),
        at: prop::sample::Index,
        flip in 1..=u8::MAX,
        more in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let cursor = cursor(&key);
        let mut flipped = cursor.to_vec();
        flipped[at.index(cursor.len())] ^= flip;
        prop_assert!(is_refused("default", flipped.into()));
        let cut = cursor.slice(..at.index(cursor.len() - 1) + 1);
        prop_assert!(is_refused("default", cut));
        let longer = [&cursor[..], &more].concat();
        prop_assert!(is_refused("default", longer.into()));
    }
}
