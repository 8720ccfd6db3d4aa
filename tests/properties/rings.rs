//! Placement: every node comes to the same owners, and every key has n distinct ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::key::{BucketId, KeyHash, PartitionId};
use cartwheel::layout::{Layout, Member};
use cartwheel::message::client::RequestError;
use cartwheel::node::NodeId;
use cartwheel::ring::Ring;
use cartwheel::store::StoredKey;
use proptest::prelude::*;

fn members() -> impl Strategy<Value = Vec<Member>> {
    let ids = prop::collection::btree_set(any::<u64>(), 1..10);
    let ids = ids.prop_map(|ids| ids.into_iter().collect::<Vec<_>>());
    ids.prop_shuffle()
        .prop_map(|ids| ids.into_iter().map(member).collect())
}

fn member(id: u64) -> Member {
    Member {
        node: NodeId(id),
        client: format!("client of {id}"),
        bridge: format!("bridge of {id}"),
    }
}

fn bits() -> impl Strategy<Value = u8> {
    0_u8..=10
}

fn bucket(id: u32, name: &str, n: u8) -> Bucket {
    Bucket {
        id: BucketId(id),
        name: name.to_owned(),
        ..Bucket::default_bucket(n)
    }
}

fn key() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 1..20).prop_map(Bytes::from)
}

fn distinct(nodes: &[NodeId]) -> BTreeSet<NodeId> {
    nodes.iter().copied().collect()
}

proptest! {
    #[test]
    fn every_preference_list_names_every_member_once(members in members(), bits in bits()) {
        let all: BTreeSet<NodeId> = members.iter().map(|member| member.node).collect();
        let layout = Layout::first(members, bits);
        prop_assert_eq!(layout.preference_lists().len(), 1 << bits);
        for list in layout.preference_lists() {
            prop_assert_eq!(list.len(), all.len());
            prop_assert_eq!(&distinct(list), &all);
        }
    }

    /// Nodes read the members from files of their own, in any order, and some twice.
    #[test]
    fn the_order_in_which_members_are_named_does_not_matter(
        (members, shuffled) in members().prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
        bits in bits(),
    ) {
        let twice = [shuffled.clone(), members.clone()].concat();
        let layout = Layout::first(members, bits);
        prop_assert_eq!(&Layout::first(shuffled, bits), &layout);
        prop_assert_eq!(&Layout::first(twice, bits), &layout);
    }

    /// Each remainder partition adds one to n neighbours at most.
    #[test]
    fn shares_differ_by_as_many_partitions_as_there_are_owners_at_most(
        members in members(), bits in bits(), n in 1_usize..=5,
    ) {
        let nodes: Vec<NodeId> = members.iter().map(|member| member.node).collect();
        let layout = Layout::first(members, bits);
        let share = |node: &NodeId| {
            let owned = |list: &&Arc<[NodeId]>| list.iter().take(n).any(|owner| owner == node);
            layout.preference_lists().iter().filter(owned).count()
        };
        let shares: Vec<usize> = nodes.iter().map(share).collect();
        let spread = shares.iter().max().unwrap() - shares.iter().min().unwrap();
        prop_assert!(spread <= n, "{:?}", shares);
    }

    #[test]
    fn a_key_has_n_distinct_owners_or_all_there_are(
        members in members(), bits in bits(), n in 1_u8..=5, key in key(),
    ) {
        let count = members.len();
        let ring = Ring::new(Arc::new(Layout::first(members, bits)), [bucket(7, "carts", n)]);
        let target = ring.locate("carts", &key).unwrap();
        prop_assert_eq!(target.owners().len(), usize::from(n).min(count));
        prop_assert_eq!(distinct(target.owners()).len(), target.owners().len());
    }

    /// The stored key, the partition, the owners and the shard are all of one hash.
    #[test]
    fn everything_about_a_key_follows_from_its_hash(
        members in members(), bits in bits(), n in 1_u8..=5, key in key(), shards in 1_u16..9,
    ) {
        let layout = Arc::new(Layout::first(members, bits));
        let ring = Ring::new(layout.clone(), [bucket(7, "carts", n)]);
        let target = ring.locate("carts", &key).unwrap();
        let hash = KeyHash::of(BucketId(7), &key);
        let partition = hash.partition(bits);
        prop_assert!(u64::from(partition.0) < 1 << bits);
        prop_assert_eq!(target.partition(), partition);
        prop_assert_eq!(target.stored.hash(), hash);
        prop_assert_eq!((target.stored.bucket(), target.stored.slice().n), (BucketId(7), n));
        prop_assert_eq!(target.stored.key(), key);
        prop_assert_eq!(&target.preference, layout.preference_list(partition));
        prop_assert!(target.shard(shards).0 < shards);
        prop_assert_eq!(StoredKey::parse(target.stored.as_bytes().clone()), Ok(target.stored));
    }

    /// A slice is a range of stored keys, and within it keys are in the order of their hashes.
    #[test]
    fn stored_keys_are_ordered_by_slice_and_hash(
        one in key(), other in key(), n in 1_u8..=5, other_n in 1_u8..=5, bits in bits(),
    ) {
        let layout = Arc::new(Layout::first(vec![member(1)], bits));
        let ring = Ring::new(layout, [bucket(1, "one", n), bucket(2, "other", other_n)]);
        let [one, other] = [ring.locate("one", &one), ring.locate("other", &other)]
            .map(|target| target.unwrap().stored);
        let order = |key: &StoredKey| (key.slice(), key.hash(), key.bucket(), key.key());
        prop_assert_eq!(one.cmp(&other), order(&one).cmp(&order(&other)));
        let (from, until) = StoredKey::range_of(one.slice());
        let inside = from <= *other.as_bytes() && *other.as_bytes() < until;
        prop_assert_eq!(inside, one.slice() == other.slice());
    }

    /// A new bucket moves nothing, and a request keeps the ring it began with.
    #[test]
    fn a_new_bucket_moves_no_key_of_another(members in members(), bits in bits(), key in key()) {
        let mut ring = Ring::new(Arc::new(Layout::first(members, bits)), [bucket(0, "default", 3)]);
        let before = ring.clone();
        ring.insert(bucket(1, "carts", 2));
        let [old, new] = [&before, &ring].map(|ring| ring.locate("default", &key).unwrap());
        prop_assert_eq!(old.stored, new.stored);
        prop_assert_eq!(old.preference, new.preference);
        prop_assert!(before.locate("carts", &key).is_err());
        prop_assert!(ring.bucket_of(BucketId(1)).is_some());
    }

    #[test]
    fn a_key_out_of_its_limits_is_refused_with_its_length(len in 0_usize..40, limit in 1_u32..20) {
        let bucket = Bucket { key_len_max: limit, ..bucket(0, "default", 3) };
        let ring = Ring::new(Arc::new(Layout::first(vec![member(1)], 4)), [bucket]);
        let located = ring.locate("default", &Bytes::from(vec![0; len]));
        let limit = u64::from(limit);
        let len = len as u64;
        match located {
            Ok(_) => prop_assert!((1..=limit).contains(&len)),
            Err(error) => prop_assert_eq!(error, RequestError::KeyLength { len, limit }),
        }
    }

    #[test]
    fn partitions_are_equal_parts_of_the_hash_space_in_order(hash: u64, bits in 1_u8..=16) {
        let PartitionId(partition) = KeyHash(hash).partition(bits);
        let first = u64::from(partition) << (64 - u32::from(bits));
        prop_assert!(first <= hash);
        prop_assert_eq!((hash - first) >> (64 - u32::from(bits)), 0);
    }
}

/// A name that came from a client is not repeated at any length.
#[test]
fn an_unknown_bucket_is_refused_with_the_beginning_of_its_name() {
    let ring = Ring::new(Arc::new(Layout::first(vec![member(1)], 4)), []);
    let refused = ring.locate(&"é".repeat(1_000_000), &Bytes::from_static(b"key"));
    let Err(RequestError::UnknownBucket { name }) = refused else {
        panic!("{refused:?}")
    };
    assert!(name.len() < 200);
}
