use std::collections::BTreeSet;
use std::sync::Arc;

use cartwheel::bucket::Bucket;
use cartwheel::version::{ConflictRule, Origin, RequestId};

use super::super::check;
use super::*;
use crate::history::{Asked, Ended, History, Outcome};

fn key() -> BucketKey {
    BucketKey::new("latest", "cart")
}

fn history() -> History {
    let mut history = History::default();
    let mut policy = Bucket::default_bucket(3);
    policy.name = "latest".to_owned();
    policy.conflict = ConflictRule::Lww;
    history.opens(&Arc::new(policy));
    history
}

fn asked(at: u64) -> Asked {
    Asked {
        number: at,
        at: Duration::from_secs(at),
        patience: Duration::from_secs(1),
    }
}

fn ended<T>(at: u64, with: T) -> Ended<T> {
    let at = Duration::from_secs(at) + Duration::from_millis(500);
    Ended { at, with }
}

/// A write of that second; one of origin 0 is of unknown outcome.
fn write(history: &mut History, at: u64, value: Option<&str>, stamp: u64, origin: u64) {
    let acknowledged = origin > 0;
    let outcome = match acknowledged {
        true => Outcome::Acknowledged,
        false => Outcome::Unknown,
    };
    let dot = Dot {
        origin: Origin(origin),
        counter: at,
    };
    history.writes.push(Write {
        client: "alice".to_owned(),
        request: RequestId::new(history.writes.len() as u128),
        key: key(),
        value: value.map(str::to_owned),
        text: None,
        covers: BTreeSet::new(),
        handed: Stamp::ZERO,
        context_in: None,
        context_out: None,
        asked: asked(at),
        ended: Some(ended(at, outcome)),
        dot: acknowledged.then_some(dot),
        stamp: acknowledged.then_some(Stamp(stamp)),
        synced: true,
        once: true,
        strict: true,
    });
}

fn read(history: &mut History, at: u64, values: &[&str], stamp: u64) {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    history.reads.push(Read {
        client: "bob".to_owned(),
        key: key(),
        seen: BTreeSet::new(),
        handed: Stamp::ZERO,
        context_in: None,
        context_out: None,
        asked: asked(at),
        ended: Some(ended(at, Some(values))),
        stamp: Stamp(stamp),
        strict: true,
    });
}

#[test]
fn the_greater_stamp_wins_however_late_the_lower_one_comes() {
    let mut history = history();
    write(&mut history, 1, Some("ahead"), 90, 1);
    write(&mut history, 2, Some("behind"), 20, 2);
    read(&mut history, 3, &["ahead"], 90);
    assert_eq!(check(&history), []);
    read(&mut history, 4, &["behind"], 20);
    let violations = check(&history);
    assert!(
        matches!(&violations[0], Violation::Older { value, own: false, .. } if value == "behind")
    );
    assert!(matches!(&violations[1], Violation::Lost { value, .. } if value == "ahead"));
}

#[test]
fn of_equal_stamps_the_greater_dot_wins() {
    for (shown, clean) in [("one", false), ("other", true)] {
        let mut history = history();
        write(&mut history, 1, Some("one"), 50, 1);
        write(&mut history, 2, Some("other"), 50, 2);
        read(&mut history, 3, &[shown], 50);
        assert_eq!(check(&history).is_empty(), clean, "{shown}");
    }
}

#[test]
fn a_delete_wins_and_loses_like_a_value() {
    let mut history = history();
    write(&mut history, 1, Some("milk"), 50, 1);
    write(&mut history, 2, None, 60, 2);
    read(&mut history, 3, &[], 60);
    assert_eq!(check(&history), []);
    read(&mut history, 4, &["milk"], 50);
    assert!(matches!(check(&history)[0], Violation::Older { .. }));
}

#[test]
fn a_read_that_shows_two_values_or_the_stamp_of_another_is_wrong() {
    let mut history = history();
    write(&mut history, 1, Some("milk"), 50, 1);
    write(&mut history, 1, Some("eggs"), 51, 2);
    read(&mut history, 2, &["eggs", "milk"], 51);
    read(&mut history, 3, &["milk"], 51);
    read(&mut history, 4, &["bread"], 51);
    read(&mut history, 5, &["eggs"], 51);
    let violations = check(&history);
    assert!(matches!(violations[0], Violation::TwoValues { .. }));
    assert!(matches!(violations[1], Violation::WrongStamp { .. }));
    assert!(matches!(violations[2], Violation::Invented { .. }));
    assert_eq!(violations.len(), 3, "{violations:?}");
}

#[test]
fn what_a_read_has_shown_stays_though_nobody_acknowledged_it() {
    let mut history = history();
    write(&mut history, 1, Some("milk"), 50, 1);
    write(&mut history, 2, Some("unknown"), 60, 0);
    read(&mut history, 3, &["unknown"], 60);
    read(&mut history, 4, &["milk"], 50);
    assert!(matches!(check(&history)[0], Violation::Older { .. }));
}

#[test]
fn a_write_is_stamped_after_what_its_context_has_seen() {
    let mut history = history();
    write(&mut history, 1, Some("milk"), 50, 1);
    write(&mut history, 2, Some("eggs"), 50, 2);
    history.writes[1].handed = Stamp(50);
    read(&mut history, 3, &["eggs"], 50);
    assert!(matches!(
        check(&history)[..],
        [Violation::StampBehind { .. }]
    ));
}

/// It promises as much as any other: only the stamp is not in its answer.
#[test]
fn an_acknowledgement_that_met_an_earlier_attempt_is_kept() {
    let mut history = history();
    write(&mut history, 1, Some("milk"), 50, 1);
    let dot = history.writes[0].dot.unwrap();
    history.version(dot, &key(), Stamp(50), Some("milk".to_owned()));
    history.writes[0].stamp = None;
    read(&mut history, 3, &[], 0);
    assert!(matches!(
        check(&history)[..],
        [Violation::Older { .. }, Violation::Lost { .. }]
    ));
}
