use std::collections::BTreeSet;
use std::sync::Arc;

use cartwheel::bucket::BucketDurability;
use cartwheel::version::{RequestId, Stamp};

use super::super::{Violation, check};
use super::*;
use crate::history::{Asked, Ended, Outcome, Read, Write};

fn key() -> BucketKey {
    BucketKey::new("quick", "cart")
}

fn at(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn asked(secs: u64) -> Asked {
    Asked {
        number: secs,
        at: at(secs),
        patience: at(1),
    }
}

/// A buffered bucket of three owners, in which a value was acknowledged in the first second.
fn history() -> History {
    let mut history = History::default();
    let mut policy = Bucket::default_bucket(3);
    policy.name = "quick".to_owned();
    policy.durability = BucketDurability::Buffered;
    history.opens(&Arc::new(policy));
    history.writes.push(Write {
        client: "alice".to_owned(),
        request: RequestId::new(1),
        key: key(),
        value: Some("milk".to_owned()),
        text: None,
        covers: BTreeSet::new(),
        handed: Stamp::ZERO,
        context_in: None,
        context_out: None,
        asked: asked(1),
        ended: Some(Ended {
            at: at(2),
            with: Outcome::Acknowledged,
        }),
        dot: None,
        stamp: None,
        synced: false,
        once: true,
        strict: true,
    });
    history
}

fn forgets(history: &mut History, owner: u64, from: u64, until: Option<u64>) {
    history.forgotten.push(Forgotten {
        key: key(),
        value: "milk".to_owned(),
        owner,
        what: Knowledge::Value,
        from: at(from),
        until: until.map(at),
    });
}

/// A read of that second that finds nothing.
fn finds_nothing(history: &mut History, secs: u64) {
    history.reads.push(Read {
        client: "bob".to_owned(),
        key: key(),
        seen: BTreeSet::new(),
        handed: Stamp::ZERO,
        context_in: None,
        context_out: None,
        asked: asked(secs),
        ended: Some(Ended {
            at: at(secs),
            with: Some(Vec::new()),
        }),
        stamp: Stamp::ZERO,
        strict: true,
    });
}

#[test]
fn a_read_may_miss_a_value_while_an_owner_has_forgotten_it_and_not_before_or_after() {
    for (secs, clean) in [(3, false), (5, true), (8, false)] {
        let mut history = history();
        forgets(&mut history, 1, 4, Some(6));
        finds_nothing(&mut history, secs);
        assert_eq!(check(&history).is_empty(), clean, "second {secs}");
    }
}

#[test]
fn a_value_that_a_read_may_miss_is_waited_for_again() {
    let mut history = history();
    forgets(&mut history, 1, 4, Some(6));
    finds_nothing(&mut history, 5);
    finds_nothing(&mut history, 8);
    let violations = check(&history);
    assert!(
        matches!(violations[..], [Violation::Missed { .. }]),
        "{violations:?}"
    );
}

#[test]
fn a_value_may_be_lost_if_as_many_owners_as_a_write_counts_have_forgotten_it() {
    for (owners, clean) in [(1, false), (2, true)] {
        let mut history = history();
        (1..=owners).for_each(|owner| forgets(&mut history, owner, 4, None));
        history.last.insert(key(), BTreeSet::new());
        assert_eq!(check(&history).is_empty(), clean, "{owners} owners");
        // With a synced copy it may not, whoever has forgotten it.
        history.writes[0].synced = true;
        assert!(matches!(check(&history)[..], [Violation::Lost { .. }]));
    }
}

#[test]
fn a_value_that_was_replaced_may_be_back_if_the_replacement_was_forgotten() {
    for (owners, clean) in [(0, false), (1, false), (2, true)] {
        let mut history = history();
        let mut replaces = history.writes[0].clone();
        replaces.request = RequestId::new(2);
        replaces.value = None;
        replaces.covers.insert("milk".to_owned());
        (replaces.asked, replaces.ended) = (
            asked(3),
            Some(Ended {
                at: at(4),
                with: Outcome::Acknowledged,
            }),
        );
        history.writes.push(replaces);
        (1..=owners).for_each(|owner| forgets(&mut history, owner, 5, None));
        for one in &mut history.forgotten {
            one.what = Knowledge::Replacement;
        }
        history.last.insert(key(), ["milk".to_owned()].into());
        assert_eq!(check(&history).is_empty(), clean, "{owners} owners");
    }
}
