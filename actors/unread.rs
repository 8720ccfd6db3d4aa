//! What the clients of a node have not read, all together.
//!
//! A connection alone may hold some tens of megabytes, and four thousand of them more than any
//! machine has. Beyond a bound for the node, whoever has more than a small share to read gets
//! nothing large any more, and is read from no longer; everyone else does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartwheel::limits::{UNREAD_BYTES_MAX, UNREAD_SHARE_BYTES};

/// The bytes over the shares of all connections of a node.
#[derive(Debug)]
pub struct Unread {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl Default for Unread {
    fn default() -> Self {
        Self::up_to(UNREAD_BYTES_MAX)
    }
}

impl Unread {
    pub(crate) fn up_to(bytes_max: usize) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            bytes_max,
        }
    }
}

/// The part of one connection in it.
#[derive(Debug)]
pub(crate) struct Part {
    all: Arc<Unread>,
    /// What of the connection's bytes is over its share, and counted with those of the others.
    counted: AtomicUsize,
}

impl Part {
    pub fn of(all: &Arc<Unread>) -> Self {
        Self {
            all: Arc::clone(all),
            counted: AtomicUsize::new(0),
        }
    }

    /// So much waits for the client now. Small amounts, which is what there is nearly always,
    /// touch nothing that shards share. One at a time, or the sum would go astray.
    pub fn update(&self, unread: usize) {
        let over = unread.saturating_sub(UNREAD_SHARE_BYTES);
        let before = self.counted.load(Ordering::Relaxed);
        if over == before {
            return;
        }
        self.counted.store(over, Ordering::Relaxed);
        match over > before {
            true => self.all.bytes.fetch_add(over - before, Ordering::Relaxed),
            false => self.all.bytes.fetch_sub(before - over, Ordering::Relaxed),
        };
    }

    /// Whether some of the connection's bytes are counted with those of the others.
    pub fn is_counted(&self) -> bool {
        self.counted.load(Ordering::Relaxed) > 0
    }

    /// Whether the connection holds more than its share while all hold too much.
    pub fn is_full(&self) -> bool {
        self.is_counted() && self.all.bytes.load(Ordering::Relaxed) > self.all.bytes_max
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.update(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_holds_more_than_a_share_is_full_and_only_while_all_hold_too_much() {
        let all = Arc::new(Unread::up_to(1000));
        let (slow, other, quick) = (Part::of(&all), Part::of(&all), Part::of(&all));
        slow.update(UNREAD_SHARE_BYTES + 900);
        quick.update(UNREAD_SHARE_BYTES);
        assert!(!slow.is_full(), "900 of 1000");
        other.update(UNREAD_SHARE_BYTES + 200);
        assert!(slow.is_full() && other.is_full() && !quick.is_full());
        slow.update(UNREAD_SHARE_BYTES + 800);
        assert!(!slow.is_full() && !other.is_full(), "1000 of 1000");
        slow.update(UNREAD_SHARE_BYTES + 900);
        drop(other);
        assert!(
            !slow.is_full(),
            "a connection that ends takes its bytes along"
        );
        slow.update(0);
        assert_eq!(all.bytes.load(Ordering::Relaxed), 0);
    }
}
