//! What an extension shows of itself in the status of its node.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, Message, MessageResponse};
use cartwheel::message::client::{ExtensionState, ExtensionStatus};
use futures::future::{FutureExt, LocalBoxFuture};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::host::Host;
use super::place::Place;

/// Asks an extension's actor for its state.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "State")]
pub struct Inspect;

/// What an extension's actor shows: a few names and values, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq, MessageResponse)]
pub struct State(BTreeMap<String, String>);

impl State {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more value.
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Nobody who asks for the status of a node waits longer for one of its extensions.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks one extension for its state.
pub(crate) struct Inspection {
    host: Arc<Host>,
    ask: Box<Ask>,
    /// Whose turn it is to ask: one that does not answer is asked once, not by everybody.
    turn: Arc<Semaphore>,
}

type Ask = dyn Fn(oneshot::Sender<State>, OwnedSemaphorePermit) + Send + Sync;

/// What an actor shows, asked where it lives.
pub(super) type Show<A> = fn(Place<A>) -> LocalBoxFuture<'static, Option<State>>;

pub(super) fn show<A>(place: Place<A>) -> LocalBoxFuture<'static, Option<State>>
where
    A: Actor<Context = Context<A>> + Handler<Inspect>,
{
    async move { place.put(Inspect).await.ok() }.boxed_local()
}

impl Inspection {
    /// Of an extension that shows its state, or shows at least that it is not blocked.
    pub(super) fn new<A>(place: Place<A>, show: Option<Show<A>>) -> Self
    where
        A: Actor<Context = Context<A>>,
    {
        let host = Arc::clone(&place.host);
        let ask = move |answer: oneshot::Sender<State>, turn| {
            let here = place.clone();
            place.run(move || async move {
                let state = match show {
                    Some(show) => show(here).await,
                    None => Some(State::new()),
                };
                drop(turn);
                // Whoever asked may have stopped waiting.
                let _ = state.map(|state| answer.send(state));
            });
        };
        Self {
            host,
            ask: Box::new(ask),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Its line of the node's status.
    pub(crate) async fn status(&self) -> ExtensionStatus {
        let state = match self.host.state() {
            Some(state) => state,
            None => self.asked().await,
        };
        ExtensionStatus {
            name: self.host.name.to_owned(),
            restarts: self.host.restarts(),
            state,
        }
    }

    async fn asked(&self) -> ExtensionState {
        match tokio::time::timeout(PATIENCE, self.shown()).await {
            Ok(Some(State(values))) => ExtensionState::Shown(values.into_iter().collect()),
            // It may have failed over this very question.
            _ => self.host.state().unwrap_or(ExtensionState::Silent),
        }
    }

    async fn shown(&self) -> Option<State> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
        let (answer, shown) = oneshot::channel();
        (self.ask)(answer, turn);
        shown.await.ok()
    }
}
