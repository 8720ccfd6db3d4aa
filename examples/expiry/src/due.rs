//! What is due when, on disk: an entry for each state of an object that was seen, by its time.

use bytes::Bytes;
use cartwheel::store::Durability::Buffered;
use cartwheel_actors::extension::{Changes, ExtensionStoreError, NodeHandle};

use crate::PORTION;

type Outcome<T = ()> = Result<T, ExtensionStoreError>;

/// When something is due, its key, and the context of what was seen, which no other key has.
pub type Entry = (u64, Bytes, Bytes);

fn at(due_ms: u64, seen: &[u8]) -> Bytes {
    [b"due ", &due_ms.to_be_bytes()[..], seen].concat().into()
}

/// The time at the last write.
pub async fn last(node: &NodeHandle) -> Outcome<u64> {
    let stored = node.store().get("now").await?;
    let stored = stored.and_then(|stored| stored[..].try_into().ok());
    Ok(stored.map_or(0, u64::from_be_bytes))
}

/// Writes what is new, and the time; what a power cut takes of it is listed again.
pub async fn note(node: &NodeHandle, now_ms: u64, new: &[Entry], done: &[Entry]) -> Outcome {
    let mut changes = Changes::new();
    changes.put("now", now_ms.to_be_bytes().to_vec());
    for (due_ms, _, seen) in done {
        changes.delete(at(*due_ms, seen));
    }
    for (due_ms, key, seen) in new {
        changes.put(at(*due_ms, seen), key.clone());
    }
    node.store().write(changes, Buffered).await
}

/// A portion of what is due, the oldest first.
pub async fn until(node: &NodeHandle, now_ms: u64) -> Outcome<Vec<Entry>> {
    let due = node.store().range("due ", at(now_ms, b""), PORTION).await?;
    let due = due.entries.into_iter().filter_map(|(at, key)| {
        let due_ms = u64::from_be_bytes(at.get(4..12)?.try_into().ok()?);
        Some((due_ms, key, at.slice(12..)))
    });
    Ok(due.collect())
}
