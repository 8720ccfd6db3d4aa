use std::sync::Arc;

use cartwheel::version::{Dot, Origin, RequestId, Stamp};

use super::super::check;
use super::*;
use crate::history::{Asked, Ended, Forgotten, Outcome};

const CARTS: &str = "carts";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn asked(at: u64) -> Asked {
    Asked {
        number: at,
        at: secs(at),
        patience: secs(5),
    }
}

fn history(conflict: ConflictRule) -> History {
    let mut history = History::default();
    let mut policy = Bucket::default_bucket(3);
    policy.name = CARTS.to_owned();
    policy.conflict = conflict;
    history.opens(&Arc::new(policy));
    history
}

fn siblings() -> History {
    history(ConflictRule::Siblings)
}

/// A write of that second, which ends half a second later; its stamp is the second, too.
fn write(history: &mut History, at: u64, value: Option<&str>, covers: &[&str], with: Outcome) {
    let told = with == Outcome::Acknowledged;
    let dot = Dot {
        origin: Origin(1),
        counter: at,
    };
    history.writes.push(Write {
        client: "alice".to_owned(),
        request: RequestId::new(u128::from(at)),
        key: BucketKey::new(CARTS, "cart"),
        value: value.map(str::to_owned),
        text: None,
        covers: covers.iter().map(|value| (*value).to_owned()).collect(),
        handed: Stamp::ZERO,
        context_in: None,
        context_out: None,
        asked: asked(at),
        ended: Some(Ended {
            at: secs(at) + Duration::from_millis(500),
            with,
        }),
        dot: told.then_some(dot),
        stamp: told.then_some(Stamp(at)),
        synced: true,
        once: true,
        strict: true,
    });
}

/// A page of the whole bucket, asked in one second and answered in another.
fn page<'a>(history: &'a mut History, at: u64, ended: u64, keys: &[&str]) -> &'a mut Page {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    history.pages.push(Page {
        client: "bob".to_owned(),
        bucket: CARTS.into(),
        from: Bytes::new(),
        limit: 9,
        asked: asked(at),
        ended: Some(Ended {
            at: secs(ended),
            with: Some(Excerpt {
                keys,
                until: None,
                incomplete: Vec::new(),
            }),
        }),
    });
    history.pages.last_mut().expect("one was pushed")
}

fn excerpt(page: &mut Page) -> &mut Excerpt {
    let ended = page.ended.as_mut().and_then(|ended| ended.with.as_mut());
    ended.expect("it was answered")
}

fn is_missing(history: &History) -> bool {
    let found = check(history);
    match &found[..] {
        [] => false,
        [Violation::NotListed { value, .. }] => value == "milk",
        _ => panic!("{found:?}"),
    }
}

/// Milk was put in the first second.
fn with_milk(conflict: ConflictRule) -> History {
    let mut history = history(conflict);
    let (milk, kept) = (Some("milk"), Outcome::Acknowledged);
    write(&mut history, 1, milk, &[], kept);
    history
}

#[test]
fn what_was_kept_before_the_page_was_asked_is_listed() {
    for (at, missing) in [(1, false), (2, true)] {
        let mut history = with_milk(ConflictRule::Siblings);
        page(&mut history, at, 3, &[]);
        assert_eq!(is_missing(&history), missing, "asked at {at}");
    }
}

#[test]
fn a_delete_that_may_be_kept_excuses_pages_that_end_behind_its_beginning() {
    for outcome in [Outcome::Acknowledged, Outcome::Unknown, Outcome::Refused] {
        for (ended, before) in [(3, true), (5, false)] {
            let mut history = with_milk(ConflictRule::Siblings);
            page(&mut history, 2, ended, &[]);
            write(&mut history, 4, None, &["milk"], outcome);
            let missing = before || outcome == Outcome::Refused;
            assert_eq!(is_missing(&history), missing, "{outcome:?} {ended}");
        }
    }
}

#[test]
fn a_value_that_replaces_another_leaves_the_key_listed_until_it_is_deleted_itself() {
    for (asked, missing) in [(4, true), (7, false)] {
        let mut history = with_milk(ConflictRule::Siblings);
        write(&mut history, 3, Some("eggs"), &["milk"], Outcome::Unknown);
        write(&mut history, 6, None, &["eggs"], Outcome::Unknown);
        page(&mut history, asked, asked + 1, &[]);
        assert_eq!(is_missing(&history), missing, "asked at {asked}");
    }
}

#[test]
fn where_the_last_writer_wins_a_delete_takes_what_is_stamped_earlier() {
    for (deleted, missing) in [(2, false), (1, true)] {
        let mut history = with_milk(ConflictRule::Lww);
        write(&mut history, 3, None, &[], Outcome::Acknowledged);
        let stamp = Stamp(deleted);
        let dot = Dot {
            origin: Origin(0),
            counter: deleted,
        };
        let delete = history.writes.last_mut().expect("the delete");
        (delete.stamp, delete.dot) = (Some(stamp), Some(dot));
        page(&mut history, 4, 5, &[]);
        assert_eq!(is_missing(&history), missing, "stamped {deleted}");
    }
}

#[test]
fn a_delete_that_has_told_no_stamp_may_have_that_of_any_that_nobody_told() {
    for (stamp, missing) in [(2, false), (1, true)] {
        let mut history = with_milk(ConflictRule::Lww);
        write(&mut history, 3, None, &[], Outcome::Unknown);
        let dot = Dot {
            origin: Origin(0),
            counter: 9,
        };
        let key = BucketKey::new(CARTS, "cart");
        history.version(dot, &key, Stamp(stamp), None);
        page(&mut history, 4, 5, &[]);
        assert_eq!(is_missing(&history), missing, "stamped {stamp}");
    }
}

#[test]
fn nothing_is_expected_while_an_owner_is_damaged_or_of_an_incomplete_partition() {
    let mut damaged = with_milk(ConflictRule::Siblings);
    page(&mut damaged, 2, 3, &[]);
    damaged.damages.push(Damage {
        key: BucketKey::new(CARTS, "cart"),
        from: secs(3),
        until: None,
    });
    assert!(!is_missing(&damaged));
    damaged.damages[0].from = secs(4);
    assert!(is_missing(&damaged));
    let mut incomplete = with_milk(ConflictRule::Siblings);
    excerpt(page(&mut incomplete, 2, 3, &[])).incomplete = vec![1];
    assert!(is_missing(&incomplete), "of another partition");
    excerpt(&mut incomplete.pages[0]).incomplete = vec![0];
    assert!(!is_missing(&incomplete));
}

#[test]
fn what_an_owner_has_forgotten_is_not_expected() {
    let mut history = with_milk(ConflictRule::Siblings);
    page(&mut history, 4, 5, &[]);
    history.forgotten.push(Forgotten {
        key: BucketKey::new(CARTS, "cart"),
        value: "milk".to_owned(),
        owner: 1,
        what: Knowledge::Value,
        from: secs(2),
        until: Some(secs(3)),
    });
    assert!(is_missing(&history), "it knows it again");
    history.forgotten[0].until = None;
    assert!(!is_missing(&history));
}

#[test]
fn a_key_that_nobody_can_have_put_is_wrongly_listed() {
    for (ended, outcome, wrong) in [
        (2, Outcome::Unknown, false),
        (1, Outcome::Unknown, false),
        (0, Outcome::Unknown, true),
        (2, Outcome::Refused, true),
    ] {
        let mut history = siblings();
        write(&mut history, 1, Some("milk"), &[], outcome);
        page(&mut history, 0, ended, &["cart"]);
        let found = check(&history);
        let is_wrong = matches!(found[..], [Violation::WronglyListed { .. }]);
        assert_eq!(is_wrong, wrong, "{ended} {outcome:?}: {found:?}");
    }
}

/// Two keys in the order of their places, of a history in which both were put.
fn two_keys() -> (History, [String; 2], [Bytes; 2]) {
    let mut history = siblings();
    let bucket = Arc::clone(&history.buckets[CARTS]);
    for (at, name) in [(1, "a"), (2, "b")] {
        write(&mut history, at, Some(name), &[], Outcome::Unknown);
        let put = history.writes.last_mut().expect("the put");
        put.key = BucketKey::new(CARTS, name);
    }
    let place = |name: &str| stored(&history, &bucket, name).as_bytes().clone();
    let mut keys = [("a", place("a")), ("b", place("b"))];
    keys.sort_by_key(|(_, place)| place.clone());
    let [(first, at_first), (second, at_second)] = keys;
    (
        history,
        [first.to_owned(), second.to_owned()],
        [at_first, at_second],
    )
}

#[test]
fn keys_come_in_order_each_once() {
    let (mut history, [first, second], _) = two_keys();
    page(&mut history, 3, 4, &[&first, &second]);
    assert_eq!(check(&history), []);
    let found = |keys: &[&str]| {
        let (mut history, ..) = two_keys();
        page(&mut history, 3, 4, keys);
        check(&history)
    };
    let turned = found(&[&second, &first]);
    assert!(matches!(turned[..], [Violation::ListedOutOfOrder { .. }]));
    let twice = found(&[&first, &first, &second]);
    assert!(matches!(twice[..], [Violation::ListedTwice { .. }]));
}

#[test]
fn a_page_shows_what_is_between_its_places() {
    let (mut history, [first, second], [at_first, at_second]) = two_keys();
    page(&mut history, 3, 4, &[&first]).from = at_first.clone();
    excerpt(page(&mut history, 5, 6, &[&second])).until = Some(at_first.clone());
    let found = check(&history);
    let twice = Violation::ListedTwice {
        key: BucketKey::new(CARTS, &first),
        at: secs(4),
    };
    let beyond = Violation::ListedOutOfOrder {
        key: BucketKey::new(CARTS, &second),
        at: secs(6),
    };
    assert_eq!(found, [twice, beyond]);
    history.pages.clear();
    for write in &mut history.writes {
        write.ended = Some(Ended {
            at: secs(3),
            with: Outcome::Acknowledged,
        });
    }
    excerpt(page(&mut history, 4, 5, &[])).until = Some(at_first.clone());
    page(&mut history, 4, 5, &[]).from = at_second;
    let missing = check(&history);
    let [Violation::NotListed { key, .. }] = &missing[..] else {
        panic!("{missing:?}")
    };
    assert_eq!(*key.key, *first, "the second is on no page that was asked");
}

#[test]
fn a_page_ends_in_its_time() {
    let mut history = siblings();
    page(&mut history, 1, 6, &[]);
    assert_eq!(check(&history), []);
    page(&mut history, 1, 7, &[]);
    page(&mut history, 1, 2, &[]).ended = None;
    let found = check(&history);
    let endless = |found: &Violation| matches!(found, Violation::EndlessPage { .. });
    assert_eq!(found.iter().filter(|found| endless(found)).count(), 2);
}

#[test]
fn a_page_is_no_longer_than_it_may_be() {
    let mut history = with_milk(ConflictRule::Siblings);
    page(&mut history, 2, 2, &["cart"]).limit = 1;
    assert_eq!(check(&history), []);
    page(&mut history, 2, 2, &["cart"]).limit = 0;
    let found = check(&history);
    let [Violation::PageTooLong { keys, limit, .. }] = found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((keys, limit), (1, 0));
}

#[test]
fn a_page_calls_no_partition_incomplete_that_it_has_not_come_to() {
    let place = |partition: u16| Bytes::copy_from_slice(&partition.to_be_bytes());
    let mut behind = place(4).to_vec();
    behind.push(7);
    // From the beginning of partition 2 to that of 4, and into it.
    let ends = [(place(4), 2..4), (behind.into(), 2..5)];
    for (until, within) in ends {
        for partition in 0..6 {
            let mut history = siblings();
            let page = page(&mut history, 2, 2, &[]);
            page.from = place(2);
            let excerpt = excerpt(page);
            excerpt.until = Some(until.clone());
            excerpt.incomplete = vec![partition];
            let found = check(&history);
            let wrong = matches!(found[..], [Violation::IncompleteElsewhere { .. }]);
            assert_eq!(
                wrong,
                !within.contains(&partition),
                "{partition}: {found:?}"
            );
        }
    }
}
