//! What nodes ask each other.

use bytes::Bytes;
use cartwheel::key::BucketId;
use cartwheel::message::Kind;
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::{
    Address, Forward, ForwardItem, Forwarded, ForwardedItem, OperationId, ReplicaAnswer,
    ReplicaError, ReplicaGet, ReplicaGetItem, ReplicaGot, ReplicaList, ReplicaListed, ReplicaPut,
    ReplicaPutItem, ReplicaStored, View,
};
use cartwheel::version::Digest;

use super::{Example, reply, request};

pub fn examples() -> Vec<Example> {
    [puts(), gets(), forwards(), listings()]
        .into_iter()
        .flatten()
        .collect()
}

fn puts() -> Vec<Example> {
    let item = |slot, synced, repair| ReplicaPutItem {
        operation: operation(slot),
        address: address(),
        record: Bytes::from_static(b"an encoded record"),
        synced,
        repair,
    };
    let failed = (1..).zip(errors());
    vec![
        request(
            "as the bucket says, synced, and in place of a corrupt record",
            ReplicaPut {
                view: VIEW,
                items: vec![
                    item(1, false, false),
                    item(70_000, true, false),
                    item(70_001, true, true),
                ],
            },
        ),
        reply::<ReplicaPut>(
            "two stored, and every reason not to",
            ReplicaStored {
                view: VIEW,
                stored: vec![operation(1), operation(70_000)],
                failed: failed
                    .map(|(slot, error)| (operation(slot), error))
                    .collect(),
            },
        ),
    ]
}

fn gets() -> Vec<Example> {
    let item = |slot, digest| ReplicaGetItem {
        operation: operation(slot),
        address: address(),
        digest,
    };
    let digest = Some(Digest(*b"sixteen byte sum"));
    let items = (1..).zip(answers());
    vec![
        request(
            "in full, and by digest",
            ReplicaGet {
                view: VIEW,
                items: vec![item(1, None), item(2, digest)],
            },
        ),
        reply::<ReplicaGet>(
            "every answer",
            ReplicaGot {
                view: VIEW,
                items: items
                    .map(|(slot, answer)| (operation(slot), answer))
                    .collect(),
            },
        ),
    ]
}

fn forwards() -> Vec<Example> {
    let item = ForwardItem {
        operation: operation(1),
        kind: Kind(17),
        remaining_ms: 1500,
        body: Bytes::from_static(b"the body of a put"),
    };
    let outcomes = [
        Ok(Bytes::from_static(b"the body of an answer")),
        Err(RequestError::ContextRequired),
    ];
    let answer = |(slot, outcome)| ForwardedItem {
        operation: operation(slot),
        outcome,
    };
    vec![
        request("one put", Forward { items: vec![item] }),
        reply::<Forward>(
            "done, and refused",
            Forwarded {
                items: (1..).zip(outcomes).map(answer).collect(),
            },
        ),
    ]
}

fn listings() -> Vec<Example> {
    let list = ReplicaList {
        bucket: BucketId(1),
        partition: 255,
        after: Bytes::from_static(b"a stored key"),
        limit: 1000,
    };
    let keys = [(&b"live"[..], true), (b"deleted", false)];
    vec![
        request("behind a key", list),
        reply::<ReplicaList>(
            "one live, one deleted",
            ReplicaListed {
                keys: keys
                    .map(|(key, live)| (Bytes::from_static(key), live))
                    .to_vec(),
                through: Bytes::new(),
            },
        ),
    ]
}

const VIEW: View = View { epoch: 1, phase: 0 };

fn operation(slot: u32) -> OperationId {
    OperationId {
        shard: 1,
        start: 2,
        slot,
        generation: 3,
    }
}

fn address() -> Address {
    Address {
        bucket: BucketId(0),
        key: Bytes::from_static(b"cart:1001"),
    }
}

fn answers() -> Vec<ReplicaAnswer> {
    vec![
        ReplicaAnswer::Same,
        ReplicaAnswer::Record(Bytes::from_static(b"an encoded record")),
        ReplicaAnswer::Absent,
        ReplicaAnswer::Failed(ReplicaError::Corrupt),
    ]
}

fn errors() -> Vec<ReplicaError> {
    vec![
        ReplicaError::Unreachable,
        ReplicaError::CreditsSpent,
        ReplicaError::Overloaded,
        ReplicaError::StoreFailed("no space left on device".to_owned()),
        ReplicaError::Corrupt,
        ReplicaError::Rebuilding,
        ReplicaError::UnknownBucket,
        ReplicaError::NotOwner,
        ReplicaError::RecordTooLarge {
            len: 268_435_457,
            limit: 268_435_456,
        },
        ReplicaError::Malformed,
        ReplicaError::Restarted,
        ReplicaError::Silent,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::variants::assert_all_shown;
    use super::*;

    #[test]
    fn every_answer_and_error_of_a_replica_has_an_example() {
        assert_all_shown(&answers());
        assert_all_shown(&errors());
    }
}
