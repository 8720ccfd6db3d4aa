//! An extension that does all the harm it can.

use std::future::{pending, ready};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use bytes::Bytes;
use cartwheel::message::client::{ExtensionState, ExtensionStatus, RequestError};
use cartwheel::message::{Kind, Message};
use cartwheel::time::Moment;
use cartwheel_actors::extension::{
    Extension, Inspect, NoSettings, Observed, Question, Reach, State,
};
use cartwheel_actors::shell::{Clock, MonotonicClock};
use cartwheel_client::{Client, Error};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::cluster::Cluster;

/// What to do to its node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Harm {
    /// None.
    Answer,
    /// Stands still, until the test lets it go on.
    Block,
    Panic,
    /// Panics with something that panics itself when it is dropped.
    PanicTwice,
    /// Ends the thread that it runs on.
    StopItsThread,
    /// In a future, where its context does not see it.
    PanicLater,
    /// Does not answer before the test allows it; with so much to carry.
    Wait(Bytes),
}

impl Message for Harm {
    const KIND: Kind = Kind(0x8010);
    type Reply = ();
}

/// What the test sees of the extensions of all nodes, and does to them.
pub struct Watched {
    /// Whether whoever blocks goes on.
    released: Mutex<bool>,
    news: Condvar,
    /// Questions that have reached their handler.
    pub handled: AtomicU64,
    /// How often it was asked for its state, and whether it never shows it.
    pub inspected: AtomicU64,
    pub is_mute: AtomicBool,
    /// A permit for each question that may be answered.
    pub answers: Semaphore,
    /// What its actor does when it is made, first things last.
    pub births: Mutex<Vec<Harm>>,
    /// Whether it panics at each notice, and when it did.
    pub is_afraid: AtomicBool,
    pub shocks: Mutex<Vec<Moment>>,
    pub clock: MonotonicClock,
    /// Whether it panics when it has stopped, and once more when it is dropped.
    pub dies_badly: AtomicBool,
}

impl Watched {
    /// Lets everybody go on who blocks.
    pub fn release(&self) {
        *self.released.lock().unwrap() = true;
        self.news.notify_all();
    }

    /// Stops the thread, as what waits for a lock or a disk does.
    fn block(&self) {
        let released = self.released.lock().unwrap();
        let _released = self.news.wait_while(released, |released| !*released);
    }
}

/// What its panics say; nobody is told of those.
pub const ASKED: &str = "a test asked for a panic";

struct Harmful(Arc<Watched>);

/// What panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{ASKED}");
    }
}

impl Drop for Harmful {
    fn drop(&mut self) {
        assert!(!self.0.dies_badly.load(Ordering::Relaxed), "{ASKED}");
    }
}

impl Harmful {
    fn new(watched: Arc<Watched>) -> Self {
        let born = watched.births.lock().unwrap().pop();
        match born {
            Some(Harm::Panic) => panic!("{ASKED}"),
            Some(Harm::Block) => watched.block(),
            _ => {}
        }
        Self(watched)
    }
}

impl Actor for Harmful {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        assert!(!self.0.dies_badly.load(Ordering::Relaxed), "{ASKED}");
    }
}

impl Supervised for Harmful {}

impl Handler<Question<Harm>> for Harmful {
    type Result = ResponseFuture<Result<(), RequestError>>;

    fn handle(&mut self, Question(harm): Question<Harm>, _: &mut Self::Context) -> Self::Result {
        self.0.handled.fetch_add(1, Ordering::Relaxed);
        let watched = Arc::clone(&self.0);
        match harm {
            Harm::Answer => {}
            Harm::Block => watched.block(),
            Harm::Panic => panic!("{ASKED}"),
            Harm::PanicTwice => std::panic::panic_any(Bomb),
            Harm::StopItsThread => actix::Arbiter::current().stop().then_some(()).unwrap(),
            Harm::PanicLater => return Box::pin(async { panic!("{ASKED}") }),
            Harm::Wait(_) => {
                return Box::pin(async move {
                    watched.answers.acquire().await.unwrap().forget();
                    Ok(())
                });
            }
        }
        Box::pin(async { Ok(()) })
    }
}

impl Handler<Observed> for Harmful {
    type Result = ();

    fn handle(&mut self, _: Observed, _: &mut Self::Context) {
        if self.0.is_afraid.load(Ordering::Relaxed) {
            let now = self.0.clock.now();
            self.0.shocks.lock().unwrap().push(now);
            panic!("{ASKED}");
        }
    }
}

impl Handler<Inspect> for Harmful {
    type Result = ResponseFuture<State>;

    fn handle(&mut self, _: Inspect, _: &mut Self::Context) -> Self::Result {
        self.0.inspected.fetch_add(1, Ordering::Relaxed);
        match self.0.is_mute.load(Ordering::Relaxed) {
            true => Box::pin(pending()),
            false => Box::pin(ready(State::new())),
        }
    }
}

/// The extension, and what the test sees of it.
pub fn harmful() -> (Extension, Arc<Watched>) {
    let watched = Arc::new(Watched {
        released: Mutex::default(),
        news: Condvar::new(),
        handled: AtomicU64::new(0),
        inspected: AtomicU64::new(0),
        is_mute: AtomicBool::new(false),
        answers: Semaphore::new(0),
        births: Mutex::default(),
        is_afraid: AtomicBool::new(false),
        shocks: Mutex::default(),
        clock: MonotonicClock::new(),
        dies_badly: AtomicBool::new(false),
    });
    let seen = Arc::clone(&watched);
    let extension = Extension::new("harmful", move |_, _: NoSettings| {
        Harmful::new(Arc::clone(&seen))
    })
    .answers::<Harm>(Reach::Everyone)
    .observes(1000)
    .shows_state()
    .build();
    (extension, watched)
}

/// A client of one node that sends each request once.
pub async fn once(cluster: &Cluster, node: usize) -> Client {
    let client = cluster.patient(&[node]).retries(0);
    client.build().await.unwrap()
}

/// Why a question was refused.
pub fn refusal(asked: Result<(), Error>) -> RequestError {
    asked.unwrap_err().refusal().unwrap().clone()
}

/// The extension's line of the status of a node.
pub async fn status(client: &Client) -> ExtensionStatus {
    let status = client.status().await.unwrap();
    let of_it = |known: &&ExtensionStatus| known.name == "harmful";
    status.extensions.iter().find(of_it).unwrap().clone()
}

/// What it shows when all is well.
pub fn is_well(state: &ExtensionState) -> bool {
    *state == ExtensionState::Shown(Vec::new())
}
