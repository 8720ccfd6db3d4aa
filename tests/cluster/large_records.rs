//! Records that only merging makes: they move between nodes, and clients get out of them.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::bucket::Bucket;
use cartwheel::layout::{Layout, Member};
use cartwheel::limits::ANSWER_VALUES_LEN_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::node::{NodeId, ShardId};
use cartwheel::ring::Ring;
use cartwheel::store::{Batch, Committer, Durability, Family, StoredKey, Submission, Ticket};
use cartwheel::version::{ConflictRule, Dot, Origin, Record, RequestId, Stamp, Value, Version};
use cartwheel_client::Context;

use crate::cluster::{Cluster, with_nodes};

const KEY: &[u8] = b"cart:1001";
const MIB: usize = 1024 * 1024;

/// What merging leaves of so many blind puts of a mebibyte each, at owners that were cut off.
fn merged(siblings: u64) -> Record {
    let mut record = Record::new();
    for number in 1..=siblings {
        let dot = Dot {
            origin: Origin(number % 5 + 1),
            counter: number,
        };
        let version = Version {
            dot,
            request: RequestId::new(u128::from(number)),
            stamp: Stamp::ZERO,
            value: Value::Live {
                bytes: Bytes::from(vec![number as u8; MIB]),
                attributes: None,
            },
        };
        record.write(version, ConflictRule::Siblings);
    }
    record
}

fn stored_key() -> StoredKey {
    let member = |node| Member {
        node: NodeId(node),
        client: String::new(),
        bridge: String::new(),
    };
    let layout = Layout::first((1..=3).map(member).collect(), 8);
    let ring = Ring::new(Arc::new(layout), [Bucket::default_bucket(3)]);
    let target = ring.locate("default", &Bytes::from_static(KEY));
    target.unwrap().stored
}

/// Puts a record into one node's store, as if its owner had merged it.
fn plant(cluster: &Cluster, at: usize, record: &Record) {
    let mut batch = Batch::new();
    batch.put(
        Family::Objects,
        stored_key().as_bytes().clone(),
        record.encode(),
    );
    cluster.stores[at].submit(Submission {
        shard: ShardId(0),
        // No ticket that the shard waits for.
        ticket: Ticket(u64::MAX),
        batch,
        durability: Durability::Synced,
    });
}

fn numbers<'value>(values: impl IntoIterator<Item = &'value Bytes>) -> Vec<u8> {
    let mut numbers: Vec<u8> = values.into_iter().map(|value| value[0]).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_merged_record_of_forty_mebibytes_moves_and_is_read_whole() {
    with_nodes(3, |cluster| async move {
        plant(&cluster, 0, &merged(40));
        let bucket = cluster.client(&[1]).await.bucket("default");
        let object = bucket.get(KEY).r(3).send().await.unwrap();
        assert_eq!(
            numbers(object.values.iter().map(|value| &value.bytes)),
            (1..=40).collect::<Vec<u8>>()
        );
        let one = bucket.put(KEY, "one").context(object.context);
        one.send().await.unwrap();
        let bucket = cluster.client(&[2]).await.bucket("default");
        let object = bucket.get(KEY).r(3).send().await.unwrap();
        assert_eq!(object.values.len(), 1);
    });
}

#[test]
fn a_record_over_the_longest_answer_is_resolved_piece_by_piece() {
    with_nodes(3, |cluster| async move {
        plant(&cluster, 0, &merged(50));
        let bucket = cluster.client(&[1]).await.bucket("default");
        let Err(error) = bucket.get(KEY).r(3).send().await else {
            panic!("more than an answer holds")
        };
        let Some(RequestError::RecordTooLarge {
            siblings,
            bytes,
            bytes_max,
            values,
            context,
        }) = error.refusal()
        else {
            panic!("{error:?}")
        };
        let limit = ANSWER_VALUES_LEN_MAX as u64;
        assert_eq!(
            (*siblings, *bytes, *bytes_max),
            (50, 50 * MIB as u64, limit)
        );
        assert_eq!(values.len(), 48);
        let shown = numbers(values.iter().map(|sibling| &sibling.value));
        let one = bucket.put(KEY, "\0one of forty-eight");
        one.context(Context::from_bytes(context.clone()))
            .send()
            .await
            .unwrap();
        let left = bucket.get(KEY).r(3).send().await.unwrap();
        let missing = (0..=50).filter(|number| !shown.contains(number));
        assert_eq!(
            numbers(left.values.iter().map(|value| &value.bytes)),
            missing.collect::<Vec<u8>>()
        );
    });
}

#[test]
fn a_put_to_such_a_record_is_refused_with_the_siblings_that_fit() {
    with_nodes(3, |cluster| async move {
        plant(&cluster, 0, &merged(50));
        let bucket = cluster.client(&[0]).await.bucket("default");
        let error = bucket.put(KEY, "blind").send().await.unwrap_err();
        let Some(RequestError::TooManySiblings {
            siblings,
            values,
            context,
            ..
        }) = error.refusal()
        else {
            panic!("{error:?}")
        };
        assert_eq!((*siblings, values.len()), (51, 48));
        let delete = bucket.delete(KEY, Context::from_bytes(context.clone()));
        delete.send().await.unwrap();
        let left = bucket.get(KEY).send().await.unwrap();
        assert_eq!(left.values.len(), 2);
    });
}
