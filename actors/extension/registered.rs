//! The extensions of one node: checked as a whole, then begun one after the other.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::config::{Config, ConfigError};
use cartwheel::extension::{KindError, Kinds, NameError, check_names};
use cartwheel::restarts::RestartRule;
use cartwheel::store::ReplicaStore;
use futures::future::join_all;
use tokio::sync::Semaphore;

use super::builder::{Extension, Prepared};
use super::handle::NodeHandle;
use super::host::Host;
use super::observer::Observers;
use super::state::Inspection;
use super::store::ExtensionStore;
use crate::bridge::Router;
use crate::shell::Shards;
use crate::supervision::Supervision;

/// What surrounds the extensions of a node.
pub(crate) struct Surroundings {
    pub(crate) supervision: Arc<Supervision>,
    pub(crate) store: Arc<dyn ReplicaStore>,
    pub(crate) shards: Arc<dyn Shards>,
    /// How often each may fail.
    pub(crate) rule: RestartRule,
}

/// How long a starting node waits for the actors of its extensions to be made: one that blocks
/// there must not keep the node from serving.
const BEGIN_WAIT: Duration = Duration::from_secs(2);

/// The extensions of a node, each with its settings.
pub(crate) struct Registered {
    kinds: Arc<Kinds>,
    extensions: Vec<Box<dyn Prepared>>,
}

impl Registered {
    /// Holds names, kinds and settings to their rules.
    pub(crate) fn check(extensions: &[Extension], config: &Config) -> Result<Self, ExtensionError> {
        let names = || extensions.iter().map(|extension| extension.name);
        check_names(names())?;
        config.check_extensions(names())?;
        let answered = extensions.iter().flat_map(|known| known.answered.clone());
        let asked = extensions.iter().flat_map(|known| known.asked.clone());
        let kinds = Kinds::check(answered, asked)?;
        let extensions = extensions
            .iter()
            .map(|extension| extension.prepared(config))
            .collect::<Result<_, _>>()?;
        let kinds = Arc::new(kinds);
        Ok(Self { kinds, extensions })
    }

    /// Who may ask what.
    pub(crate) fn kinds(&self) -> Arc<Kinds> {
        Arc::clone(&self.kinds)
    }

    /// Who observes what is accepted here.
    pub(crate) fn observers(&self) -> Observers {
        Observers::new(self.extensions.iter().filter_map(|known| known.feed()))
    }

    /// Registers a handler for each message that an extension answers.
    pub(crate) fn routes(&self, shards: &Arc<dyn Shards>, router: &mut Router) {
        for extension in &self.extensions {
            extension.routes(shards, router);
        }
    }

    /// Starts the actors in their order, waits a while until they are made, and says how to ask
    /// them for their state.
    pub(crate) async fn begin(
        self,
        around: &Surroundings,
        node: impl Fn(ExtensionStore) -> NodeHandle,
    ) -> Vec<Inspection> {
        // All extensions together read one range at a time, as listings do.
        let reads = Arc::new(Semaphore::new(1));
        let extensions = self.extensions.into_iter().enumerate();
        let begun = extensions.map(|(place, extension)| {
            let store = ExtensionStore::open(extension.name(), place, &around.store, &reads);
            extension.begin(node(store), around)
        });
        let (inspections, made): (Vec<_>, Vec<_>) = begun.unzip();
        // Whoever is not made by then answers that it has not begun.
        let _ = tokio::time::timeout(BEGIN_WAIT, join_all(made)).await;
        inspections
    }
}

impl Extension {
    fn prepared(&self, config: &Config) -> Result<Box<dyn Prepared>, ConfigError> {
        let settings = config.extensions.get(self.name);
        let host = Host::new(config.node.id, self.name);
        let prepared = (self.prepare)(host, settings.cloned().unwrap_or_default());
        prepared.map_err(|cause| ConfigError::Extension {
            key: format!("[extensions.{}]", self.name),
            cause,
        })
    }
}

/// Whether a node could start with these extensions under this configuration.
pub fn check(extensions: &[Extension], config: &Config) -> Result<(), ExtensionError> {
    Registered::check(extensions, config).map(drop)
}

/// Extensions that no node starts with.
#[derive(Debug, thiserror::Error)]
pub enum ExtensionError {
    /// A name that can't be, or is taken.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A kind outside its range, one for two messages, or one that nobody answers.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// Settings of no extension, or such that one does not take.
    #[error(transparent)]
    Settings(#[from] ConfigError),
}
