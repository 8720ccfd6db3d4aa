//! What a store does when its disk no longer takes writes.

use bytes::Bytes;
use cartwheel::store::{Batch, Completion, Durability, Family, StoreError};

use super::ranges::range;
use super::shard::ticket_of;
use super::{Shard, Subject, is_failed, key};

/// Enough to fill what a broken disk may still take.
const BATCHES: u64 = 4096;
const VALUE_LEN: usize = 64 * 1024;

/// Nothing behind the first failure is committed, all of it fails for the same cause, and
/// what was committed before is there when the store opens again.
pub fn a_failed_write_fails_everything_later<S: Subject>(subject: S) {
    let shard = Shard::attach(&subject, 0, 1);
    shard.put(&key(0), b"before", Durability::Synced);
    shard.wait_for(1);
    subject.break_writes();
    let submitted = submit_until_one_fails(&shard);
    let heard = shard.wait_for(submitted);
    let first = heard.iter().position(is_failed).unwrap();
    let cause = failure(&heard[first]);
    assert!(heard.is_sorted_by_key(ticket_of));
    for completion in &heard[first..] {
        assert_eq!(failure(completion), cause);
    }
    everything_fails_with(&subject, &shard, &cause);

    let committed = u64::try_from(first).unwrap();
    subject.mend();
    let subject = subject.killed();
    let shard = Shard::attach(&subject, 0, 1);
    for number in 0..committed {
        let read = shard.read(Family::Objects, &key(number));
        assert!(read.is_some(), "batch {number} of {committed} is lost");
    }
    shard.commit(Batch::new(), Durability::Synced);
}

/// It goes on submitting behind the failure, as shards do that have not yet heard of it.
fn submit_until_one_fails<S: Subject>(shard: &Shard<S>) -> usize {
    let value = vec![7; VALUE_LEN];
    for number in 1..BATCHES {
        let ticket = shard.put(&key(number), &value, Durability::Synced);
        let looks = number % 8 == 0;
        if looks && is_failed(&shard.wait_for_ticket(ticket)) {
            return usize::try_from(number + 1).unwrap();
        }
    }
    panic!("{BATCHES} batches were written to a broken disk");
}

fn everything_fails_with<S: Subject>(subject: &S, shard: &Shard<S>, cause: &StoreError) {
    for durability in [Durability::Buffered, Durability::Marked, Durability::Synced] {
        let ticket = shard.put(b"later", b"value", durability);
        let error = cause.clone();
        let expected = Completion::Failed { ticket, error };
        assert_eq!(shard.wait_for_ticket(ticket), expected);
    }
    let store = subject.store();
    assert_eq!(store.peek(Family::Objects, &key(0)), Err(cause.clone()));
    let scanned = store.scan(Family::Objects, b"", b"\xff", 1);
    assert_eq!(scanned, Err(cause.clone()));
    let ticket = shard.start_load_range(range("", "z"));
    let read = Err(cause.clone());
    let expected = Completion::RangeLoaded { ticket, read };
    assert_eq!(shard.wait_for_ticket(ticket), expected);
    let ticket = shard.start_load(Family::Objects, &key(0));
    let value: Result<Option<Bytes>, _> = Err(cause.clone());
    let expected = Completion::Loaded { ticket, value };
    assert_eq!(shard.wait_for_ticket(ticket), expected);
}

fn failure(completion: &Completion) -> StoreError {
    match completion {
        Completion::Failed { error, .. } => error.clone(),
        other => panic!("behind a failure: {other:?}"),
    }
}
