//! What a read answers.

use cartwheel::store::{Completion, Durability, Family, Peek};

use super::shard::ticket_of;
use super::{Shard, Subject, key};

pub fn a_load_answers_under_its_own_ticket<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    shard.put(b"key", b"value", Durability::Synced);
    shard.wait_for(1);
    let found = shard.start_load(Family::Objects, b"key");
    let absent = shard.start_load(Family::Objects, b"no such key");
    for (ticket, expected) in [(absent, None), (found, Some("value".into()))] {
        let value = Ok(expected);
        let answer = shard.wait_for_ticket(ticket);
        assert_eq!(answer, Completion::Loaded { ticket, value });
    }
}

pub fn a_load_never_answers_another_key<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let count = 100;
    for number in 0..count {
        shard.put(&key(number), &key(number), Durability::Buffered);
    }
    shard.wait_for(usize::try_from(count).unwrap());
    let load = |number| (number, shard.start_load(Family::Objects, &key(number)));
    let loads: Vec<_> = (0..count).map(load).collect();
    for (number, ticket) in loads {
        let answer = shard.wait_for_ticket(ticket);
        assert_eq!(ticket_of(&answer), ticket);
        let value = Ok(Some(key(number)));
        assert_eq!(answer, Completion::Loaded { ticket, value });
    }
}

pub fn memory_never_contradicts_the_disk<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    let peek = |key: &[u8]| subject.store().peek(Family::Objects, key).unwrap();
    assert!(matches!(peek(b"key"), Peek::Absent | Peek::NotInMemory));
    shard.put(b"key", b"value", Durability::Synced);
    shard.wait_for(1);
    assert!(matches!(peek(b"ke"), Peek::Absent | Peek::NotInMemory));
    assert_eq!(shard.load(Family::Objects, b"key").unwrap(), "value");
    match peek(b"key") {
        Peek::Found(value) => assert_eq!(value, "value"),
        Peek::NotInMemory => {}
        Peek::Absent => panic!("memory denies a key that the disk has"),
    }
}
