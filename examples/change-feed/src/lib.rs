//! A feed of changes: each node remembers which keys its replicas have accepted, and any node
//! tells of any node's changes since a cursor.
//!
//! It only observes. What it may have missed stands in the feed, in its place, and where the feed
//! may have lost something no cursor is good any more. Whoever begins to follow a feed, or hears of
//! any of that, lists the bucket after the answer, and so loses nothing in silence.

mod feed;

use actix::{
    Actor, ActorFutureExt, Context, Handler, ResponseActFuture, ResponseFuture, Supervised,
    WrapFuture,
};
use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, Message};
use cartwheel::node::NodeId;
use cartwheel_actors::extension::{Extension, NodeHandle, Notice, Observed, Question, Reach};
use serde::{Deserialize, Serialize};

pub use feed::Cursor;

/// The extension, for the node's `main`. So many records may wait before it falls behind.
pub fn extension() -> Extension {
    Extension::new("change_feed", ChangeFeed::new)
        .answers::<ChangesSince>(Reach::Everyone)
        .observes(10_000)
        .build()
}

/// What stands under `[extensions.change_feed]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How many changes a node keeps.
    keep: u64,
}

/// Asks for the changes that a node has accepted; any node answers, or asks that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesSince {
    /// Whose changes.
    pub node: NodeId,
    /// Where the last answer ended; nothing: from the oldest that is kept.
    pub cursor: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

impl Message for ChangesSince {
    const KIND: Kind = Kind(0x8100);
    type Reply = Changes;
}

/// The changes since a cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Changes {
    /// Some changes in their order, none if there are no more; and where the next answer begins.
    Since(Vec<Change>, Cursor),
    /// What follows the cursor is kept no longer, or the feed may have lost its end since: list
    /// the keys, and go on from this, the oldest.
    BeginAgain(Cursor),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The record of a key, in the bucket of this name, is another one now.
    Accepted(String, Bytes),
    /// Here the node may have accepted more than the feed knows of: list the keys.
    Missed,
}

/// The actor. What it has heard is in its column family.
struct ChangeFeed {
    node: NodeHandle,
    settings: Settings,
    /// Begins with the process, since its store may be older than that of the last one.
    life: u64,
}

impl ChangeFeed {
    fn new(node: NodeHandle, settings: Settings) -> Self {
        let life = node.entropy().fork().next_u64();
        Self {
            node,
            settings,
            life,
        }
    }

    fn change(&self, notice: Notice) -> Change {
        let Notice::Accepted(accepted) = notice else {
            return Change::Missed;
        };
        let bucket = self.node.bucket(accepted.bucket());
        bucket.map_or(Change::Missed, |bucket| {
            Change::Accepted(bucket.name.clone(), accepted.key())
        })
    }
}

impl Actor for ChangeFeed {
    type Context = Context<Self>;
}

/// What was being written in the moment of a panic may still come, where the next stands.
impl Supervised for ChangeFeed {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.node.clone(), self.settings.clone());
    }
}

/// The next notices come when these are on disk, so that the feed has their order.
impl Handler<Observed> for ChangeFeed {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        let changes = notices.into_iter().map(|notice| self.change(notice));
        let appended = feed::append(self.node.clone(), self.settings.keep, changes.collect());
        Box::pin(appended.into_actor(self).map(|appended, actor, context| {
            if appended.is_err() {
                actor.restarting(context);
            }
        }))
    }
}

impl Handler<Question<ChangesSince>> for ChangeFeed {
    type Result = ResponseFuture<Result<Changes, RequestError>>;

    fn handle(&mut self, question: Question<ChangesSince>, _: &mut Self::Context) -> Self::Result {
        let (node, life, Question(since)) = (self.node.clone(), self.life, question);
        Box::pin(async move {
            if since.node != node.id() {
                let asked = node.peers().call(since.node, since).await;
                return asked.map_err(|error| error.into_refusal());
            }
            let (node, answer) = (node.id(), feed::since(node, life, since).await);
            answer.map_err(|error| {
                let cause = error.to_string();
                RequestError::StoreFailed { node, cause }
            })
        })
    }
}
