//! What the store has completed, as a message to the actor that asked for it.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use cartwheel::store::{Completion, CompletionSink};

use crate::mailbox::post;

/// What the store has completed, in its order.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Completions(pub(crate) Vec<Completion>);

/// Hands completions to an actor, which the batches and loads that it has asked for bound.
pub(crate) struct Sink<A: Actor>(pub(crate) Addr<A>);

impl<A> CompletionSink for Sink<A>
where
    A: Actor + Handler<Completions>,
    A::Context: ToEnvelope<A, Completions>,
{
    fn complete(&self, completions: Vec<Completion>) {
        post(&self.0, Completions(completions));
    }
}
