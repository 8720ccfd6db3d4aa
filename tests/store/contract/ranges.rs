//! What the load of a range gives.

use bytes::{BufMut, Bytes, BytesMut};
use cartwheel::store::{Completion, Durability, Family, Range, RangeRead};

use super::{Shard, Subject, key};

pub fn a_range_is_ordered_and_includes_from_but_not_until<S: Subject>(subject: S) {
    let shard = with_keys(&subject, &[b"c", b"a", b"d", b"b"]);
    let read = shard.load_range(range("a", "d"));
    assert_eq!(keys(&read), ["a", "b", "c"]);
    assert!(read.whole);
    assert_eq!(read.entries[1].1, "value of b");
    assert_eq!(keys(&shard.load_range(range("aa", "cc"))), ["b", "c"]);
}

pub fn a_range_ends_at_its_entries_or_bytes<S: Subject>(subject: S) {
    let shard = with_keys(&subject, &[b"a", b"b", b"c"]);
    let entry_len = "a".len() + "value of a".len();
    for (entries_max, bytes_max, enough) in [
        (2, 1000, 2),
        (10, 1, 1),
        (10, entry_len, 1),
        (10, entry_len + 1, 2),
        (1, 1000, 1),
    ] {
        let read = shard.load_range(Range {
            entries_max,
            bytes_max,
            ..range("a", "z")
        });
        assert_eq!(read.entries.len(), enough, "{entries_max} {bytes_max}");
        assert!(!read.whole);
    }
    assert!(shard.load_range(range("a", "z")).whole);
}

pub fn a_range_without_keys_is_whole<S: Subject>(subject: S) {
    let shard = with_keys(&subject, &[b"a", b"b", b"c"]);
    let nothing = RangeRead {
        entries: Vec::new(),
        whole: true,
    };
    for (from, until) in [("b", "b"), ("c", "a"), ("d", "z"), ("", ""), ("a", "")] {
        assert_eq!(
            shard.load_range(range(from, until)),
            nothing,
            "{from:?} {until:?}"
        );
    }
}

pub fn ranges_one_after_the_other_give_every_key_once<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..50_u64 {
        let value = vec![b'v'; usize::try_from(number % 7).unwrap() * 100];
        shard.put(&key(number), &value, Durability::Buffered);
    }
    shard.wait_for(50);
    let (mut found, mut next) = (Vec::new(), range("", "\u{7f}"));
    loop {
        let (entries_max, bytes_max) = (4, 900);
        let read = shard.load_range(Range {
            entries_max,
            bytes_max,
            ..next.clone()
        });
        found.extend(keys(&read));
        let Some(last) = found.last().filter(|_| !read.whole) else {
            break;
        };
        let mut behind = BytesMut::from(&last[..]);
        behind.put_u8(0);
        next.from = behind.freeze();
    }
    assert_eq!(found, (0..50).map(key).collect::<Vec<_>>());
}

pub fn a_range_answers_under_its_own_ticket<S: Subject>(subject: S) {
    let shard = with_keys(&subject, &[b"a", b"b"]);
    let all = shard.start_load_range(range("a", "z"));
    let one = shard.start_load_range(range("b", "z"));
    let value = shard.start_load(Family::Objects, b"a");
    for (ticket, count) in [(one, 1), (all, 2)] {
        match shard.wait_for_ticket(ticket) {
            Completion::RangeLoaded { read, .. } => assert_eq!(read.unwrap().entries.len(), count),
            other => panic!("{other:?}"),
        }
    }
    let answer = shard.wait_for_ticket(value);
    assert!(matches!(answer, Completion::Loaded { .. }), "{answer:?}");
}

/// All of a range, as far as a test goes.
pub fn range(from: &str, until: &str) -> Range {
    Range {
        family: Family::Objects,
        from: Bytes::copy_from_slice(from.as_bytes()),
        until: Bytes::copy_from_slice(until.as_bytes()),
        entries_max: 1000,
        bytes_max: 1 << 20,
    }
}

fn keys(read: &RangeRead) -> Vec<Bytes> {
    read.entries.iter().map(|(key, _)| key.clone()).collect()
}

fn with_keys<'a, S: Subject>(subject: &'a S, keys: &[&[u8]]) -> Shard<'a, S> {
    let shard = Shard::attach(subject, 0, 1);
    for key in keys {
        let value = [b"value of ".as_slice(), key].concat();
        shard.put(key, &value, Durability::Buffered);
    }
    shard.wait_for(keys.len());
    shard
}
