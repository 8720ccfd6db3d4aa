//! What is due when, on disk: by time, and by key for a key that is written again.

use bytes::Bytes;
use cartwheel::store::Durability::Buffered;
use cartwheel_actors::extension::{Changes, ExtensionStoreError, NodeHandle};

type Outcome<T> = Result<T, ExtensionStoreError>;

fn by_key(key: &[u8]) -> Bytes {
    [b"key ", key].concat().into()
}

fn by_time(due_ms: u64, key: &[u8]) -> Bytes {
    [b"due ", &due_ms.to_be_bytes()[..], key].concat().into()
}

async fn number(node: &NodeHandle, key: Bytes) -> Outcome<Option<u64>> {
    let stored = node.store().get(key).await?;
    Ok(stored.and_then(|stored| Some(u64::from_be_bytes(stored[..].try_into().ok()?))))
}

/// Counts more of the time, and says how much it is in all lives of the node.
pub async fn count(node: &NodeHandle, more_ms: u64) -> Outcome<u64> {
    let up_ms = number(node, "up".into()).await?.unwrap_or(0) + more_ms;
    let mut changes = Changes::new();
    changes.put("up", up_ms.to_be_bytes().to_vec());
    node.store().write(changes, Buffered).await?;
    Ok(up_ms)
}

/// Notes when a key is due and what is deleted then; what a power cut takes of it is listed again.
pub async fn note(node: &NodeHandle, key: &[u8], noted: Option<(u64, Bytes)>) -> Outcome<()> {
    let mut changes = Changes::new();
    if let Some(due_ms) = number(node, by_key(key)).await? {
        changes.delete(by_time(due_ms, key)).delete(by_key(key));
    }
    if let Some((due_ms, context)) = noted {
        changes.put(by_key(key), due_ms.to_be_bytes().to_vec());
        changes.put(by_time(due_ms, key), context);
    }
    node.store().write(changes, Buffered).await
}

pub async fn is_noted(node: &NodeHandle, key: &[u8]) -> Outcome<bool> {
    Ok(number(node, by_key(key)).await?.is_some())
}

/// Some keys that are due, the oldest first, each with the context to delete it with.
pub async fn until(node: &NodeHandle, now_ms: u64) -> Outcome<Vec<(Bytes, Bytes)>> {
    let read = node.store().range("due ", by_time(now_ms, b""), 64).await?;
    let due = read.entries.into_iter();
    Ok(due.map(|(at, context)| (at.slice(12..), context)).collect())
}
