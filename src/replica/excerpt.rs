//! What of a record a client is shown at once.

use std::collections::BTreeMap;

use crate::message::client::Sibling;
use crate::version::{Context, History, Origin, Record, Value, Version};

/// As many live values as fit, and a context that covers no other live value: what was not
/// shown is not replaced by a put with it.
#[derive(Debug)]
pub(crate) struct Excerpt {
    pub(crate) values: Vec<Sibling>,
    pub(crate) context: Context,
}

impl Excerpt {
    /// The first values of a record, of so many bytes together; one is shown in any case.
    pub(crate) fn of(record: &Record, bytes_max: usize) -> Self {
        let versions = record.versions();
        let mut bytes = 0;
        let fits = |version: &&Version| {
            let first = bytes == 0;
            bytes += version.len();
            first || bytes <= bytes_max
        };
        let shown = versions.iter().take_while(fits).count();
        let (shown, omitted) = versions.split_at(shown);
        Self {
            values: shown.iter().filter_map(sibling).collect(),
            context: Context {
                history: without(record.history(), omitted),
                stamp: record.stamp(),
            },
        }
    }
}

/// The live values of a record, as a client gets them.
pub(crate) fn siblings_of(record: &Record) -> Vec<Sibling> {
    record.versions().iter().filter_map(sibling).collect()
}

fn sibling(version: &Version) -> Option<Sibling> {
    match &version.value {
        Value::Live { bytes, attributes } => Some(Sibling {
            value: bytes.clone(),
            attributes: attributes.clone(),
        }),
        Value::Tombstone => None,
    }
}

/// A history without the last versions of its record. Versions are in the order of their dots,
/// so all that was shown of an origin is before the first that was not.
fn without(history: &History, omitted: &[Version]) -> History {
    let mut first: BTreeMap<Origin, u64> = BTreeMap::new();
    for version in omitted.iter().rev() {
        first.insert(version.dot.origin, version.dot.counter);
    }
    let before = |origin| {
        first
            .get(&origin)
            .map_or(u64::MAX, |first| first.saturating_sub(1))
    };
    let mut seen = History::new();
    for (origin, up_to) in history.covered() {
        seen.cover(origin, up_to.min(before(origin)));
    }
    let single = history.dots();
    single
        .filter(|dot| dot.counter <= before(dot.origin))
        .for_each(|dot| seen.insert(dot));
    seen
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::version::{ConflictRule, Dot, RequestId, Stamp};

    fn dot(origin: u64, counter: u64) -> Dot {
        let origin = Origin(origin);
        Dot { origin, counter }
    }

    /// A record of values of ten bytes; some of its dots are obsolete.
    fn record() -> Record {
        let mut record = Record::new();
        let mut obsolete = History::new();
        obsolete.cover(Origin(1), 4);
        obsolete.insert(dot(2, 8));
        obsolete.cover(Origin(3), 7);
        record.cover(&obsolete);
        for dot in [dot(1, 5), dot(1, 9), dot(2, 5), dot(2, 6), dot(4, 1)] {
            let version = Version {
                dot,
                request: RequestId::new(u128::from(dot.origin.0 * 100 + dot.counter)),
                stamp: Stamp::ZERO,
                value: Value::Live {
                    bytes: Bytes::from(vec![dot.counter as u8; 10]),
                    attributes: None,
                },
            };
            record.write(version, ConflictRule::Siblings);
        }
        record
    }

    #[test]
    fn an_excerpt_covers_what_it_shows_and_no_other_live_value() {
        let record = record();
        for (bytes_max, shown) in [(0, 1), (10, 1), (19, 1), (20, 2), (30, 3), (49, 4), (50, 5)] {
            let excerpt = Excerpt::of(&record, bytes_max);
            assert_eq!(excerpt.values.len(), shown, "of {bytes_max} bytes");
            let seen = &excerpt.context.history;
            for (at, dot) in record.dots().enumerate() {
                assert_eq!(
                    seen.contains(dot),
                    at < shown,
                    "{dot:?} of {bytes_max} bytes"
                );
            }
            assert!(record.history().includes(seen));
            assert!(seen.contains(dot(3, 7)), "what is obsolete is covered");
        }
    }

    #[test]
    fn an_excerpt_of_all_is_the_context_of_the_record() {
        let record = record();
        assert_eq!(Excerpt::of(&record, 50).context, record.context());
        let empty = Excerpt::of(&Record::new(), 0);
        assert_eq!((empty.values.len(), empty.context), (0, Context::default()));
    }

    /// Nobody mints it; but what comes from a peer is only as right as the peer.
    #[test]
    fn a_dot_before_the_first_is_covered_by_no_excerpt_that_omits_it() {
        let mut record = record();
        let mut obsolete = History::new();
        obsolete.cover(Origin(9), 3);
        record.cover(&obsolete);
        let mut version = record.versions()[0].clone();
        (version.dot, version.request) = (dot(9, 0), RequestId::new(9));
        record.write(version, ConflictRule::Siblings);
        let excerpt = Excerpt::of(&record, 50);
        assert_eq!(excerpt.values.len(), 5);
        assert_eq!(excerpt.context.history.up_to(Origin(9)), 0);
    }

    #[test]
    fn a_client_that_resolves_excerpt_after_excerpt_comes_to_an_end() {
        let mut record = record();
        let mut rounds = 0;
        while record.siblings() > 0 {
            let excerpt = Excerpt::of(&record, 20);
            let (before, shown) = (record.siblings(), excerpt.values.len());
            record.cover(&excerpt.context.history);
            assert_eq!(record.siblings(), before - shown);
            rounds += 1;
        }
        assert_eq!(rounds, 3);
    }
}
