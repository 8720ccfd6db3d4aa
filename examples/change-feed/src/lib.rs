//! A feed of changes: each node remembers which keys its replicas have accepted, and any node
//! tells of any node's changes since a cursor.
//!
//! It only observes. What it may have missed stands in the feed as a change of its own, in its
//! place: whoever follows a feed then lists the bucket, and loses nothing in silence.

mod feed;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, Message};
use cartwheel::node::NodeId;
use cartwheel_actors::extension::{Extension, NodeHandle, Notice, Observed, Question, Reach};
use serde::{Deserialize, Serialize};

pub use feed::Cursor;

/// The extension, for the node's `main`. So many records may wait before it falls behind.
pub fn extension() -> Extension {
    Extension::new("change_feed", |node, settings| ChangeFeed {
        node,
        settings,
    })
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
    /// What follows the cursor is kept no longer: list the keys, and go on from this, the oldest.
    CursorTooOld(Cursor),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The record of a key, in the bucket of this name, is another one now.
    Accepted(String, Bytes),
    /// Here the node may have accepted more than the feed knows of.
    Missed,
}

/// The actor. What matters is in its column family, so that a restart loses nothing.
struct ChangeFeed {
    node: NodeHandle,
    settings: Settings,
}

impl ChangeFeed {
    fn change(&self, notice: Notice) -> Change {
        let Notice::Accepted(accepted) = notice else {
            return Change::Missed;
        };
        match self.node.bucket(accepted.bucket()) {
            Some(bucket) => Change::Accepted(bucket.name.clone(), accepted.key()),
            None => Change::Missed,
        }
    }
}

impl Actor for ChangeFeed {
    type Context = Context<Self>;
}

impl Supervised for ChangeFeed {}

/// The next notices come when these are on disk, so that the feed has their order.
impl Handler<Observed> for ChangeFeed {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        let changes = notices.into_iter().map(|notice| self.change(notice));
        let (changes, node) = (changes.collect(), self.node.clone());
        let keep = self.settings.keep;
        // Where this write fails the node's own fail as well: it ends, and begins with a gap.
        Box::pin(async move { drop(feed::append(&node, keep, changes).await) })
    }
}

impl Handler<Question<ChangesSince>> for ChangeFeed {
    type Result = ResponseFuture<Result<Changes, RequestError>>;

    fn handle(&mut self, question: Question<ChangesSince>, _: &mut Self::Context) -> Self::Result {
        let (node, Question(since)) = (self.node.clone(), question);
        Box::pin(async move {
            if since.node != node.id() {
                let asked = node.peers().call(since.node, since).await;
                return asked.map_err(|error| error.into_refusal());
            }
            feed::since(&node, &since).await.map_err(|error| {
                let (node, cause) = (node.id(), error.to_string());
                RequestError::StoreFailed { node, cause }
            })
        })
    }
}
