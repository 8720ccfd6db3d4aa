//! Writes that were sent again under a request id that their client has given them: one write
//! each, however often it was asked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::version::RequestId;

use super::Violation;
use crate::history::{BucketKey, History, Outcome, Write};

/// The writes, each one once: asked when its first attempt was, and acknowledged when the first
/// that was acknowledged. Two attempts may have two dots.
pub(super) fn writes(history: &History) -> Cow<'_, [Write]> {
    let mut attempts: BTreeMap<(RequestId, &BucketKey, _), Vec<&Write>> = BTreeMap::new();
    for write in &history.writes {
        let same = (write.request, &write.key, &write.value);
        attempts.entry(same).or_default().push(write);
    }
    if attempts.len() == history.writes.len() {
        return Cow::Borrowed(&history.writes);
    }
    let mut writes: Vec<Write> = attempts.values().map(|attempts| one(attempts)).collect();
    writes.sort_by_key(|write| write.asked.number);
    Cow::Owned(writes)
}

/// Different writes that share a request id: a store may take one for the other.
pub(super) fn shared_ids(history: &History) -> Vec<Violation> {
    let mut first: BTreeMap<RequestId, &Write> = BTreeMap::new();
    let shared = history.writes.iter().filter_map(|write| {
        let first = *first.entry(write.request).or_insert(write);
        (!is_same(first, write)).then_some((first, write))
    });
    shared
        .map(|(first, write)| Violation::RequestTwice {
            request: write.request,
            numbers: [first.asked.number, write.asked.number],
        })
        .collect()
}

fn is_same(one: &Write, other: &Write) -> bool {
    let handed = one.context_in == other.context_in;
    handed && one.key == other.key && one.value == other.value && one.text == other.text
}

fn one(attempts: &[&Write]) -> Write {
    let telling = attempts.iter().min_by_key(|write| rank(write));
    let first = attempts[0];
    let covers = attempts.iter().flat_map(|write| write.covers.clone());
    Write {
        asked: first.asked,
        covers: covers.collect(),
        once: first.once && attempts.len() == 1,
        ..telling.copied().unwrap_or(first).clone()
    }
}

/// The attempt that says most of its write comes first.
fn rank(write: &Write) -> (u8, Duration) {
    let ended = write.ended.map_or(Duration::MAX, |ended| ended.at);
    match (write.promise(), write.outcome()) {
        (Outcome::Acknowledged, _) => (0, ended),
        (_, Outcome::Acknowledged) => (1, ended),
        (_, Outcome::Unknown) => (2, ended),
        (_, Outcome::Refused) => (3, ended),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cartwheel::version::Stamp;

    use super::*;
    use crate::checker::check;
    use crate::history::{Asked, ContextDigest, Ended, Read};

    fn asked(secs: u64) -> Asked {
        Asked {
            number: secs,
            at: Duration::from_secs(secs),
            patience: Duration::from_secs(1),
        }
    }

    fn put(request: u128, secs: u64, outcome: Outcome) -> Write {
        let asked = asked(secs);
        Write {
            client: "alice".to_owned(),
            request: RequestId::new(request),
            key: BucketKey::of_default("cart"),
            value: Some("milk".to_owned()),
            text: None,
            covers: BTreeSet::new(),
            handed: Stamp::ZERO,
            context_in: None,
            context_out: None,
            asked,
            ended: Some(Ended {
                at: asked.at,
                with: outcome,
            }),
            dot: None,
            stamp: None,
            synced: true,
            once: true,
            strict: true,
        }
    }

    fn history(writes: Vec<Write>) -> History {
        let mut history = History::default();
        history.opens(&std::sync::Arc::new(
            cartwheel::bucket::Bucket::default_bucket(3),
        ));
        history.writes = writes;
        history
    }

    fn milk(secs: u64) -> Read {
        let asked = asked(secs);
        Read {
            client: "bob".to_owned(),
            key: BucketKey::of_default("cart"),
            seen: BTreeSet::new(),
            handed: Stamp::ZERO,
            context_in: None,
            context_out: None,
            asked,
            ended: Some(Ended {
                at: asked.at,
                with: Some(vec!["milk".to_owned()]),
            }),
            stamp: Stamp::ZERO,
            strict: true,
        }
    }

    #[test]
    fn an_attempt_that_is_refused_says_nothing_of_the_one_before() {
        let unknown = put(1, 1, Outcome::Unknown);
        let mut history = history(vec![unknown, put(1, 3, Outcome::Refused)]);
        history.reads = vec![milk(2), milk(4)];
        assert_eq!(check(&history), []);
        history.writes[1].request = RequestId::new(2);
        history.writes[0].ended = history.writes[1].ended;
        history.writes[0].ended.as_mut().unwrap().at = Duration::from_secs(1);
        assert!(matches!(check(&history)[0], Violation::Invented { .. }));
    }

    #[test]
    fn a_write_is_kept_from_the_first_acknowledgement_of_any_attempt() {
        let attempts = vec![
            put(1, 1, Outcome::Acknowledged),
            put(1, 3, Outcome::Unknown),
        ];
        let history = history(attempts);
        let writes = writes(&history);
        assert_eq!(writes.len(), 1);
        assert_eq!(writes[0].acknowledged_at(), Some(Duration::from_secs(1)));
        assert!(!writes[0].once);
    }

    #[test]
    fn different_writes_do_not_share_a_request_id() {
        let same = || vec![put(1, 1, Outcome::Unknown), put(1, 3, Outcome::Unknown)];
        assert_eq!(check(&history(same())), []);
        let changes: [fn(&mut Write); 3] = [
            |write| write.value = None,
            |write| write.key = BucketKey::of_default("other"),
            |write| write.context_in = ContextDigest::of(b"seen"),
        ];
        for change in changes {
            let mut writes = same();
            change(&mut writes[1]);
            let found = check(&history(writes));
            assert!(matches!(found[..], [Violation::RequestTwice { .. }]));
        }
    }
}
