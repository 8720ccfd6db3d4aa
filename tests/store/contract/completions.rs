//! Who is told, and in which order.

use std::thread;

use cartwheel::node::ShardId;
use cartwheel::store::{Batch, Completion, Durability, Family, Submission, Ticket};

use super::shard::ticket_of;
use super::{Shard, Subject, key};

/// Far more than a store takes at once, of every durability in every neighbourhood.
const BATCHES: u64 = 3000;

pub fn completions_come_in_the_order_of_submission<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..BATCHES {
        shard.put(&key(number), b"value", any_durability(number));
    }
    let heard = shard.wait_for(usize::try_from(BATCHES).unwrap());
    let expected = (1..=BATCHES).map(Ticket);
    let expected = expected.map(|ticket| Completion::Committed { ticket });
    assert!(heard.into_iter().eq(expected));
}

pub fn each_shard_hears_of_its_own_batches_alone<S: Subject>(subject: S) {
    let shards = [0, 1, 2].map(|id| Shard::attach(&subject, id, 1000 * u64::from(id)));
    for number in 0..90 {
        let shard = &shards[number % 3];
        let number = u64::try_from(number).unwrap();
        shard.put(&key(number), b"value", any_durability(number / 3));
    }
    for (shard, first) in shards.iter().zip([0, 1000, 2000]) {
        let tickets: Vec<_> = shard.wait_for(30).iter().map(ticket_of).collect();
        let expected: Vec<_> = (first..first + 30).map(Ticket).collect();
        assert_eq!(tickets, expected);
    }
}

pub fn a_shard_attached_again_hears_only_of_its_new_life<S: Subject>(subject: S) {
    let earlier = Shard::attach(&subject, 0, 1);
    for number in 0..20 {
        earlier.put(&key(number), b"value", any_durability(number));
    }
    // The tickets of both lives are the same: a shard that was rebuilt counts anew.
    let later = Shard::attach(&subject, 0, 1);
    let only = later.put(b"later", b"value", Durability::Synced);
    assert_eq!(later.wait_for(1), [Completion::Committed { ticket: only }]);
    assert_eq!(earlier.wait_for(20).len(), 20);
    assert_eq!(later.heard(), 1);
}

pub fn a_shard_that_was_never_attached_is_written_all_the_same<S: Subject>(subject: S) {
    let mut batch = Batch::new();
    batch.put(Family::Objects, "key".into(), "value".into());
    subject.store().submit(Submission {
        shard: ShardId(7),
        ticket: Ticket(1),
        batch,
        durability: Durability::Synced,
    });
    // Batches of all shards are written in one order, so this one is behind it.
    let shard = Shard::attach(&subject, 0, 1);
    shard.commit(Batch::new(), Durability::Synced);
    assert_eq!(shard.read(Family::Objects, b"key").unwrap(), "value");
}

pub fn shards_submit_at_the_same_time<S: Subject>(subject: S) {
    thread::scope(|scope| {
        for id in 0..4 {
            let subject = &subject;
            scope.spawn(move || {
                let shard = Shard::attach(subject, id, 1);
                for number in 0..100 {
                    let key = format!("shard {id} key {number}");
                    shard.put(key.as_bytes(), b"value", any_durability(number));
                }
                let tickets: Vec<_> = shard.wait_for(100).iter().map(ticket_of).collect();
                assert!(tickets.is_sorted());
            });
        }
    });
    let all = subject.store().scan(Family::Objects, b"", b"\xff", 1000);
    assert_eq!(all.unwrap().len(), 400);
}

/// All pairs of neighbours come up within nine.
fn any_durability(number: u64) -> Durability {
    use Durability::{Buffered, Marked, Synced};
    let cycle = [
        Buffered, Buffered, Synced, Synced, Marked, Marked, Synced, Buffered, Marked,
    ];
    cycle[usize::try_from(number % 9).unwrap()]
}
