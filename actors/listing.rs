//! The actor that reads the keys of a bucket here, and the listing that asks it and others.
//!
//! Ranges are read by the store's readers, one at a time, so that of the readers one is always
//! left to the shards. When the actor dies whoever waits is told, and may ask again.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, Supervised};
use cartwheel::listing::{Excerpt, Listing, ListingStep};
use cartwheel::message::client::{List, Listed, RequestError};
use cartwheel::message::replica::{ReplicaList, ReplicaListed};
use cartwheel::node::{NodeId, ShardId};
use cartwheel::ring::Ring;
use cartwheel::store::{Completion, RangeRead, ReplicaStore, StoreError, Ticket};
use tokio::sync::oneshot;

use crate::administration::overloaded;
use crate::bridge::{CallError, Peers};
use crate::completions::{Completions, Sink};
use crate::shell::Clock;

/// The store's name for whoever lists: no shard has this number.
const LIST_SHARD: ShardId = ShardId(u16::MAX - 1);

/// Reads ranges of the store.
pub struct ListActor {
    node: NodeId,
    store: Arc<dyn ReplicaStore>,
    under_way: Option<(Ticket, Asked)>,
    waiting: VecDeque<Asked>,
    next_ticket: u64,
}

struct Asked {
    excerpt: Excerpt,
    answer: oneshot::Sender<Result<ReplicaListed, StoreError>>,
}

impl ListActor {
    /// Reads this node's store.
    pub fn new(node: NodeId, store: Arc<dyn ReplicaStore>) -> Self {
        Self {
            node,
            store,
            under_way: None,
            waiting: VecDeque::new(),
            next_ticket: 1,
        }
    }

    fn read_next(&mut self) {
        while self.under_way.is_none() {
            let Some(asked) = self.waiting.pop_front() else {
                return;
            };
            // Whoever has stopped waiting needs no answer.
            if asked.answer.is_closed() {
                continue;
            }
            let ticket = Ticket(self.next_ticket);
            self.next_ticket += 1;
            let range = asked.excerpt.range();
            self.under_way = Some((ticket, asked));
            self.store.load_range(LIST_SHARD, ticket, range);
        }
    }

    fn answer(&mut self, ticket: Ticket, read: Result<RangeRead, StoreError>) {
        // One of an earlier life has a ticket that this one does not wait for.
        let own = |(waited, _): &mut (Ticket, Asked)| *waited == ticket;
        if let Some((_, asked)) = self.under_way.take_if(own) {
            let answer = read.map(|read| asked.excerpt.answer(read));
            // Whoever asked may have stopped waiting.
            let _ = asked.answer.send(answer);
        }
    }
}

impl Actor for ListActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let sink = Sink(context.address());
        self.store.attach(LIST_SHARD, Arc::new(sink));
    }
}

impl Supervised for ListActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.under_way = None;
        self.waiting.clear();
    }
}

impl Handler<Completions> for ListActor {
    type Result = ();

    fn handle(&mut self, Completions(completions): Completions, _: &mut Self::Context) {
        for completion in completions {
            if let Completion::RangeLoaded { ticket, read } = completion {
                self.answer(ticket, read);
            }
        }
        self.read_next();
    }
}

/// Asks for the keys of a slice here.
#[derive(Message)]
#[rtype(result = "Result<ReplicaListed, RequestError>")]
pub struct KeysHere {
    /// What is asked.
    pub list: ReplicaList,
    /// The bucket's n.
    pub n: u8,
}

impl Handler<KeysHere> for ListActor {
    type Result = ResponseFuture<Result<ReplicaListed, RequestError>>;

    fn handle(&mut self, KeysHere { list, n }: KeysHere, _: &mut Self::Context) -> Self::Result {
        let (answer, listed) = oneshot::channel();
        let excerpt = Excerpt::new(list, n);
        self.waiting.push_back(Asked { excerpt, answer });
        self.read_next();
        let node = self.node;
        Box::pin(async move {
            let listed = listed.await;
            let listed = listed.map_err(|_| RequestError::Restarted { node })?;
            listed.map_err(|error| {
                let cause = error.to_string();
                RequestError::StoreFailed { node, cause }
            })
        })
    }
}

/// One page of a bucket's keys.
pub async fn page(
    ring: Arc<Ring>,
    peers: Peers,
    clock: Arc<dyn Clock>,
    list: List,
) -> Result<Listed, RequestError> {
    let mut listing = Listing::begin(ring, &list, clock.now())?;
    loop {
        match listing.step(clock.now()) {
            ListingStep::Done(listed) => return Ok(listed),
            ListingStep::Ask(owner, list) => {
                let answer = peers.call(owner, list).await;
                match &answer {
                    // The owner is well: the client waits, and misses nothing.
                    Err(CallError::CreditsSpent { .. }) => return Err(overloaded()),
                    Err(error) => tracing::debug!(%owner, %error, "an owner did not list"),
                    Ok(_) => {}
                }
                listing.answered(answer.ok());
            }
        }
    }
}
