//! Panics in the middle of an actor's work, so that tests see what it leaves half done.
//!
//! ```text
//!   a test ─ stretch(Amid::…, n) ─► wire ─ drawn while its actor has a turn ─► pass(Amid::…) × n ─► panic
//! ```
//!
//! Work is passed at every step in which it may stand half done: between two commands of a burst,
//! two effects, two peers. All of it is there with the feature `trip-wires` alone, which only the
//! simulation asks for; elsewhere a step is passed without a trace in the code.

/// Work in the middle of which an actor may panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amid {
    /// The commands that a replica was handed.
    ReplicaCommands,
    /// What the store has completed for a replica.
    ReplicaCompletions,
    /// What a replica wants of its store and says to others, at the end of a burst.
    ReplicaEffects,
    /// The answers of a burst, of which each peer gets its own.
    ReplicaAnswers,
    /// The requests that a coordinator was handed.
    CoordinatorRequests,
    /// What a coordinator's replica or its peers have answered.
    CoordinatorAnswers,
    /// What a coordinator wants of others and says to clients.
    CoordinatorEffects,
    /// What leaves a coordinator at the end of a burst: for its replica, and for each peer.
    CoordinatorDepartures,
}

#[cfg(not(feature = "trip-wires"))]
mod wire {
    use super::Amid;

    /// Nothing.
    #[derive(Default)]
    pub(crate) struct TripWire;

    impl TripWire {
        /// Has a turn.
        pub(crate) fn drawn<T>(&self, turn: impl FnOnce() -> T) -> (T, bool) {
            (turn(), false)
        }
    }

    /// Nothing.
    pub(crate) const fn pass(_: Amid) {}
}

#[cfg(feature = "trip-wires")]
mod wire {
    use std::cell::Cell;
    use std::sync::{Mutex, PoisonError};

    use super::Amid;

    thread_local! {
        // A turn is one poll on one thread and turns don't meet in it, so that a step needs to be
        // told of nobody's wire.
        static STRETCHED: Cell<Wire> = const { Cell::new(Wire::NONE) };
    }

    #[derive(Clone, Copy)]
    struct Wire {
        work: Amid,
        /// How many steps of that work are passed until a panic; 0 for none.
        steps: u64,
        torn: bool,
    }

    impl Wire {
        const NONE: Self = Self {
            work: Amid::ReplicaCommands,
            steps: 0,
            torn: false,
        };
    }

    /// The wire of one actor.
    pub(crate) struct TripWire(Mutex<Wire>);

    impl Default for TripWire {
        fn default() -> Self {
            Self(Mutex::new(Wire::NONE))
        }
    }

    impl TripWire {
        pub(crate) fn stretch(&self, work: Amid, steps: u64) {
            let torn = false;
            self.replace(Wire { work, steps, torn });
        }

        /// Takes it away; whether it was torn.
        pub(crate) fn take_away(&self) -> bool {
            self.replace(Wire::NONE).torn
        }

        /// Whether it was torn since it was stretched.
        pub(crate) fn is_torn(&self) -> bool {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).torn
        }

        /// Has a turn, which must not unwind; and whether it has torn the wire.
        pub(crate) fn drawn<T>(&self, turn: impl FnOnce() -> T) -> (T, bool) {
            let before = self.replace(Wire::NONE);
            STRETCHED.set(before);
            let result = turn();
            let after = STRETCHED.replace(Wire::NONE);
            self.replace(after);
            (result, after.torn && !before.torn)
        }

        fn replace(&self, wire: Wire) -> Wire {
            let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut own, wire)
        }
    }

    /// A step in the middle of work.
    pub(crate) fn pass(work: Amid) {
        let wire = STRETCHED.get();
        if wire.steps > 0 && wire.work == work {
            let steps = wire.steps - 1;
            let torn = steps == 0;
            STRETCHED.set(Wire { work, steps, torn });
            assert!(!torn, "a test asked an actor to panic in the middle");
        }
    }
}

pub(crate) use wire::{TripWire, pass};
