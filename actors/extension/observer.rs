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

    /// Hands over what waits for as long as the actor lives. Only its lives poll this, so that
    /// nothing is handed over while it rests.
    pub(super) async fn pump<A>(self: Arc<Self>, place: Place<A>) -> Infallible
    where
        A: Actor<Context = Context<A>> + Handler<Observed>,
    {
        let _end = End(Arc::clone(&self));
        loop {
            let notices = self.feed().take(OBSERVED_AT_ONCE_MAX);
            if notices.is_empty() {
                self.news.notified().await;
            } else if place.put(Observed(notices)).await.is_err() {
                // Lost in a panic, and nobody knows how much of it was done.
                self.feed().observer_restarted();
                // The next must not be sent into a life that is over.
                yield_now().await;
            }
        }
    }

    /// The lock is held for as long as it takes to move a few pointers.
    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With the last life of an actor what waits for it is let go, and nothing is kept from then on.
struct End(Arc<ObserverFeed>);

impl Drop for End {
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
    use cartwheel::node::ShardId;
    use cartwheel::store::{SliceId, StoredKey};

    use super::*;

    #[test]
    fn nothing_is_kept_for_an_observer_that_has_ended() {
        let feed = ObserverFeed::new(100);
        let observers = Observers::new([Arc::clone(&feed)]);
        let slice = SliceId {
            partition: PartitionId(0),
            n: 3,
        };
        let accepted = Accepted {
            shard: ShardId(0),
            stored: StoredKey::new(slice, KeyHash(0), BucketId(1), b"key"),
            encoded: Bytes::from_static(b"record"),
        };
        observers.offer(std::slice::from_ref(&accepted));
        drop(End(Arc::clone(&feed)));
        observers.offer(&[accepted.clone(), accepted]);
        let counted = [Notice::Restarted, Notice::FellBehind { lost: 2 }];
        assert_eq!(feed.feed().take(9), counted);
    }
}
