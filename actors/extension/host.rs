//! What a node knows of one of its extensions: whether it runs, and how much it has to answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use cartwheel::extension::Room;
use cartwheel::message::client::{ExtensionState, RequestError};
use cartwheel::node::NodeId;
use futures::task::AtomicWaker;

/// One extension of one node, as all threads of the node see it.
pub(super) struct Host {
    pub(super) node: NodeId,
    pub(super) name: &'static str,
    stage: Mutex<Stage>,
    room: Mutex<Room>,
    restarts: AtomicU64,
    /// Whether this life has lost a message that its context does not know of.
    lost: AtomicBool,
    waker: AtomicWaker,
}

/// Where an extension is in its lives.
enum Stage {
    /// Its actor is being made, or begins again.
    Beginning,
    Running,
    Resting {
        delay: Duration,
        cause: String,
    },
    Ended {
        cause: String,
    },
}

/// A life of an extension's actor, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Life(pub(super) u64);

impl Host {
    pub(super) fn new(node: NodeId, name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            node,
            name,
            stage: Mutex::new(Stage::Beginning),
            room: Mutex::default(),
            restarts: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        })
    }

    /// Why a question is not even put to the actor, if it is not.
    pub(super) fn refusal(&self) -> Option<RequestError> {
        let name = self.name;
        let cause = match &*self.stage() {
            Stage::Running => return None,
            Stage::Beginning => format!("extension {name} has not begun"),
            Stage::Resting { delay, cause } => {
                format!("extension {name} rests for {delay:?}, since {cause}")
            }
            Stage::Ended { cause } => format!("extension {name} has ended, since {cause}"),
        };
        let node = self.node;
        Some(RequestError::NotServing { node, cause })
    }

    /// What the status says of it, unless it can be asked itself.
    pub(super) fn state(&self) -> Option<ExtensionState> {
        match &*self.stage() {
            Stage::Running | Stage::Beginning => None,
            Stage::Resting { delay, cause } => Some(ExtensionState::Resting {
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                cause: cause.clone(),
            }),
            Stage::Ended { cause } => Some(ExtensionState::Ended {
                cause: cause.clone(),
            }),
        }
    }

    /// A place for a question of so many bytes, until it is dropped.
    pub(super) fn place(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let is_taken = self.room().take(bytes);
        is_taken.then(|| Held {
            host: Arc::clone(self),
            bytes,
        })
    }

    /// How often it has begun again.
    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// The life that it is in.
    pub(super) fn life(&self) -> Life {
        Life(self.restarts())
    }

    /// In this life a message was dropped without an answer. If its context goes on all the same,
    /// a future has panicked that runs beside it: the life is over.
    pub(super) fn has_lost(&self, life: Life) -> RequestError {
        if life == self.life() {
            self.lost.store(true, Ordering::Relaxed);
            self.waker.wake();
        }
        RequestError::QuestionLost {
            node: self.node,
            extension: self.name.to_owned(),
        }
    }

    /// Whether this life is over for that reason; who waits for it is woken.
    pub(super) fn is_over(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn begins(&self) {
        *self.stage() = Stage::Beginning;
    }

    pub(super) fn has_begun(&self) {
        *self.stage() = Stage::Running;
    }

    pub(super) fn has_begun_again(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.lost.store(false, Ordering::Relaxed);
        self.has_begun();
    }

    pub(super) fn rests(&self, delay: Duration, cause: String) {
        *self.stage() = Stage::Resting { delay, cause };
    }

    pub(super) fn ends(&self, cause: String) {
        *self.stage() = Stage::Ended { cause };
    }

    pub(super) fn ends_unless_ended(&self, cause: &str) {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Ended { .. }) {
            let cause = cause.to_owned();
            *stage = Stage::Ended { cause };
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a question with an extension.
pub(super) struct Held {
    host: Arc<Host>,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.host.room().give_back(self.bytes);
    }
}
