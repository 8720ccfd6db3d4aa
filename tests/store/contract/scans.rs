//! What a scan gives.

use bytes::Bytes;
use cartwheel::store::{Durability, Family};

use super::{Shard, Subject};

pub fn a_scan_is_ordered_and_includes_from_but_not_until<S: Subject>(subject: S) {
    with_keys(&subject, &[b"c", b"a", b"d", b"b"]);
    assert_eq!(scan(&subject, b"a", b"d", 10), ["a", "b", "c"]);
    assert_eq!(scan(&subject, b"aa", b"cc", 10), ["b", "c"]);
    let whole = subject.store().scan(Family::Objects, b"b", b"c", 10);
    assert_eq!(whole.unwrap(), [("b".into(), "value of b".into())]);
}

pub fn a_scan_ends_at_its_limit<S: Subject>(subject: S) {
    with_keys(&subject, &[b"a", b"b", b"c"]);
    assert_eq!(scan(&subject, b"a", b"z", 2), ["a", "b"]);
    assert!(scan(&subject, b"a", b"z", 0).is_empty());
    assert_eq!(scan(&subject, b"a", b"z", usize::MAX).len(), 3);
}

pub fn a_scan_of_a_range_without_keys_is_empty<S: Subject>(subject: S) {
    with_keys(&subject, &[b"a", b"b", b"c"]);
    let ranges: [(&[u8], &[u8]); 5] = [
        (b"b", b"b"),
        (b"c", b"a"),
        (b"d", b"z"),
        (b"", b""),
        (b"a", b""),
    ];
    for (from, until) in ranges {
        assert!(
            scan(&subject, from, until, 10).is_empty(),
            "{from:?} {until:?}"
        );
    }
}

pub fn a_scan_follows_the_bytes_of_the_keys<S: Subject>(subject: S) {
    let keys: [&[u8]; 6] = [b"\xff\xff", b"\xff", b"\x00", b"a\x00", b"a", b"\x7f\x80"];
    with_keys(&subject, &keys);
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(scan(&subject, b"", b"\xff\xff\xff", 10), sorted);
    assert_eq!(scan(&subject, b"a", b"a\x00", 10), ["a"]);
}

fn with_keys<S: Subject>(subject: &S, keys: &[&[u8]]) {
    let shard = Shard::attach(subject, 0, 1);
    for key in keys {
        let value = [b"value of ".as_slice(), key].concat();
        shard.put(key, &value, Durability::Buffered);
    }
    shard.wait_for(keys.len());
}

fn scan<S: Subject>(subject: &S, from: &[u8], until: &[u8], limit: usize) -> Vec<Bytes> {
    let found = subject.store().scan(Family::Objects, from, until, limit);
    found.unwrap().into_iter().map(|(key, _)| key).collect()
}
