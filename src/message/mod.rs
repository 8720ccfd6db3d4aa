//! Messages: one struct for each question, one for each answer, one line each in the table.
//!
//! A message names its reply type and its kind; the kind's number is on the wire, so it
//! never changes and is never used again. Bodies are MessagePack arrays (fields in the order
//! of declaration); a change of fields is a change of [`PROTOCOL_VERSION`].
//!
//! [`PROTOCOL_VERSION`]: frame::PROTOCOL_VERSION

pub mod client;
pub mod clock;
mod codec;
pub mod frame;
pub mod hello;
pub mod replica;

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use codec::{DecodeError, decode, encode};

/// The number of a message in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(pub u16);

impl Kind {
    /// Kinds from here upwards belong to extensions.
    pub const FIRST_OF_EXTENSIONS: Self = Self(0x8000);

    /// Whether it belongs to an extension.
    pub fn is_of_extensions(self) -> bool {
        self >= Self::FIRST_OF_EXTENSIONS
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TABLE.iter().find(|entry| entry.kind == *self) {
            Some(entry) => write!(out, "{} ({})", entry.name, self.0),
            // As whoever wrote the extension has written it.
            None if self.is_of_extensions() => write!(out, "{:#06x}", self.0),
            None => write!(out, "{}", self.0),
        }
    }
}

/// A question that can be put to a node, here or elsewhere.
pub trait Message: Serialize + DeserializeOwned {
    /// Its number in the table.
    const KIND: Kind;
    /// What the answer is.
    type Reply: Serialize + DeserializeOwned;
}

/// One line of the table of kinds.
#[derive(Clone, Copy, Debug)]
pub struct TableEntry {
    /// The number on the wire.
    pub kind: Kind,
    /// The name of the question's struct.
    pub name: &'static str,
    /// The name of the answer's struct.
    pub reply: &'static str,
}

macro_rules! table {
    ($($number:literal $message:ty => $reply:ty;)*) => {
        $(impl Message for $message {
            const KIND: Kind = Kind($number);
            type Reply = $reply;
        })*
        /// Every message of this version, by its number.
        pub const TABLE: &[TableEntry] = &[$(TableEntry {
            kind: Kind($number),
            name: stringify!($message),
            reply: stringify!($reply),
        },)*];
    };
}

use client::{
    BucketCreate, BucketDescription, BucketList, Delete, DeleteBatch, Deleted, Get, GetBatch, Got,
    List, Listed, Locate, Located, Outcomes, Put, PutBatch, PutDone, Ring, RingDescription, Status,
    StatusDescription,
};
use clock::{ClockQuery, ClockReading};
use hello::{Hello, Welcome};
use replica::{
    BucketActivate, BucketPrepare, Buckets, BucketsQuery, Forward, Forwarded, ReplicaGet,
    ReplicaGot, ReplicaList, ReplicaListed, ReplicaPut, ReplicaStored,
};

table! {
    1 Hello => Welcome;
    16 Get => Got;
    17 Put => PutDone;
    18 Delete => Deleted;
    19 List => Listed;
    20 GetBatch => Outcomes<Got>;
    21 PutBatch => Outcomes<PutDone>;
    22 DeleteBatch => Outcomes<Deleted>;
    32 BucketCreate => BucketDescription;
    33 BucketList => Vec<BucketDescription>;
    34 Status => StatusDescription;
    35 Ring => RingDescription;
    36 Locate => Located;
    64 ReplicaPut => ReplicaStored;
    65 ReplicaGet => ReplicaGot;
    66 Forward => Forwarded;
    67 ReplicaList => ReplicaListed;
    80 BucketsQuery => Buckets;
    81 BucketPrepare => BucketDescription;
    82 BucketActivate => ();
    83 ClockQuery => ClockReading;
}

#[cfg(test)]
mod tests {
    use super::client::RequestError;

    #[test]
    fn a_kind_is_shown_as_whoever_looks_for_it_has_written_it() {
        let shown = |kind| RequestError::UnknownKind { kind }.to_string();
        assert_eq!(shown(16), "kind Get (16) is not answered here");
        assert_eq!(shown(999), "kind 999 is not answered here");
        assert_eq!(shown(0x8001), "kind 0x8001 is not answered here");
    }
}
