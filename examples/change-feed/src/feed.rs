//! The feed on disk: changes by their position, and where they begin and end.
//!
//! A store that was rolled back gives positions a second time and can't know it. So a cursor names
//! the life of the feed too, which no disk keeps, and one of another life is never followed.

use bytes::Bytes;
use cartwheel::store::Durability;
use cartwheel_actors::extension::{Changes as Batch, ExtensionStoreError, NodeHandle};
use serde::{Deserialize, Serialize};

use crate::{Change, Changes, ChangesSince};

type Outcome<T> = Result<T, ExtensionStoreError>;

/// A place in one node's feed: the life of the feed, and the position in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(u64, u64);

/// The first position, and the one behind the last; they stand under the empty key.
type Ends = (u64, u64);

/// More than come at once; after a change of settings one batch might not hold all.
const DROPPED_AT_ONCE_MAX: u64 = 1000;

fn key(position: u64) -> Bytes {
    Bytes::copy_from_slice(&position.to_be_bytes())
}

async fn ends(node: &NodeHandle) -> Outcome<Ends> {
    let stored = node.store().get("").await?;
    Ok(stored.map_or((0, 0), |ends| {
        rmp_serde::from_slice(&ends).unwrap_or_default()
    }))
}

/// Puts changes behind the last, and drops the oldest beyond what is kept.
pub async fn append(node: NodeHandle, keep: u64, changes: Vec<Change>) -> Outcome<()> {
    let ((oldest, mut next), mut batch) = (ends(&node).await?, Batch::new());
    for change in changes {
        batch.put(key(next), encoded(&change));
        next += 1;
    }
    let first = first_kept((oldest, next), keep);
    for dropped in oldest..first {
        batch.delete(key(dropped));
    }
    batch.put("", encoded(&(first, next)));
    node.store().write(batch, Durability::Synced).await
}

fn first_kept((oldest, next): Ends, keep: u64) -> u64 {
    let wanted = next.saturating_sub(keep);
    wanted.clamp(oldest, oldest + DROPPED_AT_ONCE_MAX)
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    // Plain data, which MessagePack can always express.
    rmp_serde::to_vec(value).unwrap_or_default()
}

/// The changes since a cursor of this life.
pub async fn since(node: NodeHandle, life: u64, asked: ChangesSince) -> Outcome<Changes> {
    let (first, next) = ends(&node).await?;
    let Cursor(of, from) = asked.cursor.unwrap_or(Cursor(life, first));
    let limit = asked.limit.clamp(1, 1000) as usize;
    let read = node.store().range(key(from), key(next), limit).await?;
    // Looked at again behind the read: what was dropped in the meantime was not read.
    let (first, _) = ends(&node).await?;
    if of != life || !(first..=next).contains(&from) {
        return Ok(Changes::BeginAgain(Cursor(life, first)));
    }
    let next = Cursor(life, from + read.entries.len() as u64);
    let changes = read.entries.iter();
    let changes = changes.map(|(_, stored)| rmp_serde::from_slice(stored));
    let changes = changes.map(|change| change.unwrap_or(Change::Missed));
    Ok(Changes::Since(changes.collect(), next))
}

#[cfg(test)]
#[path = "../tests/portions.rs"]
mod tests;
