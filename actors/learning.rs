//! The actor that learns of buckets from peers.
//!
//! A member that is up when a bucket is activated may miss it: its link was held or broken at
//! that moment. It learns of it here, and needs no restart. When the actor dies the questions
//! under way are lost with it; the next hint asks again.

use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Supervised};
use cartwheel::bucket::{Inquiries, Inquiry};
use cartwheel::message::replica::BucketsQuery;
use cartwheel::node::NodeId;

use crate::bridge::{CallError, Peers};
use crate::ring::{Activate, RingActor, SharedRing};

/// The pause between two questions to one peer, whatever hints at news.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Whom a learner asks, and where it puts what it learns.
#[derive(Clone)]
pub struct Lessons {
    /// The peers.
    pub peers: Peers,
    /// The buckets that are known.
    pub ring: SharedRing,
    /// Takes those that are not.
    pub ring_actor: Addr<RingActor>,
}

impl Lessons {
    /// Takes over the buckets that a peer has activated and this node does not know.
    pub async fn take(&self, peer: NodeId) -> Result<(), CallError> {
        let buckets = self.peers.call(peer, BucketsQuery).await?;
        for bucket in buckets.active {
            let name = bucket.name.clone();
            let known = self.ring.current().bucket_of(bucket.id).is_some();
            if !known {
                let activated = self.ring_actor.send(Activate(bucket)).await;
                tracing::info!(%peer, bucket = name, ?activated, "learned a bucket from a peer");
            }
        }
        Ok(())
    }
}

/// Asks peers for their buckets when something hints at news.
pub struct BucketLearner {
    lessons: Lessons,
    inquiries: Inquiries,
}

impl BucketLearner {
    /// A learner that has asked nobody yet.
    pub fn new(lessons: Lessons) -> Self {
        Self {
            lessons,
            inquiries: Inquiries::default(),
        }
    }

    fn ask(&self, peer: NodeId, context: &mut Context<Self>) {
        let lessons = self.lessons.clone();
        let lesson = async move { inquiry(peer, lessons.take(peer).await) };
        let over = wrap_future(lesson).map(move |inquiry, actor: &mut Self, context| {
            if actor.inquiries.over(peer, inquiry) {
                context.run_later(ASK_AGAIN, move |actor, context| actor.ask(peer, context));
            }
        });
        // One per peer at most.
        context.spawn(over);
    }
}

fn inquiry(peer: NodeId, taken: Result<(), CallError>) -> Inquiry {
    match taken {
        Ok(()) => Inquiry::Answered,
        Err(CallError::Unreachable { .. }) => Inquiry::Unreachable,
        Err(error) => {
            tracing::warn!(%peer, %error, "a peer did not tell its buckets");
            Inquiry::Unanswered
        }
    }
}

impl Actor for BucketLearner {
    type Context = Context<Self>;
}

impl Supervised for BucketLearner {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.inquiries = Inquiries::default();
    }
}

/// A hint that a peer may know a bucket that is unknown here.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Hint(pub NodeId);

impl Handler<Hint> for BucketLearner {
    type Result = ();

    fn handle(&mut self, Hint(peer): Hint, context: &mut Self::Context) {
        if self.inquiries.hint(peer) {
            self.ask(peer, context);
        }
    }
}
