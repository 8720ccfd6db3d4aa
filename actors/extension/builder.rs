//! What an extension registers, and how it is put together.

use std::any::type_name;
use std::sync::{Arc, OnceLock};

use actix::{Actor, Addr, Context, Handler, Supervised};
use cartwheel::extension::{Declaration, Reach};
use cartwheel::message::Message;
use cartwheel::message::client::RequestError;
use cartwheel::node::NodeId;
use serde::de::DeserializeOwned;

use super::handle::NodeHandle;
use super::observer::{Observed, ObserverFeed};
use super::question::Question;
use super::state::{Ask, Inspect, Inspection, inspect};
use crate::bridge::Router;
use crate::supervision::Supervision;

/// An extension, ready to be given to as many nodes as one likes.
#[derive(Clone)]
pub struct Extension {
    pub(super) name: &'static str,
    pub(super) answered: Vec<Declaration>,
    pub(super) asked: Vec<Declaration>,
    pub(super) prepare: Arc<Prepare>,
}

type Prepare = dyn Fn(toml::Table) -> Result<Box<dyn Prepared>, Box<toml::de::Error>> + Send + Sync;

/// The settings of an extension that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

impl Extension {
    /// Begins an extension: its name, and what makes its actor, once a node and before the doors
    /// open. The settings are what stands under `[extensions.NAME]` in the configuration.
    #[allow(clippy::new_ret_no_self)] // A builder, as with the client.
    pub fn new<A, S>(
        name: &'static str,
        make: impl Fn(NodeHandle, S) -> A + Send + Sync + 'static,
    ) -> ExtensionBuilder<A, S>
    where
        A: Actor<Context = Context<A>> + Supervised,
        S: DeserializeOwned + 'static,
    {
        ExtensionBuilder {
            name,
            make: Arc::new(make),
            answered: Vec::new(),
            asked: Vec::new(),
            parts: Parts {
                routes: Vec::new(),
                observer: None,
                inspect: None,
            },
        }
    }

    /// Its name: its section in the configuration, its column family, its line in the status.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// An extension that is being put together.
pub struct ExtensionBuilder<A: Actor, S> {
    name: &'static str,
    make: Arc<dyn Fn(NodeHandle, S) -> A + Send + Sync>,
    answered: Vec<Declaration>,
    asked: Vec<Declaration>,
    parts: Parts<A>,
}

/// What depends on the type of the actor alone.
struct Parts<A: Actor> {
    routes: Vec<fn(&mut Router, Place<A>)>,
    observer: Option<Observer<A>>,
    inspect: Option<fn(Addr<A>) -> Arc<Ask>>,
}

/// How many records may wait for the actor, and what hands them over.
type Observer<A> = (usize, fn(Arc<ObserverFeed>, Addr<A>));

impl<A: Actor> Clone for Parts<A> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
            observer: self.observer,
            inspect: self.inspect,
        }
    }
}

impl<A, S> ExtensionBuilder<A, S>
where
    A: Actor<Context = Context<A>> + Supervised,
    S: DeserializeOwned + 'static,
{
    /// The actor answers this message.
    pub fn answers<M>(mut self, reach: Reach) -> Self
    where
        M: Message + Send + 'static,
        M::Reply: Send + 'static,
        A: Handler<Question<M>>,
    {
        self.answered.push(declaration::<M>(self.name, reach));
        self.parts.routes.push(route::<A, M>);
        self
    }

    /// The actor asks this message of other nodes, where another extension answers it: a node
    /// without that one does not start, since all nodes are alike.
    pub fn asks<M: Message>(mut self) -> Self {
        self.asked.push(declaration::<M>(self.name, Reach::Nodes));
        self
    }

    /// The actor hears of each record that this node's replicas have accepted. So many of them
    /// may wait for it; of more it hears how many it has missed.
    pub fn observes(mut self, records_max: usize) -> Self
    where
        A: Handler<Observed>,
    {
        let pump = |feed: Arc<ObserverFeed>, actor| {
            actix_rt::spawn(feed.pump(actor));
        };
        self.parts.observer = Some((records_max, pump));
        self
    }

    /// The actor shows its state in the status of the node.
    pub fn shows_state(mut self) -> Self
    where
        A: Handler<Inspect>,
    {
        self.parts.inspect = Some(inspect);
        self
    }

    /// The extension.
    pub fn build(self) -> Extension {
        let (name, make, parts) = (self.name, self.make, self.parts);
        let prepare = move |settings: toml::Table| {
            let settings: S = settings.try_into().map_err(Box::new)?;
            let make = Arc::clone(&make);
            let observer = parts.observer;
            Ok(Box::new(Begin {
                name,
                feed: observer.map(|(records_max, _)| ObserverFeed::new(records_max)),
                make: Box::new(move |node| make(node, settings)),
                parts: parts.clone(),
                place: Arc::default(),
            }) as Box<dyn Prepared>)
        };
        Extension {
            name,
            answered: self.answered,
            asked: self.asked,
            prepare: Arc::new(prepare),
        }
    }
}

fn declaration<M: Message>(extension: &'static str, reach: Reach) -> Declaration {
    Declaration {
        kind: M::KIND,
        message: type_name::<M>(),
        extension,
        reach,
    }
}

/// Where the actor's address will be, once it has begun.
type Place<A> = (NodeId, &'static str, Arc<OnceLock<Addr<A>>>);

/// An extension with its settings, for one start of one node.
pub(super) trait Prepared {
    /// The extension's name.
    fn name(&self) -> &'static str;

    /// Registers a handler for each message that it answers.
    fn routes(&self, node: NodeId, router: &mut Router);

    /// Where what is accepted has to go, if it observes.
    fn feed(&self) -> Option<Arc<ObserverFeed>>;

    /// Starts the actor.
    fn begin(self: Box<Self>, node: NodeHandle, supervision: &Arc<Supervision>) -> Inspection;
}

struct Begin<A: Actor> {
    name: &'static str,
    make: Box<dyn FnOnce(NodeHandle) -> A>,
    parts: Parts<A>,
    feed: Option<Arc<ObserverFeed>>,
    place: Arc<OnceLock<Addr<A>>>,
}

impl<A> Prepared for Begin<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn routes(&self, node: NodeId, router: &mut Router) {
        for route in &self.parts.routes {
            route(router, (node, self.name, Arc::clone(&self.place)));
        }
    }

    fn feed(&self) -> Option<Arc<ObserverFeed>> {
        self.feed.clone()
    }

    fn begin(self: Box<Self>, node: NodeHandle, supervision: &Arc<Supervision>) -> Inspection {
        let make = self.make;
        let address = supervision.start(self.name, |_| make(node));
        if let (Some(feed), Some((_, pump))) = (self.feed, self.parts.observer) {
            pump(feed, address.clone());
        }
        let ask = self.parts.inspect.map(|inspect| inspect(address.clone()));
        // Set once: a prepared extension begins once.
        let _ = self.place.set(address);
        let name = self.name;
        Inspection { name, ask }
    }
}

fn route<A, M>(router: &mut Router, (node, name, place): Place<A>)
where
    A: Actor<Context = Context<A>> + Handler<Question<M>>,
    M: Message + Send + 'static,
    M::Reply: Send + 'static,
{
    router.route(move |message: M| {
        let actor = place.get().cloned();
        async move {
            let actor = actor.ok_or_else(|| not_begun(node, name))?;
            let answered = actor.send(Question(message)).await;
            answered.unwrap_or(Err(RequestError::Restarted { node }))
        }
    });
}

fn not_begun(node: NodeId, name: &str) -> RequestError {
    let cause = format!("extension {name} has not begun");
    RequestError::NotServing { node, cause }
}
