//! The body of every error frame there is.

use bytes::Bytes;
use cartwheel::key::BucketId;
use cartwheel::listing::CursorError;
use cartwheel::message::client::{RequestError, Sibling};
use cartwheel::node::NodeId;
use cartwheel::version::ContextError;

use super::{Example, error};

pub fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = [of_the_stream(), of_the_request(), of_the_outcome()]
        .into_iter()
        .flatten()
        .map(|(label, example)| error(label, example))
        .collect();
    let contexts = contexts().into_iter().map(RequestError::BadContext);
    examples.extend(contexts.map(|context| error("BadContext", context)));
    let cursors = cursors().into_iter().map(RequestError::BadCursor);
    examples.extend(cursors.map(|cursor| error("BadCursor", cursor)));
    examples
}

fn of_the_stream() -> Vec<(&'static str, RequestError)> {
    let cause = "protocol version 9 is not spoken here, only 1".to_owned();
    vec![
        ("UnknownKind", RequestError::UnknownKind { kind: 999 }),
        (
            "Malformed",
            RequestError::Malformed {
                kind: 16,
                cause: cause.clone(),
            },
        ),
        ("BadFrame", RequestError::BadFrame { cause }),
        ("HelloExpected", RequestError::HelloExpected),
        (
            "WrongCluster",
            RequestError::WrongCluster {
                wanted: "aa".into(),
                found: "bb".into(),
            },
        ),
    ]
}

fn of_the_request() -> Vec<(&'static str, RequestError)> {
    let name = || "carts".to_owned();
    let cause = "r = 4 does not fit n = 3".to_owned();
    vec![
        (
            "UnknownBucket",
            RequestError::UnknownBucket { name: name() },
        ),
        (
            "KeyLength",
            RequestError::KeyLength {
                len: 1025,
                limit: 1024,
            },
        ),
        (
            "ValueTooLarge",
            RequestError::ValueTooLarge {
                len: 1_048_577,
                limit: 1_048_576,
            },
        ),
        (
            "AttributesTooLarge",
            RequestError::AttributesTooLarge {
                len: 2049,
                limit: 2048,
            },
        ),
        (
            "BatchTooLong",
            RequestError::BatchTooLong {
                items: 1025,
                limit: 1024,
            },
        ),
        (
            "AnswerTooLarge",
            RequestError::AnswerTooLarge {
                len: 10_485_777,
                limit: 10_485_776,
            },
        ),
        (
            "QuestionTooLarge",
            RequestError::QuestionTooLarge {
                len: 252_706_797,
                limit: 252_706_796,
            },
        ),
        (
            "BadQuorum",
            RequestError::BadQuorum {
                name: "r".into(),
                wanted: 4,
                n: 3,
            },
        ),
        ("ContextRequired", RequestError::ContextRequired),
        ("TooManySiblings", too_many_siblings()),
        ("RecordTooLarge", record_too_large()),
        ("BucketExists", RequestError::BucketExists { name: name() }),
        ("BadBucket", RequestError::BadBucket { cause }),
        (
            "MembersMissing",
            RequestError::MembersMissing {
                missing: vec![NodeId(2), NodeId(3)],
            },
        ),
    ]
}

fn of_the_outcome() -> Vec<(&'static str, RequestError)> {
    let node = NodeId(2);
    let cause = || "no space left on device".to_owned();
    let (required, acknowledged) = (2, 1);
    vec![
        (
            "Overloaded",
            RequestError::Overloaded { retry_after_ms: 50 },
        ),
        (
            "ClockOff",
            RequestError::ClockOff {
                offset_ms: 700,
                limit_ms: 500,
            },
        ),
        (
            "NotServing",
            RequestError::NotServing {
                node,
                cause: cause(),
            },
        ),
        (
            "SecondOpening",
            RequestError::SecondOpening {
                node,
                serving: "10.0.0.2:7401".to_owned(),
                refused: "10.0.0.9:7401".to_owned(),
            },
        ),
        ("NotStored", RequestError::NotStored { node }),
        (
            "OwnersDown",
            RequestError::OwnersDown {
                required,
                up: 1,
                owners: 3,
            },
        ),
        (
            "QuorumUnreachable",
            RequestError::QuorumUnreachable {
                required,
                acknowledged,
                failed: 2,
            },
        ),
        (
            "TimedOut",
            RequestError::TimedOut {
                required,
                acknowledged,
                waited_ms: 1500,
            },
        ),
        ("NotCaughtUp", RequestError::NotCaughtUp { asked: 3 }),
        (
            "StoreFailed",
            RequestError::StoreFailed {
                node,
                cause: cause(),
            },
        ),
        ("Corrupt", RequestError::Corrupt { node }),
        ("Restarted", RequestError::Restarted { node }),
        ("QuestionLost", question_lost()),
    ]
}

fn question_lost() -> RequestError {
    RequestError::QuestionLost {
        node: NodeId(2),
        extension: "expiry".to_owned(),
    }
}

fn too_many_siblings() -> RequestError {
    let value = Bytes::from_static(b"milk");
    RequestError::TooManySiblings {
        siblings: 101,
        siblings_max: 100,
        bytes: 404,
        bytes_max: 16 * 1024 * 1024,
        values: vec![Sibling {
            value,
            attributes: None,
        }],
        context: Bytes::from_static(b"a sealed context"),
    }
}

fn record_too_large() -> RequestError {
    let value = Bytes::from_static(b"milk");
    RequestError::RecordTooLarge {
        siblings: 50,
        bytes: 52_428_800,
        bytes_max: 50_331_648,
        values: vec![Sibling {
            value,
            attributes: None,
        }],
        context: Bytes::from_static(b"a sealed context"),
    }
}

fn contexts() -> Vec<ContextError> {
    vec![
        ContextError::TooShort { len: 16 },
        ContextError::TooLong {
            len: 65_537,
            limit: 65_536,
        },
        ContextError::UnknownFormat { format: 2 },
        ContextError::Seal,
        ContextError::Ahead {
            claimed: 1 << 63,
            minted: 12,
        },
    ]
}

fn cursors() -> Vec<CursorError> {
    vec![
        CursorError::TooShort {
            len: 3,
            len_min: 14,
        },
        CursorError::Damaged,
        CursorError::OtherBucket {
            wanted: BucketId(0),
            found: BucketId(7),
        },
        CursorError::NoPartition {
            partition: 300,
            partitions: 256,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::super::variants::assert_all_shown;
    use super::*;

    #[test]
    fn every_error_has_an_example_under_its_name() {
        let groups = [of_the_stream(), of_the_request(), of_the_outcome()];
        let (labels, mut errors): (Vec<_>, Vec<_>) = groups.into_iter().flatten().unzip();
        for (label, error) in labels.iter().zip(&errors) {
            assert!(
                format!("{error:?}").starts_with(label),
                "{label}: {error:?}"
            );
        }
        errors.extend(contexts().into_iter().map(RequestError::BadContext));
        errors.extend(cursors().into_iter().map(RequestError::BadCursor));
        assert_all_shown(&errors);
        assert_all_shown(&contexts());
        assert_all_shown(&cursors());
    }
}
