//! Where an extension's actor lives, and the way of a question there and back.
//!
//! Whoever asks waits on its own event loop; all that concerns the actor happens where the
//! extension lives. An actor that blocks keeps its questions, their places and nobody else.

use std::sync::{Arc, OnceLock};

use actix::{Actor, Addr, Context, Handler};
use cartwheel::message::Message;
use cartwheel::message::client::RequestError;
use tokio::sync::oneshot;

use super::host::Host;
use super::question::Question;
use super::witness::witnessed;
use crate::administration::overloaded;
use crate::shell::Shards;

/// Where an extension's actor lives; its address is known once its thread has begun.
pub(super) struct Place<A: Actor> {
    pub(super) host: Arc<Host>,
    pub(super) shards: Arc<dyn Shards>,
    pub(super) address: Arc<OnceLock<Addr<A>>>,
}

impl<A: Actor> Clone for Place<A> {
    fn clone(&self) -> Self {
        Self {
            host: Arc::clone(&self.host),
            shards: Arc::clone(&self.shards),
            address: Arc::clone(&self.address),
        }
    }
}

impl<A: Actor<Context = Context<A>>> Place<A> {
    /// Puts a question of so many bytes to the actor. Its place is held until the handler has
    /// ended, though whoever asked may have stopped waiting.
    pub(super) async fn ask<M>(self, message: M, bytes: usize) -> Result<M::Reply, RequestError>
    where
        A: Handler<Question<M>>,
        M: Message + Send + 'static,
        M::Reply: Send + 'static,
    {
        if let Some(refusal) = self.host.refusal() {
            return Err(refusal);
        }
        let held = self.host.place(bytes).ok_or_else(overloaded)?;
        let life = self.host.life();
        let (answer, answered) = oneshot::channel();
        let here = self.clone();
        self.run(move || async move {
            // Nobody waits for it any more: the extension has been busy for that long.
            if !answer.is_closed() {
                let outcome = here.put(Question(message)).await;
                drop(held);
                // Whoever asked may have stopped waiting.
                let _ = answer.send(outcome.and_then(|answer| answer));
            }
        });
        answered
            .await
            .unwrap_or_else(|_| Err(self.host.has_lost(life)))
    }

    /// Sends a message to the actor; to be called where the extension lives.
    pub(super) async fn put<T>(&self, message: T) -> Result<T::Result, RequestError>
    where
        A: Handler<T>,
        T: actix::Message + Send + 'static,
        T::Result: Send,
    {
        let Some(address) = self.address.get() else {
            return Err(self.host.has_lost(self.host.life()));
        };
        let (answer, life) = witnessed(&self.host, address.send(message)).await;
        answer.map_err(|_| self.host.has_lost(life))
    }

    /// Does something where the extension lives.
    pub(super) fn run<F>(&self, work: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let begin = move || {
            actix_rt::spawn(work());
        };
        self.shards.run_extension(self.host.name, Box::new(begin));
    }
}
