//! `cartwheel dev`.

use std::io;
use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use cartwheel::node::ClusterId;
use cartwheel_client::Client;
use clap::{Args, ValueHint};
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::configuration::{self, Setting, Sources};
use crate::connection;
use crate::failure::{Failure, UsageError};
use crate::local_cluster::{
    self, DataLock, Identity, NODES_MAX, NodeProcess, OWN_SETTINGS, Plan, ProcessError,
};
use crate::node::{StopReason, Stopping};
use crate::output::{self, Format};

/// How long the nodes may take to serve: an opening replays its log.
const START_WAIT: Duration = Duration::from_secs(60);

/// Between two looks at whether a node serves.
const START_POLL: Duration = Duration::from_millis(50);

/// Run a cluster on this machine, for development: Ctrl-C stops it
///
/// Every node is a process of its own, with its data, its configuration and its log under the
/// data directory. A second start with the same directory finds the same data.
#[derive(Debug, Args)]
pub struct Dev {
    /// How many nodes; fixed when the data directory is made
    #[arg(long, value_name = "NUMBER", default_value_t = 3,
          value_parser = clap::value_parser!(u8).range(1..=i64::from(NODES_MAX)))]
    nodes: u8,
    /// Where everything lies
    #[arg(long, value_name = "DIR", default_value = "data/dev", value_hint = ValueHint::DirPath)]
    data: PathBuf,
    /// The client port of the first node; the next has the one ten higher, and nodes talk to
    /// each other on the port behind each
    #[arg(long, value_name = "PORT", default_value_t = 7400,
          value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// A setting for every node, as in coordination.read_fanout=all; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    settings: Vec<Setting>,
}

/// A node that runs.
#[derive(Serialize)]
struct Running {
    node: u8,
    client: String,
    bridge: String,
    process_id: u32,
    config: PathBuf,
}

impl Dev {
    pub fn run(self, format: Option<Format>) -> Result<(), Failure> {
        if Plan::last_port(self.nodes, self.port).is_none() {
            let (nodes, port) = (self.nodes, self.port);
            return Err(UsageError::PortsOver { nodes, port }.into());
        }
        connection::block_on(self.cluster(format))
    }

    async fn cluster(&self, format: Option<Format>) -> Result<(), Failure> {
        let data = absolute(&self.data).map_err(|cause| unusable(&self.data, cause))?;
        let draft = Plan::new(&data, self.port, Identity::random(self.nodes));
        self.check_settings(&draft)?;
        let mut stopping = Stopping::new().map_err(|cause| Failure::Runtime { cause })?;
        // Held until the last node has stopped.
        let (_lock, plan) = self.claim(&data, &draft)?;
        let mut nodes = Vec::new();
        let ended = self.start_and_watch(&plan, &mut nodes, &mut stopping, format);
        let ended = ended.await;
        futures::future::join_all(nodes.into_iter().map(NodeProcess::stop)).await;
        ended
    }

    /// Whether every node could start with these settings.
    fn check_settings(&self, draft: &Plan) -> Result<(), Failure> {
        let is_own = |setting: &&Setting| OWN_SETTINGS.contains(&setting.key.as_str());
        if let Some(Setting { key, .. }) = self.settings.iter().find(is_own) {
            return Err(UsageError::OwnSetting { key: key.clone() }.into());
        }
        for node in &draft.nodes {
            let mut sources = Sources::default();
            sources.text(&node.config_file(), &draft.config_of(node))?;
            let variables = configuration::variables();
            sources.environment(variables.filter(|(name, _)| !local_cluster::is_own(name)))?;
            for Setting { key, value } in &self.settings {
                sources.setting("--set", key, value)?;
            }
            sources.load()?;
        }
        Ok(())
    }

    /// Takes the directory. What stands against it is found before anything is written.
    fn claim(&self, data: &Path, draft: &Plan) -> Result<(DataLock, Plan), Failure> {
        // Whoever has the directory may have the ports as well, and is the better reason.
        DataLock::look(data)?;
        local_cluster::probe(draft)?;
        let lock = DataLock::take(data)?;
        let identity = Identity::of(data, self.nodes)?;
        Ok((lock, Plan::new(data, self.port, identity)))
    }

    /// Starts the nodes into `nodes`, so that whatever happens here the caller can stop them.
    async fn start_and_watch(
        &self,
        plan: &Plan,
        nodes: &mut Vec<NodeProcess>,
        stopping: &mut Stopping,
        format: Option<Format>,
    ) -> Result<(), Failure> {
        for node in &plan.nodes {
            let config = plan.config_of(node);
            nodes.push(NodeProcess::start(node, &config, &self.settings)?);
        }
        tokio::select! {
            biased;
            reason = stopping.reason() => return note_stop(&reason),
            started = all_serve(plan.cluster(), nodes) => started?,
        }
        announce(nodes, format)?;
        tokio::select! {
            biased;
            reason = stopping.reason() => note_stop(&reason),
            last = watch(nodes) => Err(last),
        }
    }
}

/// Waits until every node answers; one that ends instead is an error.
async fn all_serve(cluster: ClusterId, nodes: &mut [NodeProcess]) -> Result<(), Failure> {
    let waits = nodes.iter_mut().map(|node| serves(cluster, node));
    let mut waits: FuturesUnordered<_> = waits.collect();
    while let Some(serves) = waits.next().await {
        serves?;
    }
    Ok(())
}

async fn serves(cluster: ClusterId, process: &mut NodeProcess) -> Result<(), Failure> {
    let (name, endpoint) = (process.node.name(), process.node.client.clone());
    tokio::select! {
        biased;
        error = process.ended() => Err(error.into()),
        answered = timeout(START_WAIT, answers(cluster, &endpoint)) => match answered {
            Ok(()) => Ok(()),
            Err(_elapsed) => Err(Failure::NeverServed { node: name, waited: START_WAIT }),
        },
    }
}

/// A node of another cluster, which took the port a moment ago, is not the one that is waited for.
async fn answers(cluster: ClusterId, endpoint: &str) {
    loop {
        let client = Client::builder().endpoints([endpoint]).cluster(cluster);
        let client = client.build().await;
        if let Ok(client) = client
            && client.status().await.is_ok()
        {
            return;
        }
        sleep(START_POLL).await;
    }
}

/// Tells of each node that ends; the others go on. Ends with the last.
async fn watch(nodes: &mut [NodeProcess]) -> Failure {
    let mut ends: FuturesUnordered<_> = nodes.iter_mut().map(end_of).collect();
    while let Some((config, error)) = ends.next().await {
        let config = config.display();
        output::note(&format!(
            "{error}\nThe others go on. To start it again: cartwheel serve --config {config}"
        ));
    }
    Failure::AllEnded
}

async fn end_of(process: &mut NodeProcess) -> (PathBuf, ProcessError) {
    (process.node.config_file(), process.ended().await)
}

fn announce(nodes: &[NodeProcess], format: Option<Format>) -> Result<(), Failure> {
    let running = nodes.iter().map(|process| Running {
        node: process.node.id,
        client: process.node.client.clone(),
        bridge: process.node.bridge.clone(),
        process_id: process.process_id,
        config: process.node.config_file(),
    });
    let running: Vec<Running> = running.collect();
    output::show(format, &running, |running| as_text(running))
}

fn as_text(running: &[Running]) -> String {
    let mut table = output::table(&["node", "clients", "nodes", "process", "configuration"]);
    for node in running {
        table.add_row([
            format!("node-{}", node.node),
            node.client.clone(),
            node.bridge.clone(),
            node.process_id.to_string(),
            node.config.display().to_string(),
        ]);
    }
    let endpoints: Vec<&str> = running.iter().map(|node| node.client.as_str()).collect();
    let endpoints = endpoints.join(",");
    format!(
        "{table}\n\nIn another terminal:\n  export CARTWHEEL_ENDPOINTS={endpoints}\n  \
         cartwheel put default hello world\n  cartwheel get default hello\nCtrl-C stops all nodes."
    )
}

fn note_stop(reason: &StopReason) -> Result<(), Failure> {
    if let StopReason::Asked(signal) = reason {
        output::note(&format!("{signal}: stopping all nodes"));
    }
    Ok(())
}

fn unusable(path: &Path, cause: io::Error) -> Failure {
    Failure::File {
        action: "use",
        path: path.to_owned(),
        cause,
    }
}
