//! The feed on disk: changes by their position, and where they begin and end.
//!
//! A position is synced before anybody can have seen it, so that none is given twice. A feed that
//! was lost with its disk begins another life, which takes no cursor of the old one for its own.

use bytes::Bytes;
use cartwheel::store::Durability;
use cartwheel_actors::extension::{Changes as Batch, ExtensionStoreError, NodeHandle};
use serde::{Deserialize, Serialize};

use crate::{Change, Changes, ChangesSince};

type Outcome<T> = Result<T, ExtensionStoreError>;

/// A place in one node's feed: the life of the feed, and the position in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(u64, u64);

/// Which life this is, its first position, and the one behind its last.
type Head = (u64, u64, u64);

/// Behind the head, whose key is empty.
fn key(position: u64) -> Bytes {
    Bytes::copy_from_slice(&position.to_be_bytes())
}

async fn head(node: &NodeHandle) -> Outcome<Head> {
    let stored = node.store().get("").await?;
    let head = stored.and_then(|stored| rmp_serde::from_slice(&stored).ok());
    Ok(head.unwrap_or_else(|| (node.entropy().fork().next_u64(), 0, 0)))
}

/// Puts changes behind the last, and drops the oldest beyond what is kept.
pub async fn append(node: &NodeHandle, keep: u64, changes: Vec<Change>) -> Outcome<()> {
    let ((life, mut first, mut next), mut batch) = (head(node).await?, Batch::new());
    for change in changes {
        batch.put(key(next), encoded(&change));
        next += 1;
    }
    while next - first > keep {
        batch.delete(key(first));
        first += 1;
    }
    batch.put("", encoded(&(life, first, next)));
    node.store().write(batch, Durability::Synced).await
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    // Plain data, which MessagePack can always express.
    rmp_serde::to_vec(value).unwrap_or_default()
}

/// The changes since a cursor.
pub async fn since(node: &NodeHandle, asked: &ChangesSince) -> Outcome<Changes> {
    let (life, first, next) = head(node).await?;
    let Cursor(of, from) = asked.cursor.unwrap_or(Cursor(life, first));
    let limit = asked.limit.clamp(1, 1000) as usize;
    let read = node.store().range(key(from), key(next), limit).await?;
    // Looked at again behind the read: what was dropped in the meantime was not read.
    let (_, first, _) = head(node).await?;
    if of != life || !(first..=next).contains(&from) {
        return Ok(Changes::CursorTooOld(Cursor(life, first)));
    }
    let changes = read
        .entries
        .iter()
        .map(|(_, change)| rmp_serde::from_slice(change));
    let changes: Vec<_> = changes
        .map(|change| change.unwrap_or(Change::Missed))
        .collect();
    let next = Cursor(life, from + changes.len() as u64);
    Ok(Changes::Since(changes, next))
}
