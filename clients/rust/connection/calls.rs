//! The requests under way on one connection, and the frames that wait to be written.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::Kind;
use cartwheel::message::frame::{Flags, Frame};
use slab::Slab;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connection_error::ConnectionError;

/// What becomes of a call: an answer, or the reason why there will be none.
pub(super) type Outcome = Result<Frame, Lost>;

/// Why a call gets no answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// Its deadline passed.
    Expired,
    /// The connection ended under it.
    Broken(Arc<ConnectionError>),
}

/// All that caller, reader and writer of a connection share, behind one lock that is held for
/// the time of a look-up.
#[derive(Debug)]
pub(super) struct Calls {
    /// Calls by the lower half of their id.
    slots: Slab<Waiting>,
    /// The upper half of the last id: a late answer must not find its slot's next tenant.
    generation: u32,
    outbox: Vec<Frame>,
    /// When the timer is set to look for expired calls.
    armed: Option<Instant>,
    /// Since when the node has said nothing although it was asked.
    quiet_since: Option<Instant>,
    ended: Option<Arc<ConnectionError>>,
}

#[derive(Debug)]
struct Waiting {
    generation: u32,
    deadline: Instant,
    answer: oneshot::Sender<Outcome>,
}

/// A call that was entered, and whom to tell.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) call: u64,
    pub(super) answer: oneshot::Receiver<Outcome>,
    /// The writer sleeps: the outbox was empty.
    pub(super) wake_writer: bool,
    /// The timer is set too late for this call, or not at all.
    pub(super) wake_timer: bool,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            outbox: Vec::new(),
            armed: None,
            quiet_since: None,
            ended: None,
        }
    }

    /// Queues a request and waits for its answer; an ended connection takes none.
    pub(super) fn enter(
        &mut self,
        kind: Kind,
        body: Bytes,
        now: Instant,
        deadline: Instant,
    ) -> Result<Entered, Arc<ConnectionError>> {
        if let Some(cause) = &self.ended {
            return Err(cause.clone());
        }
        self.quiet_since.get_or_insert(now);
        // Zero stays out, so that no id is ever zero: that is the connection's own.
        self.generation = self.generation.wrapping_add(1).max(1);
        let (sender, answer) = oneshot::channel();
        let slot = self.slots.insert(Waiting {
            generation: self.generation,
            deadline,
            answer: sender,
        });
        let call = u64::from(self.generation) << 32 | slot as u64;
        let wake_writer = self.outbox.is_empty();
        self.outbox.push(Frame {
            kind,
            flags: Flags::REQUEST,
            call,
            remaining_ms: remaining_ms(deadline - now),
            body,
        });
        Ok(Entered {
            call,
            answer,
            wake_writer,
            wake_timer: self.arm(deadline),
        })
    }

    fn arm(&mut self, deadline: Instant) -> bool {
        let late = self.armed.is_none_or(|armed| deadline < armed);
        if late {
            self.armed = Some(deadline);
        }
        late
    }

    /// When to look for expired calls, if there may be any.
    pub(super) fn armed(&self) -> Option<Instant> {
        self.armed
    }

    /// Swaps the frames to be written for an empty list, whose memory is used again.
    pub(super) fn take_outbox(&mut self, empty: &mut Vec<Frame>) {
        std::mem::swap(&mut self.outbox, empty);
    }

    /// Hands an answer to its call; the answer to a call that has given up is dropped.
    pub(super) fn answer(&mut self, frame: Frame) {
        if let Some(waiting) = self.remove(frame.call) {
            // Whoever waited may have gone in this very moment; then nobody needs the answer.
            let _ = waiting.answer.send(Ok(frame));
        }
    }

    /// Takes a call out, if it is still in.
    pub(super) fn forget(&mut self, call: u64) {
        self.remove(call);
    }

    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.slots.len()
    }

    fn remove(&mut self, call: u64) -> Option<Waiting> {
        let slot = usize::try_from(call & u64::from(u32::MAX)).ok()?;
        let generation = self.slots.get(slot)?.generation;
        let same = u64::from(generation) == call >> 32;
        same.then(|| self.slots.remove(slot))
    }

    /// The node said something: its silence, if anything is still unanswered, begins anew.
    pub(super) fn heard(&mut self, now: Instant) {
        self.quiet_since = (!self.slots.is_empty()).then_some(now);
    }

    /// Ends the calls whose deadline has passed and sets the timer to the next deadline. Tells
    /// for how long the node has been silent, if a call ended so.
    pub(super) fn expire(&mut self, now: Instant) -> Duration {
        let expired = self.slots.iter().filter(|(_, call)| call.deadline <= now);
        let expired: Vec<usize> = expired.map(|(slot, _)| slot).collect();
        for slot in &expired {
            let _ = self.slots.remove(*slot).answer.send(Err(Lost::Expired));
        }
        self.armed = self.slots.iter().map(|(_, call)| call.deadline).min();
        match self.quiet_since {
            Some(since) if !expired.is_empty() => now - since,
            _ => Duration::ZERO,
        }
    }

    /// Ends every call, and takes no more.
    pub(super) fn end(&mut self, cause: &Arc<ConnectionError>) {
        self.ended = Some(cause.clone());
        self.outbox = Vec::new();
        for waiting in self.slots.drain() {
            let _ = waiting.answer.send(Err(Lost::Broken(cause.clone())));
        }
    }

    /// Why the connection has ended, if it has.
    pub(super) fn ended(&self) -> Option<&Arc<ConnectionError>> {
        self.ended.as_ref()
    }
}

/// The node gets a little less time than there is, so that its own account of what it waited
/// for arrives before nobody listens any more.
fn remaining_ms(left: Duration) -> u32 {
    let reserve = (left / 10).min(ANSWER_RESERVE_MAX);
    let millis = (left - reserve).as_millis().max(1);
    u32::try_from(millis).unwrap_or(u32::MAX)
}

/// Enough for an answer to cross a data centre, even a busy one.
const ANSWER_RESERVE_MAX: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn calls() -> (Calls, Instant) {
        (Calls::new(), Instant::now())
    }

    fn enter(calls: &mut Calls, now: Instant, millis: u64) -> Entered {
        let deadline = now + Duration::from_millis(millis);
        calls.enter(Kind(16), Bytes::new(), now, deadline).unwrap()
    }

    fn answer_to(call: u64) -> Frame {
        Frame {
            kind: Kind(16),
            flags: Flags::REPLY,
            call,
            remaining_ms: 0,
            body: Bytes::new(),
        }
    }

    #[test]
    fn a_late_answer_does_not_reach_the_next_call_in_its_slot() {
        let (mut calls, now) = calls();
        let first = enter(&mut calls, now, 10);
        calls.expire(now + Duration::from_millis(10));
        let mut second = enter(&mut calls, now, 10);
        assert_eq!(
            first.call as u32, second.call as u32,
            "the slot is the same"
        );
        calls.answer(answer_to(first.call));
        assert!(second.answer.try_recv().is_err());
        calls.answer(answer_to(second.call));
        assert!(matches!(second.answer.try_recv(), Ok(Ok(_))));
    }

    #[test]
    fn the_timer_is_woken_only_for_a_deadline_before_its_own() {
        let (mut calls, now) = calls();
        assert!(enter(&mut calls, now, 100).wake_timer);
        assert!(!enter(&mut calls, now, 200).wake_timer);
        assert!(enter(&mut calls, now, 50).wake_timer);
        calls.expire(now + Duration::from_millis(60));
        assert_eq!(calls.armed(), Some(now + Duration::from_millis(100)));
    }

    #[test]
    fn silence_counts_from_the_last_word_of_the_node() {
        let (mut calls, now) = calls();
        let second = Duration::from_secs(1);
        let _entered = enter(&mut calls, now, 1_000);
        calls.heard(now + second / 4);
        assert_eq!(calls.expire(now + second), second * 3 / 4);
    }

    #[test]
    fn silence_adds_up_over_calls_that_are_shorter_than_it() {
        let (mut calls, now) = calls();
        for start in [0, 100, 200] {
            let start = Duration::from_millis(start);
            let _entered = enter(&mut calls, now + start, 50);
            let silence = start + Duration::from_millis(50);
            assert_eq!(calls.expire(now + silence), silence);
        }
        calls.heard(now);
        assert_eq!(calls.expire(now + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn the_node_gets_a_tenth_less_time_but_never_none() {
        assert_eq!(remaining_ms(Duration::from_millis(500)), 450);
        assert_eq!(remaining_ms(Duration::from_secs(60)), 59_900);
        assert_eq!(remaining_ms(Duration::ZERO), 1);
        assert_eq!(remaining_ms(Duration::MAX), u32::MAX);
    }

    #[test]
    fn the_end_reaches_every_call_and_no_more_are_taken() {
        let (mut calls, now) = calls();
        let mut entered = enter(&mut calls, now, 10);
        let cause = Arc::new(ConnectionError::Closed {
            endpoint: "here".to_owned(),
            unread: 0,
        });
        calls.end(&cause);
        assert!(matches!(
            entered.answer.try_recv(),
            Ok(Err(Lost::Broken(_)))
        ));
        assert!(calls.enter(Kind(16), Bytes::new(), now, now).is_err());
    }
}
