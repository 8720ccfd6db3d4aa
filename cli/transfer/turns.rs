//! Whose turn it is among items of one key.
//!
//! ```text
//!   x 1 ──► written ──┐
//!   y 1 ──► written   │ x 2 waits for x 1, y 1 for nobody
//!   x 2 ──────────────┴──► written
//! ```
//!
//! Without turns, the puts of one key that are under way at once would be each other's siblings.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::oneshot::{Receiver, Sender, channel};

/// How many keys are kept before those whose turns are over are forgotten: twice as many as are
/// ever under way, so that looking through them is rare.
const KEPT_MAX: usize = 2048;

/// The turns of keys, given out in the order of the source.
#[derive(Default)]
pub struct Turns {
    /// Each hears of the end of the last turn of its key.
    last: BTreeMap<Bytes, Receiver<()>>,
}

/// The turn of one item; it ends when it is dropped.
pub struct Turn {
    before: Option<Receiver<()>>,
    _over: Sender<()>,
}

impl Turns {
    /// The next turn of a key.
    pub fn take(&mut self, key: &Bytes) -> Turn {
        if self.last.len() >= KEPT_MAX {
            let under_way = |over: &mut Receiver<()>| over.try_recv() == Err(TryRecvError::Empty);
            self.last.retain(|_, over| under_way(over));
        }
        let (over, heard) = channel();
        Turn {
            before: self.last.insert(key.clone(), heard),
            _over: over,
        }
    }
}

impl Turn {
    /// Waits until the turn before it is over.
    pub async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: that its sender is gone is the news.
            let _ = before.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn turns_of_one_key_come_one_behind_the_other_and_other_keys_wait_for_none() {
        let mut turns = Turns::default();
        let [x, y] = ["x", "y"].map(Bytes::from);
        let mut first = turns.take(&x);
        let mut second = turns.take(&x);
        let mut third = turns.take(&x);
        assert!(turns.take(&y).come().now_or_never().is_some());
        assert!(first.come().now_or_never().is_some());
        assert!(second.come().now_or_never().is_none());
        drop(first);
        assert!(third.come().now_or_never().is_none());
    }

    #[test]
    fn keys_whose_turns_are_over_are_forgotten_and_no_others() {
        let mut turns = Turns::default();
        let kept = Bytes::from("kept");
        let first = turns.take(&kept);
        for number in 0..10 * KEPT_MAX {
            drop(turns.take(&number.to_string().into()));
        }
        assert!(turns.last.len() <= KEPT_MAX);
        assert!(turns.take(&kept).come().now_or_never().is_none());
        drop(first);
    }
}
