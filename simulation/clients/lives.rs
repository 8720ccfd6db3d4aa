//! The lives of a client: its code begins anew when its process was killed.

use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Notify;

use super::cluster::{ClientResult, Cluster};
use crate::history::SharedHistory;
use crate::panics;
use crate::simulation::ClientCode;
use crate::trace::now;

/// In so many turns of its host the tasks of a life have ended: those it has spawned, and those
/// that these have.
const TURNS_TO_DIE: u32 = 8;

/// The lives of a client on one host, each under a name of its own: who begins anew draws other
/// random numbers.
pub(crate) struct Lives {
    cluster: Cluster,
    code: ClientCode,
    begun: Cell<u64>,
    killer: Killer,
}

/// Who can end a life.
#[derive(Clone, Default)]
pub(crate) struct Killer(Rc<Notify>);

impl Killer {
    /// The life ends the next time that its host runs.
    pub(crate) fn kill(&self) {
        self.0.notify_one();
    }
}

impl Lives {
    pub(crate) fn new(cluster: Cluster, code: ClientCode, killer: Killer) -> Self {
        Self {
            cluster,
            code,
            begun: Cell::new(0),
            killer,
        }
    }

    /// The next life. An error or a panic ends it, and fails the run; the run goes on, so that all
    /// else is judged too.
    pub(crate) fn next(&self) -> impl Future<Output = turmoil::Result> + use<> {
        let (cluster, killer) = (self.named(), self.killer.clone());
        let mut life = AssertUnwindSafe((self.code)(cluster.clone())).catch_unwind();
        async move {
            let ended = tokio::select! {
                biased;
                () = killer.0.notified() => None,
                ended = &mut life => Some(ended),
            };
            match ended {
                None => die(&cluster, life).await,
                Some(ended) => end(&cluster, ended.unwrap_or_else(|_| panicked())),
            }
            Ok(())
        }
    }

    fn named(&self) -> Cluster {
        self.begun.set(self.begun.get() + 1);
        match self.begun.get() {
            1 => self.cluster.clone(),
            life => self
                .cluster
                .named(format!("{} life {life}", self.cluster.name())),
        }
    }
}

/// A life ends here, and not with its runtime: that one drops tasks in an order which no seed
/// gives, and so would close their sockets.
async fn die(cluster: &Cluster, life: impl Future) {
    cluster.history.borrow_mut().dying = Some(now());
    drop(life);
    // No other host has a turn meanwhile.
    for _ in 0..TURNS_TO_DIE {
        tokio::task::yield_now().await;
    }
    cluster.history.borrow_mut().dying = None;
}

/// What a life has left running ends as well. All that it gives up is given up at that time: what
/// is dropped with its runtime has no clock any more but the machine's.
pub(crate) fn end_the_rest(history: &SharedHistory, at: Duration, act: impl FnOnce()) {
    history.borrow_mut().dying = Some(at);
    act();
    history.borrow_mut().dying = None;
}

fn panicked() -> ClientResult {
    Err(panics::caught()
        .unwrap_or_else(|| "panicked".to_owned())
        .into())
}

fn end(cluster: &Cluster, ended: ClientResult) {
    if let Err(error) = ended {
        cluster.fail(format!("it ended with: {error}"));
    }
    cluster.progress.client_is_done();
}
