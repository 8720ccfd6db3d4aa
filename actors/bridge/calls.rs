//! The questions under way over one connection: the background class of its credits.
//!
//! A credit comes back with the answer or with the end of the connection, not when whoever
//! asked stops waiting: until then the peer is at work on it.

use std::collections::BTreeMap;

use bytes::Bytes;
use cartwheel::limits::BACKGROUND_CREDITS;
use tokio::sync::oneshot;

use super::call::CallError;

/// Who waits for an answer.
pub(super) type Waiting = oneshot::Sender<Result<Bytes, CallError>>;

/// The questions under way, by their call ids; whoever waits is told when it is dropped.
#[derive(Default)]
pub(super) struct Calls {
    waiting: BTreeMap<u64, Waiting>,
}

/// All credits are with the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CreditsSpent;

impl Calls {
    /// Takes a credit for a question.
    pub(super) fn open(&mut self, call: u64, waiting: Waiting) -> Result<(), CreditsSpent> {
        if self.waiting.len() >= BACKGROUND_CREDITS as usize {
            return Err(CreditsSpent);
        }
        self.waiting.insert(call, waiting);
        Ok(())
    }

    /// Gives the credit of an answered question back, and whoever waits for the answer.
    pub(super) fn close(&mut self, call: u64) -> Option<Waiting> {
        self.waiting.remove(&call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_come_back_with_answers_alone() {
        let mut calls = Calls::default();
        let credits = u64::from(BACKGROUND_CREDITS);
        for call in 0..credits {
            // Whoever asks stops waiting at once.
            let (waiting, _) = oneshot::channel();
            assert_eq!(calls.open(call, waiting), Ok(()));
        }
        let open = |calls: &mut Calls, call| calls.open(call, oneshot::channel().0);
        assert_eq!(open(&mut calls, credits), Err(CreditsSpent));
        assert!(calls.close(7).is_some());
        assert!(
            calls.close(7).is_none(),
            "an answer that comes twice counts once"
        );
        assert_eq!(open(&mut calls, credits), Ok(()));
        assert_eq!(open(&mut calls, credits + 1), Err(CreditsSpent));
    }
}
