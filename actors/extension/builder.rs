//! What an extension registers, and how it is put together.

use std::any::type_name;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, OnceLock};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Supervised};
use cartwheel::config::settings_of_extension;
use cartwheel::extension::{Declaration, Reach};
use cartwheel::message::Message;
use cartwheel::restarts::Restarts;
use futures::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::handle::NodeHandle;
use super::host::Host;
use super::lives::Lives;
use super::observer::{Observed, Observer, ObserverFeed};
use super::place::Place;
use super::question::Question;
use super::registered::Surroundings;
use super::state::{Inspect, Inspection, Show, show};
use crate::bridge::Router;
use crate::shell::Shards;

/// An extension, ready to be given to as many nodes as one likes.
#[derive(Clone)]
pub struct Extension {
    pub(super) name: &'static str,
    pub(super) answered: Vec<Declaration>,
    pub(super) asked: Vec<Declaration>,
    pub(super) prepare: Arc<Prepare>,
}

type Prepare =
    dyn Fn(Arc<Host>, toml::Table) -> Result<Box<dyn Prepared>, Box<toml::de::Error>> + Send + Sync;

/// The settings of an extension that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

impl Extension {
    /// Begins an extension: its name, and what makes its actor, once a node and before the doors
    /// open, on the extension's thread; again only if it panics. The settings are what stands under
    /// `[extensions.NAME]` in the configuration.
    #[allow(clippy::new_ret_no_self)] // A builder, as with the client.
    pub fn new<A, S>(
        name: &'static str,
        make: impl Fn(NodeHandle, S) -> A + Send + Sync + 'static,
    ) -> ExtensionBuilder<A, S>
    where
        A: Actor<Context = Context<A>> + Supervised,
        S: DeserializeOwned + Clone + Send + 'static,
    {
        ExtensionBuilder {
            name,
            make: Arc::new(make),
            answered: Vec::new(),
            asked: Vec::new(),
            parts: Parts {
                routes: Vec::new(),
                observes: None,
                show: None,
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
    observes: Option<(usize, Pump<A>)>,
    show: Option<Show<A>>,
}

/// What hands over to the actor what waits for it.
type Pump<A> = fn(Observer, Place<A>) -> LocalBoxFuture<'static, Infallible>;

impl<A: Actor> Clone for Parts<A> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
            observes: self.observes,
            show: self.show,
        }
    }
}

impl<A, S> ExtensionBuilder<A, S>
where
    A: Actor<Context = Context<A>> + Supervised,
    S: DeserializeOwned + Clone + Send + 'static,
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
        let pump = |observer: Observer, place| observer.pump(place).boxed_local();
        self.parts.observes = Some((records_max, pump));
        self
    }

    /// The actor shows its state in the status of the node.
    pub fn shows_state(mut self) -> Self
    where
        A: Handler<Inspect>,
    {
        self.parts.show = Some(show);
        self
    }

    /// The extension.
    pub fn build(self) -> Extension {
        let (name, make, parts) = (self.name, self.make, self.parts);
        let prepare = move |host: Arc<Host>, settings: toml::Table| {
            let settings: S = settings_of_extension(settings).map_err(Box::new)?;
            let make = Arc::clone(&make);
            let observes = parts.observes;
            Ok(Box::new(Begin {
                host,
                feed: observes.map(|(records_max, _)| ObserverFeed::new(records_max)),
                make: Box::new(move |node| make(node, settings.clone())),
                parts: parts.clone(),
                address: Arc::default(),
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

/// An extension with its settings, for one start of one node.
pub(super) trait Prepared {
    /// The extension's name.
    fn name(&self) -> &'static str;

    /// Registers a handler for each message that it answers.
    fn routes(&self, shards: &Arc<dyn Shards>, router: &mut Router);

    /// Where what is accepted has to go, if it observes.
    fn feed(&self) -> Option<Arc<ObserverFeed>>;

    /// Starts the actor; what is given back ends when the actor was made, or could not be.
    fn begin(
        self: Box<Self>,
        node: NodeHandle,
        around: &Surroundings,
    ) -> (Inspection, oneshot::Receiver<Infallible>);
}

struct Begin<A: Actor> {
    host: Arc<Host>,
    make: Box<dyn Fn(NodeHandle) -> A + Send>,
    parts: Parts<A>,
    feed: Option<Arc<ObserverFeed>>,
    address: Arc<OnceLock<Addr<A>>>,
}

impl<A: Actor> Begin<A> {
    fn place(&self, shards: &Arc<dyn Shards>) -> Place<A> {
        Place {
            host: Arc::clone(&self.host),
            shards: Arc::clone(shards),
            address: Arc::clone(&self.address),
        }
    }
}

impl<A> Prepared for Begin<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    fn name(&self) -> &'static str {
        self.host.name
    }

    fn routes(&self, shards: &Arc<dyn Shards>, router: &mut Router) {
        for route in &self.parts.routes {
            route(router, self.place(shards));
        }
    }

    fn feed(&self) -> Option<Arc<ObserverFeed>> {
        self.feed.clone()
    }

    fn begin(
        self: Box<Self>,
        node: NodeHandle,
        around: &Surroundings,
    ) -> (Inspection, oneshot::Receiver<Infallible>) {
        let place = self.place(&around.shards);
        let inspection = Inspection::new(place.clone(), self.parts.show);
        let (begun, made) = oneshot::channel();
        let (planned, supervision) = (
            around.supervision.planned(self.host.name),
            Arc::clone(&around.supervision),
        );
        let observer = self.feed.map(Observer::new);
        let (make, observed) = (self.make, observer.zip(self.parts.observes));
        let restarts = Restarts::new(around.rule);
        let here = place.clone();
        place.run(move || {
            let context = Context::new();
            // Set once: a prepared extension begins once.
            let _ = here.address.set(context.address());
            let lives = Lives {
                host: Arc::clone(&here.host),
                clock: Arc::clone(&node.clock),
                make: Box::new(move || make(node.clone())),
                restarts,
                planned,
                supervision,
            };
            let pump = match observed {
                Some((observer, (_, pump))) => pump(observer, here),
                None => pending().boxed_local(),
            };
            lives.run(context, pump, begun)
        });
        (inspection, made)
    }
}

fn route<A, M>(router: &mut Router, place: Place<A>)
where
    A: Actor<Context = Context<A>> + Handler<Question<M>>,
    M: Message + Send + 'static,
    M::Reply: Send + 'static,
{
    router.route_with_len(move |message: M, len| place.clone().ask(message, len));
}
