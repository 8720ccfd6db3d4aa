//! The name a client gives a write, kept with the version it makes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Random, and the same for every retry of one write. Its bytes may be kept, to send the write
/// again after a restart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(#[serde(with = "serde_bytes")] pub [u8; 16]);

impl RequestId {
    /// The id made of these bits.
    pub fn new(bits: u128) -> Self {
        Self(bits.to_be_bytes())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", u128::from_be_bytes(self.0))
    }
}
