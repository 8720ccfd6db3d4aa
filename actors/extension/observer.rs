//! The way of accepted records from the replicas to the observers.
//!
//! A replica puts a burst's records into each feed and goes on; a pump a feed hands them to the
//! actor, one message after the other, so that whoever is slow falls behind alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use cartwheel::extension::{Accepted, Feed, Notice};
use cartwheel::limits::OBSERVED_AT_ONCE_MAX;
use tokio::sync::Notify;

/// What was accepted here, for an actor that observes. The next comes when this one is handled,
/// the future of its handler included.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Observed(pub Vec<Notice>);

/// The feed of one observer.
pub(crate) struct ObserverFeed {
    feed: Mutex<Feed>,
    news: Notify,
}

impl ObserverFeed {
    pub(super) fn new(records_max: usize) -> Arc<Self> {
        Arc::new(Self {
            feed: Mutex::new(Feed::new(records_max)),
            news: Notify::new(),
        })
    }

    /// Hands over what waits for as long as the actor lives.
    pub(super) async fn pump<A>(self: Arc<Self>, actor: Addr<A>)
    where
        A: Actor + Handler<Observed>,
        A::Context: ToEnvelope<A, Observed>,
    {
        while actor.connected() {
            let notices = self.feed().take(OBSERVED_AT_ONCE_MAX);
            if notices.is_empty() {
                self.news.notified().await;
            } else if actor.send(Observed(notices)).await.is_err() {
                // Lost in a panic, and nobody knows how much of it was done.
                self.feed().observer_restarted();
            }
        }
    }

    /// The lock is held for as long as it takes to move a few pointers.
    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The feeds of all observers of a node; most nodes have none.
#[derive(Clone, Default)]
pub(crate) struct Observers(Arc<[Arc<ObserverFeed>]>);

impl Observers {
    pub(super) fn new(feeds: impl IntoIterator<Item = Arc<ObserverFeed>>) -> Self {
        Self(feeds.into_iter().collect())
    }

    /// Whether there are none, so that nothing has to be kept for them.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Offers what a burst has seen accepted.
    pub(crate) fn offer(&self, accepted: &[Accepted]) {
        if accepted.is_empty() {
            return;
        }
        for observer in self.0.iter() {
            let mut feed = observer.feed();
            accepted.iter().for_each(|one| feed.offer(one.clone()));
            drop(feed);
            observer.news.notify_one();
        }
    }

    /// A replica began anew, and all that its earlier life has queued is written by now.
    pub(crate) fn replica_restarted(&self) {
        for observer in self.0.iter() {
            observer.feed().replica_restarted();
            observer.news.notify_one();
        }
    }
}
