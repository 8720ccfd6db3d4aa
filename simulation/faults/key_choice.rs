//! Which key a fault hits.

use std::collections::BTreeSet;

use crate::history::BucketKey;

/// A key by its name, or one of those that clients have asked for until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// This one.
    Named(BucketKey),
    /// The one of this place, counted round and round.
    Drawn(u64),
}

impl KeyChoice {
    /// The key that is meant; none if no client has asked for any yet.
    pub(crate) fn of(&self, keys: &BTreeSet<BucketKey>) -> Option<BucketKey> {
        match self {
            Self::Named(key) => Some(key.clone()),
            Self::Drawn(place) => {
                let place = place.checked_rem(keys.len() as u64)?;
                keys.iter().nth(usize::try_from(place).ok()?).cloned()
            }
        }
    }
}

/// A key of the bucket `default`.
impl From<&str> for KeyChoice {
    fn from(key: &str) -> Self {
        Self::Named(BucketKey::of_default(key))
    }
}

impl From<BucketKey> for KeyChoice {
    fn from(key: BucketKey) -> Self {
        Self::Named(key)
    }
}
