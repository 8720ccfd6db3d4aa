//! The way of accepted records from the replicas to the observers.
//!
//! A replica puts a burst's records into each feed and goes on; a pump a feed hands them to the
//! actor, one message after the other, so that whoever is slow falls behind alone.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Actor, Context, Handler, Message};
use cartwheel::extension::{Accepted, Feed, Notice};
use cartwheel::limits::OBSERVED_AT_ONCE_MAX;
use tokio::sync::Notify;
use tokio::task::yield_now;

use super::place::Place;

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

    /// The lock is held for as long as it takes to move a few pointers.
    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a feed that the observer has. When it is dropped, be it with the last life of an actor
/// or before an actor was made, what waits is let go, and nothing is kept from then on.
pub(super) struct Observer(Arc<ObserverFeed>);

impl Observer {
    pub(super) fn new(feed: Arc<ObserverFeed>) -> Self {
        Self(feed)
    }

    /// Hands over what waits for as long as the actor lives. Only its lives poll this, so that
    /// nothing is handed over while it rests.
    pub(super) async fn pump<A>(self, place: Place<A>) -> Infallible
    where
        A: Actor<Context = Context<A>> + Handler<Observed>,
    {
        let Self(feed) = &self;
        loop {
            let notices = feed.feed().take(OBSERVED_AT_ONCE_MAX);
            if notices.is_empty() {
                feed.news.notified().await;
            } else if place.put(Observed(notices)).await.is_err() {
                // Lost in a panic, and nobody knows how much of it was done.
                feed.feed().observer_restarted();
                // The next must not be sent into a life that is over.
                yield_now().await;
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        *self.0.feed() = Feed::new(0);
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cartwheel::key::{BucketId, KeyHash, PartitionId};
    use cartwheel::node::{NodeId, ShardId};
    use cartwheel::store::{SliceId, StoredKey};
    use futures::FutureExt;

    use super::*;
    use crate::extension::host::Host;
    use crate::shell::LocalShards;

    struct Nobody;

    impl Actor for Nobody {
        type Context = Context<Self>;
    }

    impl Handler<Observed> for Nobody {
        type Result = ();

        fn handle(&mut self, _: Observed, _: &mut Self::Context) {}
    }

    /// Where an actor would live that was never made.
    fn nowhere() -> Place<Nobody> {
        Place {
            host: Host::new(NodeId(1), "nobody"),
            shards: Arc::new(LocalShards),
            address: Arc::default(),
        }
    }

    fn accepted() -> Accepted {
        let slice = SliceId {
            partition: PartitionId(0),
            n: 3,
        };
        Accepted {
            shard: ShardId(0),
            stored: StoredKey::new(slice, KeyHash(0), BucketId(1), b"key"),
            encoded: Bytes::from_static(b"record"),
        }
    }

    #[test]
    fn nothing_is_kept_for_an_observer_that_has_ended_though_it_never_began() {
        for begins in [true, false] {
            let feed = ObserverFeed::new(100);
            let observers = Observers::new([Arc::clone(&feed)]);
            let mut pump = Box::pin(Observer::new(Arc::clone(&feed)).pump(nowhere()));
            if begins {
                assert!(pump.as_mut().now_or_never().is_none());
            }
            observers.offer(&[accepted()]);
            drop(pump);
            observers.offer(&[accepted(), accepted()]);
            let counted = [Notice::Restarted, Notice::FellBehind { lost: 2 }];
            assert_eq!(feed.feed().take(9), counted);
        }
    }
}
