//! `cartwheel serve`.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use cartwheel::config::Config;
use cartwheel_actors::extension::Extension;
use cartwheel_actors::node::{self, Node, NodeOptions};
use cartwheel_actors::shell::{ArbiterShards, MonotonicClock, OsEntropy, Shell, TcpNetwork};
use clap::{Args, ValueHint};
use serde::Serialize;

use crate::configuration::{self, ConfigurationError, Setting, Sources};
use crate::failure::Failure;
use crate::node::{Host, LogFormat, NodeStore, ServeError, StopReason, Stopping, start_logs};
use crate::output::{self, Format};

/// Run a node, until SIGINT or SIGTERM
///
/// Settings come from the file, over it the environment (CARTWHEEL_SECTION__KEY), over both the
/// flags. See `config/default.toml` for every setting and its reason.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Where the records lie (node.data_dir)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<String>,
    /// Take addresses other than loopback, although nothing is encrypted (listen.insecure)
    #[arg(long)]
    insecure: bool,
    /// One setting, as in node.id=2; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    settings: Vec<Setting>,
    /// What the lines of the log look like
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
    /// Go on where the disk has damaged the log, although writes are lost that were acknowledged.
    /// What other nodes have of them comes back as their keys are read
    #[arg(long)]
    accept_lost_writes: bool,
    /// Stop when standard input ends, as it does when the process that holds it is gone
    #[arg(long)]
    stop_on_stdin_close: bool,
}

/// What is printed once the node serves.
#[derive(Serialize)]
struct Serving {
    node: u64,
    client: String,
    bridge: String,
    process_id: u32,
}

impl Serve {
    pub fn run(self, format: Option<Format>, extensions: Vec<Extension>) -> Result<(), Failure> {
        let config = self.sources()?.load_for(&extensions)?;
        start_logs(self.log);
        let store = NodeStore::open(&config, &extensions, self.accept_lost_writes)?;
        let system = actix_rt::System::new();
        let served = system.block_on(self.serve(config, extensions, &store, format));
        // With it end the actors that live on this thread, and let go of the store.
        drop(system);
        store.close();
        served
    }

    fn sources(&self) -> Result<Sources, ConfigurationError> {
        let mut sources = Sources::default();
        if let Some(file) = &self.config {
            sources.file(file)?;
        }
        sources.environment(configuration::variables())?;
        if let Some(data) = &self.data {
            sources.setting("--data", "node.data_dir", data)?;
        }
        if self.insecure {
            sources.setting("--insecure", "listen.insecure", "true")?;
        }
        for Setting { key, value } in &self.settings {
            sources.setting("--set", key, value)?;
        }
        Ok(sources)
    }

    async fn serve(
        &self,
        config: Config,
        extensions: Vec<Extension>,
        store: &NodeStore,
        format: Option<Format>,
    ) -> Result<(), Failure> {
        let mut stopping = Stopping::new().map_err(ServeError::from)?;
        if self.stop_on_stdin_close {
            stopping.with_stdin().map_err(ServeError::from)?;
        }
        let name = config.node.id;
        let options = options(config, extensions, store, &stopping);
        let node = tokio::select! {
            biased;
            started = node::start(options) => started.map_err(ServeError::from)?,
            reason = stopping.reason() => return ended(name.to_string(), reason),
        };
        let announced = announce(name.0, &node, format);
        let reason = match announced {
            Ok(()) => stopping.reason().await,
            Err(failure) => return Err(failure),
        };
        node.stop();
        ended(name.to_string(), reason)
    }
}

fn options(
    config: Config,
    extensions: Vec<Extension>,
    store: &NodeStore,
    stopping: &Stopping,
) -> NodeOptions {
    NodeOptions {
        shards: shards(&config),
        shell: Shell {
            network: Arc::new(TcpNetwork),
            clock: Arc::new(MonotonicClock::new()),
            entropy: Arc::new(OsEntropy),
            shards: Arc::new(ArbiterShards::default()),
            store: store.shared(),
        },
        store: store.id(),
        extensions,
        host: Arc::new(Host::new(store.file_system(&config))),
        fatal: stopping.fatal(),
        config,
    }
}

/// As many as the configuration says, or one per core.
fn shards(config: &Config) -> u16 {
    match config.node.shards {
        0 => available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(1)),
        shards => shards,
    }
}

fn announce(id: u64, node: &Node, format: Option<Format>) -> Result<(), Failure> {
    let serving = Serving {
        node: id,
        client: node.client_address.clone(),
        bridge: node.bridge_address.clone(),
        process_id: std::process::id(),
    };
    output::show(format, &serving, |serving| {
        let Serving {
            node,
            client,
            bridge,
            ..
        } = serving;
        format!("node-{node} serves clients on {client} and nodes on {bridge}")
    })
}

fn ended(node: String, reason: StopReason) -> Result<(), Failure> {
    match reason {
        StopReason::Asked(signal) => tracing::info!(%node, signal, "stopping"),
        StopReason::Orphaned => tracing::info!(%node, "stopping, since standard input has ended"),
        StopReason::Fatal(cause) => return Err(ServeError::GaveUp { node, cause }.into()),
    }
    Ok(())
}
