//! Supervision that survives panics.
//!
//! actix's own supervisor does not restart an actor that panicked. This one drives the
//! actor's context itself and catches the unwind: the address, the mailbox and what is queued
//! in it survive, and only the message in hand is lost. `restarting` keeps the old struct, so
//! it must rebuild all state.
//!
//! Extensions have a supervisor of their own (`extension/lives.rs`), since their failures must not
//! end the node.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, ready};

use actix::dev::ContextFut;
use actix::{Actor, Addr, AsyncContext, Context, Supervised};
use cartwheel::restarts::{RestartRule, Restarts};

use crate::planned_panic::{PlannedPanic, PlannedPanics};
use crate::shell::Clock;
#[cfg(feature = "trip-wires")]
use crate::trip_wire::Amid;

/// What the supervisors of a node share.
pub struct Supervision {
    budget: RestartRule,
    clock: Arc<dyn Clock>,
    restarts: AtomicU64,
    panics: PlannedPanics,
    /// Called with the name of an actor whose budget is spent.
    exhausted: Box<dyn Fn(&'static str) + Send + Sync>,
}

impl Supervision {
    /// Supervision under a budget; `exhausted` decides what becomes of the node.
    pub fn new(
        budget: RestartRule,
        clock: Arc<dyn Clock>,
        exhausted: impl Fn(&'static str) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            budget,
            clock,
            restarts: AtomicU64::new(0),
            panics: PlannedPanics::default(),
            exhausted: Box::new(exhausted),
        })
    }

    /// How often any actor was restarted, of an extension's only when a test has asked for it.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// The panic that a test may ask of an actor, which takes the next place in their order.
    pub(crate) fn planned(&self, actor: &'static str) -> Arc<PlannedPanic> {
        self.panics.of(actor)
    }

    /// The actors by name, in the order in which they were started.
    pub fn actors(&self) -> Vec<&'static str> {
        self.panics.actors()
    }

    /// Makes the actor of a place in that order panic at once, or in its next turn if it has one
    /// already; false if there is none.
    pub fn panic_soon(&self, place: usize) -> bool {
        self.panics.ask(place)
    }

    /// Makes the actor of a place panic in the middle of some work, at that step of it, counted from 1.
    #[cfg(feature = "trip-wires")]
    pub fn panic_amid(&self, place: usize, work: Amid, steps: u64) {
        if let Some(panic) = self.panics.at(place) {
            panic.wire.stretch(work, steps);
        }
    }

    /// Whether the actor of a place has panicked so.
    #[cfg(feature = "trip-wires")]
    pub fn has_panicked_amid(&self, place: usize) -> bool {
        let panic = self.panics.at(place);
        panic.is_some_and(|panic| panic.wire.is_torn())
    }

    /// Takes that back; whether the actor of a place has panicked so.
    #[cfg(feature = "trip-wires")]
    pub fn panic_no_more(&self, place: usize) -> bool {
        let panic = self.panics.at(place);
        panic.is_some_and(|panic| panic.wire.take_away())
    }

    /// Starts an actor on the event loop of the caller.
    pub fn start<A>(
        self: &Arc<Self>,
        name: &'static str,
        make: impl FnOnce(&mut Context<A>) -> A,
    ) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Supervised,
    {
        let mut context = Context::new();
        let actor = make(&mut context);
        let address = context.address();
        actix_rt::spawn(Supervisor {
            name,
            address: address.clone(),
            actor: context.into_future(actor),
            panic: self.planned(name),
            supervision: Arc::clone(self),
            recent: Restarts::new(self.budget),
        });
        address
    }
}

struct Supervisor<A: Actor<Context = Context<A>> + Supervised> {
    name: &'static str,
    actor: ContextFut<A, Context<A>>,
    /// Held, because actix starts nobody again whom nobody can reach: an actor that is sent
    /// nothing, as a link, would end at its first panic.
    address: Addr<A>,
    panic: Arc<PlannedPanic>,
    supervision: Arc<Supervision>,
    recent: Restarts,
}

impl<A: Actor<Context = Context<A>> + Supervised> Future for Supervisor<A> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<()> {
        loop {
            let Self { actor, panic, .. } = &mut *self;
            let end = ready!(turn(actor, panic, task));
            if let End::Panicked { reason, .. } = end {
                tracing::error!(actor = self.name, panic = reason, "an actor panicked");
            }
            let now = self.supervision.clock.now();
            if !self.recent.failed(now) {
                tracing::error!(actor = self.name, "the restart budget is spent");
                (self.supervision.exhausted)(self.name);
                return Poll::Ready(());
            }
            let actor = &mut self.actor;
            match catch_unwind(AssertUnwindSafe(|| actor.restart())) {
                Ok(true) => {}
                // An actor that can't start again is no better than one that fails too often.
                Ok(false) => {
                    let reachable = self.address.connected();
                    tracing::error!(actor = self.name, reachable, "an actor did not start again");
                    (self.supervision.exhausted)(self.name);
                    return Poll::Ready(());
                }
                Err(panic) => {
                    let panic = reason(panic);
                    tracing::error!(actor = self.name, panic, "an actor panicked in its restart");
                    (self.supervision.exhausted)(self.name);
                    return Poll::Ready(());
                }
            }
            self.supervision.restarted();
        }
    }
}

/// How a life of an actor ends.
pub(crate) enum End {
    /// It has stopped itself.
    Stopped,
    /// It has panicked, perhaps because a test asked for it.
    Panicked { reason: String, planned: bool },
}

/// A turn of an actor, whose panics are caught; ready once its life is over.
pub(crate) fn turn<A: Actor<Context = Context<A>>>(
    actor: &mut ContextFut<A, Context<A>>,
    panic: &PlannedPanic,
    task: &mut std::task::Context<'_>,
) -> Poll<End> {
    let planned = panic.is_due(task.waker());
    let poll = || {
        assert!(!planned, "a test asked an actor to panic");
        Pin::new(actor).poll(task)
    };
    let (polled, torn) = panic.wire.drawn(|| catch_unwind(AssertUnwindSafe(poll)));
    match polled {
        Ok(polled) => polled.map(|()| End::Stopped),
        Err(panic) => {
            let (reason, planned) = (reason(panic), planned || torn);
            Poll::Ready(End::Panicked { reason, planned })
        }
    }
}

/// What a panic says. What it carries may panic when it is dropped, and so may what that carries.
pub(crate) fn reason(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("no text").to_owned();
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
    text
}
