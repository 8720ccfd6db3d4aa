//! The workloads that the benches share, so that their figures can be added up: records of the
//! shapes that a cart has in good times and in bad ones, and batches of the hot path.

use bytes::{Bytes, BytesMut};
use cartwheel::key::BucketId;
use cartwheel::message::client::{Put, QuorumOptions};
use cartwheel::message::frame::{Flags, Frame};
use cartwheel::message::replica::{Address, OperationId, ReplicaPut, ReplicaPutItem, View};
use cartwheel::message::{self, Message};
use cartwheel::version::{ConflictRule, Dot, Origin, Record, RequestId, Stamp, Value, Version};

/// How many items a batch has: what a busy session finds in its socket at once.
pub const BATCH: u32 = 64;

/// The length of every value, in bytes.
pub const VALUE_LEN: usize = 100;

/// A kind of record.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What a figure is called after.
    pub name: &'static str,
    /// How many openings of stores have written the key.
    pub origins: u64,
    /// How many values there are.
    pub siblings: u64,
}

/// The records that are measured: fresh, old, and in conflict.
pub const SHAPES: [Shape; 3] = [
    Shape {
        name: "1 value, 1 origin",
        origins: 1,
        siblings: 1,
    },
    Shape {
        name: "1 value, 30 origins",
        origins: 30,
        siblings: 1,
    },
    Shape {
        name: "10 siblings, 30 origins",
        origins: 30,
        siblings: 10,
    },
];

impl Shape {
    /// The record of this shape.
    pub fn record(self) -> Record {
        let mut record = Record::new();
        for number in 1..=self.origins {
            if number <= self.origins - self.siblings + 1 {
                record.cover(&record.context().history);
            }
            record.write(version(number, 7), ConflictRule::Siblings);
        }
        record
    }

    /// The record after one more write by one of its origins, which replaced all values.
    pub fn replaced(self) -> Record {
        let mut record = self.record();
        record.cover(&record.context().history);
        record.write(version(1, 8), ConflictRule::Siblings);
        record
    }
}

/// A version with a value of [`VALUE_LEN`] bytes.
pub fn version(number: u64, counter: u64) -> Version {
    Version {
        dot: Dot {
            origin: origin(number),
            counter,
        },
        request: RequestId::new(u128::from(number) << 64 | u128::from(counter)),
        stamp: Stamp::ZERO,
        value: Value::Live {
            bytes: Bytes::from(vec![7; VALUE_LEN]),
            attributes: None,
        },
    }
}

/// Origins are random 64-bit numbers, so that they take nine bytes each in MessagePack.
fn origin(number: u64) -> Origin {
    Origin(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63)
}

/// A key as services name them.
pub fn key(number: u32) -> Bytes {
    Bytes::from(format!("cart:{number:08}"))
}

/// A put as a client sends it.
pub fn put(number: u32) -> Put {
    Put {
        bucket: "default".to_owned(),
        key: key(number),
        value: Bytes::from(vec![7; VALUE_LEN]),
        context: Bytes::new(),
        request: RequestId::new(u128::from(number)),
        attributes: None,
        options: QuorumOptions::default(),
    }
}

/// A batch of records on its way to a replica.
pub fn replica_put() -> ReplicaPut {
    let record = SHAPES[0].record().encode();
    let item = |slot| ReplicaPutItem {
        operation: OperationId {
            shard: 1,
            start: 1,
            slot,
            generation: 70_000,
        },
        address: Address {
            bucket: BucketId(0),
            key: key(slot),
        },
        record: record.clone(),
        synced: false,
        repair: false,
    };
    ReplicaPut {
        view: View { epoch: 1, phase: 0 },
        items: (0..BATCH).map(item).collect(),
    }
}

/// What a socket holds after a client has sent [`BATCH`] puts.
pub fn stream() -> BytesMut {
    let mut stream = BytesMut::new();
    for number in 0..BATCH {
        let frame = Frame {
            kind: Put::KIND,
            flags: Flags::REQUEST,
            call: u64::from(number),
            remaining_ms: 1000,
            body: message::encode(&put(number)),
        };
        frame.encode(&mut stream);
    }
    stream
}
