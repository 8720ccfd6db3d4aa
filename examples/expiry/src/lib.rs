//! Objects that vanish after their time: a node deletes what its replicas have held for so long,
//! with the context of exactly what it has seen there.
//!
//! No clock decides alone: what was written since is not covered by that context, and stays for
//! its own time. Time is counted in sweeps: no clock can make it jump.

mod due;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture};
use bytes::Bytes;
use cartwheel_actors::extension::{Extension, NodeHandle, Notice, Observed};
use serde::Deserialize;
use tokio::sync::Mutex;

/// The time between two looks at what is due, and between two attempts at one key.
const SWEEP_MS: u64 = 1_000;
const SWEEP: Duration = Duration::from_millis(SWEEP_MS);
const RETRY_MS: u64 = 5_000;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The extension, for the node's `main`. So many records may wait before it falls behind.
pub fn extension() -> Extension {
    Extension::new("expiry", make).observes(10_000).build()
}

fn make(node: NodeHandle, settings: Settings) -> Expiry {
    Expiry(Arc::new(Mutex::new(Work {
        node,
        settings,
        behind: true,
    })))
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

/// The actor: its work is done one thing at a time.
struct Expiry(Arc<Mutex<Work>>);

/// What is due when is in the column family.
struct Work {
    node: NodeHandle,
    settings: Settings,
    /// Whether there may be objects that it has not heard of.
    behind: bool,
}

impl Work {
    /// Notes when what was accepted is due: a key that is written again begins anew.
    async fn observe(&mut self, notices: Vec<Notice>) -> Outcome {
        // Up to one sweep more, since the next one may come at once.
        let due = due::count(&self.node, 0).await? + SWEEP_MS + self.settings.after_ms;
        for notice in notices {
            let Notice::Accepted(accepted) = notice else {
                self.behind = true;
                continue;
            };
            let bucket = self.node.bucket(accepted.bucket());
            if bucket.is_some_and(|bucket| bucket.name == self.settings.bucket) {
                let context = self.node.data().context_of(&accepted)?;
                let live = accepted.record()?.live().count() > 0;
                let noted = live.then_some((due, context));
                due::note(&self.node, &accepted.key(), noted).await?;
            }
        }
        Ok(())
    }

    /// Deletes what is due, and nothing but what was seen when it was noted.
    async fn sweep(&mut self) -> Outcome {
        let now = due::count(&self.node, SWEEP_MS).await?;
        if self.behind {
            self.behind = self.catch_up(now).await.is_err();
        }
        let (data, bucket) = (self.node.data().within(SWEEP), &self.settings.bucket);
        for (key, context) in due::until(&self.node, now).await? {
            let deleted = data.delete(bucket, key.clone(), context.clone()).await;
            self.behind |= deleted.is_err();
            let again = deleted.is_err_and(|error| error.is_worth_a_retry());
            let noted = again.then_some((now + RETRY_MS, context));
            due::note(&self.node, &key, noted).await?;
        }
        Ok(())
    }

    /// Notes what nobody has told of: its time begins now, later than it might have.
    async fn catch_up(&self, now: u64) -> Outcome {
        let (data, bucket) = (self.node.data(), &self.settings.bucket);
        let (due, mut cursor) = (now + self.settings.after_ms, Bytes::new());
        loop {
            let page = data.list(bucket, cursor, 1000).await?;
            for key in page.keys {
                if !due::is_noted(&self.node, &key).await? {
                    let context = data.get(bucket, key.clone()).await?.context;
                    due::note(&self.node, &key, Some((due, context))).await?;
                }
            }
            match (page.next.is_empty(), page.incomplete.is_empty()) {
                (_, false) => return Err("some owners did not answer".into()),
                (true, true) => return Ok(()),
                (false, true) => cursor = page.next,
            }
        }
    }
}

impl Actor for Expiry {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let work = Arc::clone(&self.0);
        let sweeps = async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let mut work = work.lock().await;
                work.behind |= work.sweep().await.is_err();
            }
        };
        context.spawn(sweeps.into_actor(self));
    }
}

impl Supervised for Expiry {}

impl Handler<Observed> for Expiry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        let work = Arc::clone(&self.0);
        Box::pin(async move {
            let mut work = work.lock().await;
            work.behind |= work.observe(notices).await.is_err();
        })
    }
}
