//! The policy of a bucket.

use serde::{Deserialize, Serialize};

use crate::key::BucketId;
use crate::limits;
use crate::message::client::{QuorumOptions, RequestError};
use crate::quorum::{Quorum, majority};
use crate::version::ConflictRule;

/// The policy of one bucket. Its n, conflict rule and durability never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Minted when it was created; records carry it.
    pub id: BucketId,
    /// What clients call it.
    pub name: String,
    /// How many owners keep each record.
    pub n: u8,
    /// How many of them must answer a read.
    pub r: u8,
    /// How many of them must acknowledge a write.
    pub w: u8,
    /// How many of a read's answers must come from owners.
    pub pr: u8,
    /// How many of a write's acknowledgements must come from owners.
    pub pw: u8,
    /// How many of a write's acknowledgements must be synced; a synced bucket syncs all.
    pub dw: u8,
    /// What becomes of concurrent values.
    pub conflict: ConflictRule,
    /// What an acknowledgement promises.
    pub durability: BucketDurability,
    /// The longest key, in bytes.
    pub key_len_max: u32,
    /// The largest value, in bytes.
    pub value_len_max: u32,
    /// The most siblings a put may leave.
    pub siblings_max: u32,
}

/// What an acknowledgement of a bucket's writes promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BucketDurability {
    /// W owners have synced it to disk.
    Synced,
    /// W owners have handed it to their kernels: a power cut of all of them within the
    /// group commit interval can lose it.
    Buffered,
}

impl BucketDurability {
    /// Whether acknowledged means synced.
    pub fn is_synced(self) -> bool {
        self == Self::Synced
    }
}

impl Bucket {
    /// The bucket that exists from the start.
    pub fn default_bucket(n: u8) -> Self {
        Self {
            id: BucketId(0),
            name: "default".to_owned(),
            n,
            r: majority(n),
            w: majority(n),
            pr: 0,
            pw: 0,
            dw: 0,
            conflict: ConflictRule::Siblings,
            durability: BucketDurability::Synced,
            key_len_max: limits::KEY_LEN_MAX,
            value_len_max: limits::VALUE_LEN_MAX,
            siblings_max: limits::SIBLINGS_MAX,
        }
    }

    /// Whether the other one is this policy too, whatever its id.
    pub fn is_policy_of(&self, other: &Self) -> bool {
        let id = self.id;
        *self
            == Self {
                id,
                ..other.clone()
            }
    }

    /// Checks a policy against the limits and the number of members.
    pub fn check(&self, members: usize) -> Result<(), BucketError> {
        self.check_name()?;
        if self.n == 0 || usize::from(self.n) > members.min(usize::from(limits::N_MAX)) {
            let n = self.n;
            return Err(BucketError::N { n, members });
        }
        self.check_quorum()?;
        check_range("key_len_max", self.key_len_max, limits::KEY_LEN_CEILING)?;
        check_range(
            "value_len_max",
            self.value_len_max,
            limits::VALUE_LEN_CEILING,
        )?;
        check_range("siblings_max", self.siblings_max, limits::SIBLINGS_CEILING)
    }

    fn check_name(&self) -> Result<(), BucketError> {
        let len = self.name.len();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if len == 0 || len > limits::BUCKET_NAME_LEN_MAX || !self.name.bytes().all(plain) {
            let name = self.name.clone();
            return Err(BucketError::Name { name });
        }
        Ok(())
    }

    fn check_quorum(&self) -> Result<(), BucketError> {
        for (name, wanted, least) in [
            ("r", self.r, 1),
            ("w", self.w, 1),
            ("pr", self.pr, 0),
            ("pw", self.pw, 0),
            ("dw", self.dw, 0),
        ] {
            if wanted < least || wanted > self.n {
                let n = self.n;
                return Err(BucketError::Quorum { name, wanted, n });
            }
        }
        Ok(())
    }

    /// The quorum of one request: the bucket's numbers under the request's overrides.
    pub fn quorum(&self, options: &QuorumOptions) -> Result<Quorum, RequestError> {
        let pick = |name: &str, asked: u8, own: u8| match asked {
            0 => Ok(own),
            wanted if wanted <= self.n => Ok(wanted),
            wanted => Err(RequestError::BadQuorum {
                name: name.to_owned(),
                wanted,
                n: self.n,
            }),
        };
        Ok(Quorum {
            n: self.n,
            r: pick("r", options.r, self.r)?.max(pick("pr", options.pr, self.pr)?),
            w: pick("w", options.w, self.w)?.max(pick("pw", options.pw, self.pw)?),
            dw: pick("dw", options.dw, self.dw)?,
        })
    }
}

fn check_range(name: &'static str, value: u32, limit: u32) -> Result<(), BucketError> {
    match value {
        1.. if value <= limit => Ok(()),
        _ => Err(BucketError::Limit { name, value, limit }),
    }
}

/// A policy that can't work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// The name is empty, too long, or has other characters.
    #[error("the name {name:?} is not 1 to 64 letters, digits, '-', '_' or '.'")]
    Name {
        /// The name.
        name: String,
    },
    /// There are not so many members.
    #[error("n = {n} is outside 1 to {members}, the number of members")]
    N {
        /// What was asked for.
        n: u8,
        /// How many members there are.
        members: usize,
    },
    /// A quorum number is over n, or zero where it can't be.
    #[error("{name} = {wanted} does not fit n = {n}")]
    Quorum {
        /// Which number.
        name: &'static str,
        /// What was asked for.
        wanted: u8,
        /// The bucket's n.
        n: u8,
    },
    /// A limit over its ceiling.
    #[error("{name} = {value} is outside 1 to {limit}")]
    Limit {
        /// Which limit.
        name: &'static str,
        /// What was asked for.
        value: u32,
        /// The ceiling.
        limit: u32,
    },
}
