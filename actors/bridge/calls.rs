//! The questions under way over one connection, and the credits for them: one class for the nodes'
//! own, and one for those of extensions, which must not hold up the others.
//!
//! A credit comes back with the answer or with the end of the connection, not when whoever
//! asked stops waiting: until then the peer is at work on it.

use std::collections::BTreeMap;

use bytes::Bytes;
use cartwheel::limits::{BACKGROUND_CREDITS, EXTENSION_CREDITS};
use cartwheel::message::Kind;
use tokio::sync::oneshot;

use super::call::CallError;

/// Who waits for an answer.
pub(super) type Waiting = oneshot::Sender<Result<Bytes, CallError>>;

/// The questions under way, by their call ids; whoever waits is told when it is dropped.
#[derive(Default)]
pub(super) struct Calls {
    waiting: BTreeMap<u64, (Kind, Waiting)>,
    /// How many of them are for extensions.
    of_extensions: usize,
}

/// All credits of the question's class are with the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CreditsSpent {
    /// How many there are.
    pub limit: u32,
}

impl Calls {
    /// Takes a credit for a question.
    pub(super) fn open(
        &mut self,
        call: u64,
        kind: Kind,
        waiting: Waiting,
    ) -> Result<(), CreditsSpent> {
        let (under_way, limit) = match kind.is_of_extensions() {
            true => (self.of_extensions, EXTENSION_CREDITS),
            false => (self.waiting.len() - self.of_extensions, BACKGROUND_CREDITS),
        };
        if under_way >= limit as usize {
            return Err(CreditsSpent { limit });
        }
        self.of_extensions += usize::from(kind.is_of_extensions());
        self.waiting.insert(call, (kind, waiting));
        Ok(())
    }

    /// Gives the credit of an answered question back, and whoever waits for the answer.
    pub(super) fn close(&mut self, call: u64) -> Option<Waiting> {
        let (kind, waiting) = self.waiting.remove(&call)?;
        self.of_extensions -= usize::from(kind.is_of_extensions());
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Kind = Kind(80);
    const OF_EXTENSIONS: Kind = Kind::FIRST_OF_EXTENSIONS;

    fn open(calls: &mut Calls, call: u64, kind: Kind) -> Result<(), CreditsSpent> {
        // Whoever asks stops waiting at once.
        calls.open(call, kind, oneshot::channel().0)
    }

    #[test]
    fn credits_come_back_with_answers_alone() {
        for (kind, limit) in [
            (OWN, BACKGROUND_CREDITS),
            (OF_EXTENSIONS, EXTENSION_CREDITS),
        ] {
            let mut calls = Calls::default();
            let (credits, spent) = (u64::from(limit), Err(CreditsSpent { limit }));
            for call in 0..credits {
                assert_eq!(open(&mut calls, call, kind), Ok(()));
            }
            assert_eq!(open(&mut calls, credits, kind), spent);
            assert!(calls.close(7).is_some());
            assert!(
                calls.close(7).is_none(),
                "an answer that comes twice counts once"
            );
            assert_eq!(open(&mut calls, credits, kind), Ok(()));
            assert_eq!(open(&mut calls, credits + 1, kind), spent);
        }
    }

    #[test]
    fn extensions_that_do_not_answer_leave_the_nodes_own_credits_alone() {
        let mut calls = Calls::default();
        let mut call = 0;
        let mut all = |kind| {
            let before = call;
            while open(&mut calls, call, kind).is_ok() {
                call += 1;
            }
            call - before
        };
        assert_eq!(all(OF_EXTENSIONS), u64::from(EXTENSION_CREDITS));
        assert_eq!(all(OWN), u64::from(BACKGROUND_CREDITS));
    }
}
