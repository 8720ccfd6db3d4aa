//! Objects that vanish after their time: a node deletes what its replicas have held for so long,
//! with the context of exactly what it has seen there.
//!
//! No clock decides alone: what was written since has another context, and a time of its own.
//! Time is that in which the node was up, by the clock that never jumps. Each write has an entry
//! on disk for that time: nothing is read to find what it replaces.

mod due;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture};
use bytes::Bytes;
use cartwheel_actors::extension::{Extension, Inspect, NodeHandle, Notice, Observed, State};
use futures::future::{join_all, try_join_all};
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::time::sleep;

/// The time between two looks at what there is to do, and between two attempts at one key.
const SWEEP: Duration = Duration::from_secs(1);
const RETRY_MS: u64 = 5_000;

/// A page of a bucket with few objects goes through all of its partitions.
const LISTING: Duration = Duration::from_secs(30);

/// So many keys at once, of what is due and as many of a listing: a node takes 64 requests of an
/// extension, and batches of 4 MiB, where the context of one key has up to 64 KiB.
const PORTION: usize = 30;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The extension, for the node's `main`.
pub fn extension() -> Extension {
    that_waits_for(10_000)
}

/// The extension, for which so many records may wait before it falls behind.
pub fn that_waits_for(records: usize) -> Extension {
    let expiry = Extension::new("expiry", |node, settings| Expiry {
        work: Arc::new(Work {
            node,
            settings,
            before_ms: OnceCell::new(),
            behind: AtomicBool::new(false),
        }),
        lost: 0,
    });
    expiry.observes(records).shows_state().build()
}

/// What stands under `[extensions.expiry]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Whose objects vanish.
    bucket: String,
    /// How long after their last write.
    after_ms: u64,
}

/// The actor.
struct Expiry {
    work: Arc<Work>,
    /// Of so many records it has not heard.
    lost: u64,
}

/// What its futures share; what is due when is in the column family.
struct Work {
    node: NodeHandle,
    settings: Settings,
    /// How long the node was up in earlier lives.
    before_ms: OnceCell<u64>,
    /// Whether there may be objects that it has not heard of.
    behind: AtomicBool,
}

impl Work {
    async fn now(&self) -> Outcome<u64> {
        let before_ms = self.before_ms.get_or_try_init(|| due::last(&self.node));
        let here_ms = self.node.clock().now().as_micros() / 1_000;
        Ok(before_ms.await? + here_ms)
    }

    /// Notes when what was accepted is due.
    async fn observe(&self, notices: &[Notice]) -> Outcome {
        let now = self.now().await?;
        for notices in notices.chunks(PORTION) {
            let mut new = Vec::new();
            for notice in notices {
                let Notice::Accepted(accepted) = notice else {
                    self.behind.store(true, Relaxed);
                    continue;
                };
                let bucket = self.node.bucket(accepted.bucket());
                let is_here = bucket.is_some_and(|bucket| bucket.name == self.settings.bucket);
                if is_here && accepted.record()?.live().count() > 0 {
                    let seen = self.node.data().context_of(accepted)?;
                    new.push((now + self.settings.after_ms, accepted.key(), seen));
                }
            }
            due::note(&self.node, now, &new, &[]).await?;
        }
        Ok(())
    }

    /// Deletes a portion of what is due; answers whether there is more.
    async fn sweep(&self) -> Outcome<bool> {
        let now = self.now().await?;
        let due = due::until(&self.node, now).await?;
        let failed = join_all(due.iter().map(|entry| self.delete(now, entry))).await;
        let again: Vec<_> = failed.into_iter().flatten().collect();
        due::note(&self.node, now, &again, &due).await?;
        Ok(due.len() == PORTION)
    }

    /// Deletes what is still as it was seen; if that fails it is due again. What is there instead
    /// was noted when it came.
    async fn delete(&self, now: u64, (_, key, seen): &due::Entry) -> Option<due::Entry> {
        let (data, bucket) = (self.node.data().within(SWEEP), &self.settings.bucket);
        let delete = data.delete(bucket, key.clone(), seen.clone());
        let failed = match data.get(bucket, key.clone()).await {
            Ok(found) if found.values.is_empty() || found.context != *seen => false,
            Ok(_) => delete.await.is_err(),
            Err(_) => true,
        };
        failed.then(|| (now + RETRY_MS, key.clone(), seen.clone()))
    }

    /// Notes what perhaps nobody has told of: its time begins now, later than it might have.
    async fn catch_up(&self) {
        let mut cursor = Some(Bytes::new());
        while let Some(from) = &cursor {
            match self.page(from.clone()).await {
                Ok(next) => cursor = Some(next).filter(|next| !next.is_empty()),
                Err(_) => sleep(SWEEP).await,
            }
        }
    }

    async fn page(&self, from: Bytes) -> Outcome<Bytes> {
        let (data, bucket) = (self.node.data(), &self.settings.bucket);
        let page = data.within(LISTING).list(bucket, from, 300).await?;
        for keys in page.keys.chunks(PORTION) {
            let found = keys.iter().map(|key| data.get(bucket, key.clone()));
            let (found, now) = (try_join_all(found).await?, self.now().await?);
            let due = now + self.settings.after_ms;
            let new = keys.iter().cloned().zip(found);
            let new: Vec<_> = new.map(|(key, found)| (due, key, found.context)).collect();
            due::note(&self.node, now, &new, &[]).await?;
        }
        let next = page.incomplete.is_empty().then_some(page.next);
        next.ok_or_else(|| "some owners did not answer".into())
    }
}

impl Actor for Expiry {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let work = Arc::clone(&self.work);
        let sweeps = async move {
            loop {
                if !work.sweep().await.unwrap_or(false) {
                    sleep(SWEEP).await;
                }
            }
        };
        context.spawn(sweeps.into_actor(self));
        let work = Arc::clone(&self.work);
        let listings = async move {
            loop {
                sleep(SWEEP).await;
                if work.behind.swap(false, Relaxed) {
                    work.catch_up().await;
                }
            }
        };
        context.spawn(listings.into_actor(self));
    }
}

/// Both loops begin again, and of a listing nobody knows how far it was.
impl Supervised for Expiry {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.work.behind.store(true, Relaxed);
    }
}

impl Handler<Observed> for Expiry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        for notice in &notices {
            if let Notice::FellBehind { lost } = notice {
                self.lost += lost;
            }
        }
        let work = Arc::clone(&self.work);
        Box::pin(async move {
            if work.observe(&notices).await.is_err() {
                work.behind.store(true, Relaxed);
            }
        })
    }
}

impl Handler<Inspect> for Expiry {
    type Result = State;

    fn handle(&mut self, _: Inspect, _: &mut Self::Context) -> State {
        State::new().with("lost", self.lost)
    }
}
