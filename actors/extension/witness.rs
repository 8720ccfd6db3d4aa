//! In which life of an extension a message was answered, or dropped without an answer.
//!
//! A message may wait in the mailbox from one life into the next, and whoever sent it may look at
//! its answer later still. Whoever drops it wakes whoever waits for it, so that moment tells.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};

use futures::task::AtomicWaker;
use tokio::task::unconstrained;

use super::host::{Host, Life};

/// Waits for an answer; with the life in which it came, or was given up.
pub(super) async fn witnessed<F: Future>(host: &Arc<Host>, answer: F) -> (F::Output, Life) {
    let witness = Witness::of(host);
    let waker = Waker::from(Arc::clone(&witness));
    // Unconstrained: a budget that is spent wakes as well, later than whoever dropped the message.
    let mut answer = pin!(unconstrained(answer));
    let answer = poll_fn(|task| {
        witness.waiting.register(task.waker());
        answer.as_mut().poll(&mut Context::from_waker(&waker))
    });
    let answer = answer.await;
    (answer, Life(witness.life.load(Ordering::Relaxed)))
}

struct Witness {
    host: Arc<Host>,
    /// The life at the last time that it was woken.
    life: AtomicU64,
    waiting: AtomicWaker,
}

impl Witness {
    fn of(host: &Arc<Host>) -> Arc<Self> {
        let (host, life) = (Arc::clone(host), AtomicU64::new(host.life().0));
        let waiting = AtomicWaker::new();
        Arc::new(Self {
            host,
            life,
            waiting,
        })
    }
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        self.life.store(self.host.life().0, Ordering::Relaxed);
        self.waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use cartwheel::node::NodeId;
    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn an_answer_is_of_the_life_in_which_it_was_given_up() {
        let host = Host::new(NodeId(1), "watched");
        let (sender, receiver) = oneshot::channel::<()>();
        let mut waiting = Box::pin(witnessed(&host, receiver));
        assert!(waiting.as_mut().now_or_never().is_none());
        host.has_begun_again();
        drop(sender);
        host.has_begun_again();
        let (answer, life) = waiting.now_or_never().expect("it was given up");
        assert!(answer.is_err());
        assert!(
            life == Life(1),
            "neither where it was sent nor where it was heard of"
        );
    }
}
