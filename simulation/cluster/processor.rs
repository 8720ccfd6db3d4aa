//! What a node runs on: a processor that may stand still, or be slow.
//!
//! All tasks of a life run in one set, which is polled here alone. While the node is paused nobody
//! polls it: its timers end late, and what arrives waits in its sockets, as for a process that was
//! stopped (`SIGSTOP`) or a virtual machine that moves. A slow node gets a turn only every so many
//! milliseconds. Both clocks go on meanwhile.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::ready;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{Sleep, sleep};

/// How often a node that is paused looks whether it still is.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The processor of a node; it outlives the node.
#[derive(Clone, Default)]
pub struct Processor(Rc<State>);

#[derive(Default)]
struct State {
    paused: Cell<bool>,
    /// The time between two turns of a slow node.
    turn_every: Cell<Duration>,
}

impl Processor {
    /// Nothing runs from now on.
    pub fn pause(&self) {
        self.0.paused.set(true);
    }

    /// From now on the node gets a turn only every so long.
    pub fn slow_down(&self, turn_every: Duration) {
        self.0.turn_every.set(turn_every);
    }

    /// It runs, and at full speed.
    pub fn run_again(&self) {
        self.0.paused.set(false);
        self.0.turn_every.set(Duration::ZERO);
    }

    /// Runs one life of the node, and whatever that spawns.
    pub async fn run(
        self,
        life: impl Future<Output = turmoil::Result> + 'static,
    ) -> turmoil::Result {
        let mut tasks = LocalSet::new();
        let mut life = tasks.spawn_local(life);
        let mut rest: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|context| {
            // The set wakes this task while it rests, and is not polled for it.
            if let Some(sleep) = &mut rest {
                ready!(sleep.as_mut().poll(context));
            }
            if !self.0.paused.get() {
                // Some task is left as long as the life lasts.
                let _ = Pin::new(&mut tasks).poll(context);
            }
            rest = self.rest();
            if let Some(sleep) = &mut rest {
                // Sets its timer.
                let _ = sleep.as_mut().poll(context);
            }
            Pin::new(&mut life).poll(context)
        })
        .await?
    }

    /// How long nothing runs from now on.
    fn rest(&self) -> Option<Pin<Box<Sleep>>> {
        let time = match self.0.paused.get() {
            true => LOOK_EVERY,
            false => self.0.turn_every.get(),
        };
        (time > Duration::ZERO).then(|| Box::pin(sleep(time)))
    }
}
