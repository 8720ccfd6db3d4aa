//! Panics on demand, so that tests see what supervision makes of any actor, whatever it takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;

use crate::trip_wire::TripWire;

/// The panic of one actor, if a test asks for it.
#[derive(Default)]
pub(crate) struct PlannedPanic {
    asked: AtomicBool,
    waker: AtomicWaker,
    /// What has it panic in the middle of a turn.
    pub(crate) wire: TripWire,
}

impl PlannedPanic {
    /// Whether it was asked for, once; whoever asks later wakes the actor.
    pub(crate) fn is_due(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.asked.swap(false, Ordering::Relaxed)
    }

    fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.waker.wake();
    }
}

/// The panics of a node's actors, in the order in which they were started.
#[derive(Default)]
pub(crate) struct PlannedPanics(Mutex<Vec<(&'static str, Arc<PlannedPanic>)>>);

impl PlannedPanics {
    /// The panic of an actor that is started.
    pub(crate) fn of(&self, actor: &'static str) -> Arc<PlannedPanic> {
        let panic = Arc::<PlannedPanic>::default();
        self.all().push((actor, Arc::clone(&panic)));
        panic
    }

    /// The actors, by name.
    pub(crate) fn actors(&self) -> Vec<&'static str> {
        self.all().iter().map(|(actor, _)| *actor).collect()
    }

    /// Asks for the panic of the actor of a place; false if there is none.
    pub(crate) fn ask(&self, place: usize) -> bool {
        let all = self.all();
        let asked = all.get(place).map(|(_, panic)| panic.ask());
        asked.is_some()
    }

    /// The panic of the actor of a place, if there is one.
    #[cfg(feature = "trip-wires")]
    pub(crate) fn at(&self, place: usize) -> Option<Arc<PlannedPanic>> {
        self.all().get(place).map(|(_, panic)| Arc::clone(panic))
    }

    fn all(&self) -> MutexGuard<'_, Vec<(&'static str, Arc<PlannedPanic>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
