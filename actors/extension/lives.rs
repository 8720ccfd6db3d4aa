//! The lives of an extension's actor, one after the other, where the extension runs.
//!
//! It is supervised as our own actors are, with a budget of its own: between two lives it rests,
//! each time longer, and when it has failed too often it ends alone.
//!
//! actix runs a future that a handler returns beside the actor's context, in whatever set of tasks
//! is current there. Each life has a set of its own, so that with it ends all that it has begun, and
//! whoever waits for an answer of it is told.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, ready};

use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Context, Supervised};
use cartwheel::restarts::Restarts;
use futures::future::{FutureExt, LocalBoxFuture};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::host::Host;
use crate::planned_panic::PlannedPanic;
use crate::shell::Clock;
use crate::supervision::{End, Supervision, reason, turn};

/// What the lives of one actor share.
pub(super) struct Lives<A> {
    pub(super) host: Arc<Host>,
    pub(super) make: Box<dyn Fn() -> A>,
    pub(super) restarts: Restarts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) planned: Arc<PlannedPanic>,
    pub(super) supervision: Arc<Supervision>,
}

/// Says that the last life is over, where that was no end of ours: the thread may have been stopped.
struct Noticed(Arc<Host>);

impl Drop for Noticed {
    fn drop(&mut self) {
        self.0
            .ends_unless_ended("its thread has stopped, or its supervisor has failed");
    }
}

/// How a life is over.
enum Over {
    /// A test has asked for it, which costs nothing.
    Planned,
    /// It has failed, of this.
    Failed(String),
}

impl<A> Lives<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    /// Lives on until it has failed too often. What is observed is handed over in its turns alone,
    /// and not while it rests; `begun` is dropped when the actor was made, or could not be.
    pub(super) async fn run(
        mut self,
        context: Context<A>,
        mut pump: LocalBoxFuture<'static, Infallible>,
        begun: oneshot::Sender<Infallible>,
    ) {
        let _noticed = Noticed(Arc::clone(&self.host));
        let Some(actor) = self.first(begun).await else {
            return;
        };
        let mut actor = context.into_future(actor);
        let mut beside = LocalSet::new();
        loop {
            let life = async {
                tokio::select! {
                    biased;
                    over = poll_fn(|task| self.turn(&mut actor, task)) => over,
                    never = &mut pump => match never {},
                }
            };
            let over = beside.run_until(life).await;
            dropped(beside);
            beside = LocalSet::new();
            if !self.begins_again(&mut actor, &beside, over).await {
                break;
            }
        }
        // What it observes is let go first: the end of an actor may take as long as it likes.
        drop(pump);
        self.end(actor);
    }

    fn end(&self, mut actor: ContextFut<A, Context<A>>) {
        let beside = LocalSet::new();
        let _beside = beside.enter();
        // Its last turn comes before it is dropped: two panics at once would end the process.
        actor.ctx().stop();
        let _ = poll_fn(|task| turn(&mut actor, &self.planned, task)).now_or_never();
        actor.ctx().terminate();
        dropped(actor);
    }

    async fn first(&mut self, begun: oneshot::Sender<Infallible>) -> Option<A> {
        let mut begun = Some(begun);
        loop {
            match catch_unwind(AssertUnwindSafe(&self.make)) {
                Ok(actor) => {
                    self.host.has_begun();
                    return Some(actor);
                }
                Err(panic) => {
                    drop(begun.take());
                    let cause = format!("it panicked when it was made: {}", reason(panic));
                    if !self.rests(cause).await {
                        return None;
                    }
                }
            }
        }
    }

    fn turn(
        &self,
        actor: &mut ContextFut<A, Context<A>>,
        task: &mut std::task::Context<'_>,
    ) -> Poll<Over> {
        if self.host.is_over(task.waker()) {
            let cause = "a future of it panicked".to_owned();
            return Poll::Ready(Over::Failed(cause));
        }
        Poll::Ready(match ready!(turn(actor, &self.planned, task)) {
            End::Panicked { planned: true, .. } => Over::Planned,
            End::Panicked { reason, .. } => Over::Failed(format!("it panicked: {reason}")),
            End::Stopped => Over::Failed("it stopped itself".to_owned()),
        })
    }

    /// Starts the next life, with what is to run beside it; false if there is none.
    async fn begins_again(
        &mut self,
        actor: &mut ContextFut<A, Context<A>>,
        beside: &LocalSet,
        over: Over,
    ) -> bool {
        let mut failure = match over {
            Over::Failed(cause) => Some(cause),
            Over::Planned => {
                self.supervision.restarted();
                None
            }
        };
        loop {
            if let Some(cause) = failure.take()
                && !self.rests(cause).await
            {
                return false;
            }
            let restart = || {
                let _beside = beside.enter();
                actor.restart()
            };
            match catch_unwind(AssertUnwindSafe(restart)) {
                Ok(true) => {
                    self.host.has_begun_again();
                    return true;
                }
                Ok(false) => failure = Some("nobody can reach it".to_owned()),
                Err(panic) => {
                    let reason = reason(panic);
                    failure = Some(format!("it panicked in its restart: {reason}"));
                }
            }
        }
    }

    /// Rests after a failure; false if it was one too many.
    async fn rests(&mut self, cause: String) -> bool {
        let (extension, begins_again) = (self.host.name, self.restarts.failed(self.clock.now()));
        let (failures, delay) = (self.restarts.recent(), self.restarts.rest());
        if !begins_again {
            let often = format!("it failed {failures} times in a short time, and at last {cause}");
            tracing::error!(
                extension,
                cause = often,
                "an extension ends, the node goes on"
            );
            self.host.ends(often);
            return false;
        }
        tracing::error!(extension, cause, ?delay, failures, "an extension failed");
        self.host.rests(delay, cause);
        tokio::time::sleep(delay).await;
        self.host.begins();
        true
    }
}

/// Drops what may panic when it is dropped.
fn dropped<T>(what: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(what)));
    dropped.unwrap_or_else(|panic| drop(reason(panic)));
}
