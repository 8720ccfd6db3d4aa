//! Since when a key may be gone that is there for the sake of a value.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::version::{Dot, Stamp};

use crate::history::{Versions, Write};

const NEVER: Duration = Duration::MAX;

type Rank = (Stamp, Dot);

/// The deletes of one key.
pub(super) enum Deletes<'a> {
    /// By value: when a delete was first asked that has seen it, or what replaced it.
    OfContexts(BTreeMap<&'a str, Duration>),
    /// What is stamped earlier is gone.
    OfStamps {
        /// When each was asked, with its rank if it has one alone.
        asked: Vec<(Duration, Option<Rank>)>,
        /// The greatest rank of a delete that none of those has told.
        untold: Option<Rank>,
    },
}

impl<'a> Deletes<'a> {
    /// Where siblings are kept: a delete takes what its context has seen.
    pub(super) fn of_contexts(writes: &[&'a Write]) -> Self {
        let mut possible: Vec<&Write> = writes.to_vec();
        possible.retain(|write| write.is_possible());
        // A write was asked after all that it has seen, so that what is behind it is known.
        possible.sort_by_key(|write| std::cmp::Reverse(write.asked.number));
        let mut first: BTreeMap<&str, Duration> = BTreeMap::new();
        for write in possible {
            let gone = match write.value.as_deref() {
                Some(value) => first.get(value).copied().unwrap_or(NEVER),
                None => write.asked.at,
            };
            for value in &write.covers {
                let known = first.entry(value).or_insert(NEVER);
                *known = gone.min(*known);
            }
        }
        Self::OfContexts(first)
    }

    /// Where the last writer wins: a delete takes what is stamped earlier, whatever it has seen.
    pub(super) fn of_stamps(writes: &[&'a Write], versions: Option<&Versions>) -> Self {
        let deletes = writes.iter().filter(|write| write.value.is_none());
        let deletes = deletes.filter(|write| write.is_possible());
        // One that was sent again may have another rank than it has told.
        let told = |write: &Write| Some((write.stamp?, write.dot?)).filter(|_| write.once);
        let asked: Vec<_> = deletes.map(|write| (write.asked.at, told(write))).collect();
        let all = versions.into_iter().flatten();
        let ranks = all.filter(|(_, name)| name.is_none());
        let untold = ranks.map(|(rank, _)| *rank).filter(|rank| {
            let mut told = asked.iter().filter_map(|(_, told)| told.as_ref());
            told.all(|told| told != rank)
        });
        let untold = untold.max();
        Self::OfStamps { asked, untold }
    }

    /// When the first was asked that may take the key away from a value that was acknowledged.
    pub(super) fn first(&self, put: &Write) -> Duration {
        let first = match self {
            Self::OfContexts(first) => {
                let value = put.value.as_deref();
                value.and_then(|value| first.get(value).copied())
            }
            Self::OfStamps { asked, untold } => {
                let rank = put.stamp.zip(put.dot);
                // What has not told its own rank may lose against any.
                let wins = |delete: &Option<Rank>| rank.is_none() || *delete >= rank;
                let winning = asked.iter().filter(|(_, told)| match told {
                    Some(_) => wins(told),
                    None => wins(untold),
                });
                winning.map(|(asked, _)| *asked).min()
            }
        };
        first.unwrap_or(NEVER)
    }
}
