//! The one place that sends without a bound.
//!
//! A mailbox bounds each sender, not the queue, and so bounds nothing. What goes through
//! here is bounded by who sends it: a session by its credits, a coordinator by its slab and
//! its credits to each peer, a peer's link by the credits of the coordinator behind it, the
//! committer by the batches it was given. What hints at news for the learner is one message a
//! frame of a peer at most.
#![allow(clippy::disallowed_methods)]

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// Sends a message that its sender's credits cover. One to an actor that has ended is lost:
/// its shard has failed, and the operations behind it end by their deadlines.
pub fn post<A, M>(address: &Addr<A>, message: M)
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    address.do_send(message);
}
