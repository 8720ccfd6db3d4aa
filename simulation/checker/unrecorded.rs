//! What extensions write beside the clients, where a run says that they do: nothing records it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::history::{Ended, History, Read, Write};

/// The reads, without the values that no client has put.
pub(super) fn reads(history: &History) -> Cow<'_, [Read]> {
    if history.extensions_write_after.is_none() {
        return Cow::Borrowed(&history.reads);
    }
    let own = own(history);
    let reads = history.reads.iter().map(|read| Read {
        seen: read
            .seen
            .iter()
            .filter(|v| own.contains(v))
            .cloned()
            .collect(),
        ended: read.ended.as_ref().map(|ended| Ended {
            at: ended.at,
            with: ended.with.as_ref().map(|shown| {
                let shown = shown.iter().filter(|value| own.contains(value));
                shown.cloned().collect()
            }),
        }),
        ..read.clone()
    });
    Cow::Owned(reads.collect())
}

/// The values that clients have put, or have tried to put.
pub(super) fn own(history: &History) -> BTreeSet<&String> {
    let writes = history.writes.iter();
    writes.filter_map(|write| write.value.as_ref()).collect()
}

/// Since when an extension may have replaced what a write has put.
pub(super) fn replaceable_from(write: &Write, after: Option<Duration>) -> Option<Duration> {
    Some(write.asked.at + after?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cartwheel::bucket::Bucket;
    use cartwheel::version::{RequestId, Stamp};

    use super::*;
    use crate::checker::{Violation, check};
    use crate::history::{Asked, BucketKey, Outcome};

    const AFTER: Duration = Duration::from_secs(6);

    fn at(secs: u64) -> Asked {
        Asked {
            number: secs,
            at: Duration::from_secs(secs),
            patience: Duration::from_secs(1),
        }
    }

    fn ended<T>(asked: Asked, with: T) -> Option<Ended<T>> {
        Some(Ended { at: asked.at, with })
    }

    fn put(secs: u64, value: &str) -> Write {
        Write {
            client: "alice".to_owned(),
            request: RequestId::new(u128::from(secs)),
            key: BucketKey::of_default("cart"),
            value: Some(value.to_owned()),
            text: None,
            covers: BTreeSet::new(),
            handed: Stamp::ZERO,
            context_in: None,
            context_out: None,
            dot: None,
            stamp: None,
            synced: true,
            asked: at(secs),
            ended: ended(at(secs), Outcome::Acknowledged),
            once: true,
            strict: true,
        }
    }

    fn read(secs: u64, seen: &[&str], shown: &[&str]) -> Read {
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        Read {
            client: "bob".to_owned(),
            key: BucketKey::of_default("cart"),
            handed: Stamp::ZERO,
            context_in: None,
            context_out: None,
            stamp: Stamp::ZERO,
            seen: BTreeSet::from_iter(names(seen)),
            asked: at(secs),
            ended: ended(at(secs), Some(names(shown))),
            strict: true,
        }
    }

    /// What is found where extensions write, in a run in which milk was put at one second and
    /// that ends with these values.
    fn found(reads: Vec<Read>, last: &[&str]) -> Vec<Violation> {
        found_of(vec![put(1, "milk")], reads, last)
    }

    fn found_of(writes: Vec<Write>, reads: Vec<Read>, last: &[&str]) -> Vec<Violation> {
        let last = last.iter().map(|value| (*value).to_owned()).collect();
        let mut history = History::default();
        history.writes = writes;
        history.reads = reads;
        history.last.insert(BucketKey::of_default("cart"), last);
        history.opens(&Arc::new(Bucket::default_bucket(3)));
        history.extensions_write_after = Some(AFTER);
        check(&history)
    }

    #[test]
    fn what_an_extension_may_delete_is_missed_before_its_time_and_not_after() {
        let early = found(vec![read(6, &[], &[])], &["milk"]);
        assert!(matches!(early[0], Violation::Missed { .. }), "{early:?}");
        let lost = found(vec![read(6, &[], &["milk"])], &[]);
        assert!(matches!(lost[..], [Violation::Lost { .. }]), "{lost:?}");
        assert_eq!(found(vec![read(7, &["milk"], &[])], &[]), []);
    }

    #[test]
    fn what_an_extension_has_deleted_does_not_come_back() {
        let back = found(vec![read(7, &[], &[]), read(8, &[], &["milk"])], &["milk"]);
        assert!(matches!(back[..], [Violation::CameBack { .. }]), "{back:?}");
    }

    #[test]
    fn what_no_client_has_put_is_not_judged() {
        let reads = [
            read(2, &[], &["milk", "eggs", "eggs"]),
            read(3, &["eggs"], &["milk"]),
            read(4, &[], &["milk", "eggs"]),
        ];
        assert_eq!(found(reads.to_vec(), &["milk", "eggs"]), []);
    }
    #[test]
    fn an_extension_may_put_again_what_a_client_has_replaced() {
        let mut bread = put(2, "bread");
        bread.covers.insert("eggs".to_owned());
        assert_eq!(found_of(vec![bread], vec![], &["bread", "eggs"]), []);
    }
}
