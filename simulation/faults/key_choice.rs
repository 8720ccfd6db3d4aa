//! Which key a fault hits.

use std::collections::BTreeSet;

/// A key by its name, or one of those that clients have asked for until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// This one.
    Named(String),
    /// The one of this place, counted round and round.
    Drawn(u64),
}

impl KeyChoice {
    /// The key that is meant; none if no client has asked for any yet.
    pub(crate) fn of(&self, keys: &BTreeSet<String>) -> Option<String> {
        match self {
            Self::Named(key) => Some(key.clone()),
            Self::Drawn(place) => {
                let place = place.checked_rem(keys.len() as u64)?;
                keys.iter().nth(usize::try_from(place).ok()?).cloned()
            }
        }
    }
}

impl From<&str> for KeyChoice {
    fn from(key: &str) -> Self {
        Self::Named(key.to_owned())
    }
}
