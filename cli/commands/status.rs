//! `cartwheel status`.

use std::time::Duration;

use cartwheel::message::client::{
    ExtensionState, ExtensionStatus, MemberDescription, PeerStatus, ShardStatus, StatusDescription,
};
use cartwheel::node::NodeId;
use cartwheel_client::Client;
use clap::Args;
use futures::future::join_all;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};

/// The most a member may take to answer: nobody waits long for a dead one.
const PATIENCE: Duration = Duration::from_secs(2);

/// Show how every member is
///
/// Ends with 0 once any node has answered, whoever else is down: a member that did not answer is
/// shown as unreachable, and with -o json has a null for its status and the reason as its error.
/// Ends with 4 if no node answers at all.
#[derive(Debug, Args)]
pub struct Status {}

/// One member, as it tells of itself.
#[derive(Serialize)]
struct Member {
    node: NodeId,
    client: String,
    /// What it said, or nothing.
    status: Option<NodeStatus>,
    /// Why it said nothing.
    error: Option<String>,
}

/// A node's own words; the store in hex, since it is too large for the numbers of JSON.
#[derive(Serialize)]
struct NodeStatus {
    store: String,
    version: String,
    cluster: String,
    epoch: u64,
    process_id: u32,
    cpu_us: u64,
    file_system: String,
    shards: Vec<ShardStatus>,
    peers: Vec<PeerStatus>,
    extensions: Vec<ExtensionStatus>,
}

impl Status {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let members = connection::block_on(async {
            let ring = target.connect().await?.ring().await?;
            let asked = ring.members.into_iter().map(|member| ask(target, member));
            Ok(join_all(asked).await)
        })?;
        output::show(format, &members, |members| as_text(members))
    }
}

async fn ask(target: &Target, member: MemberDescription) -> Member {
    let (status, error) = match ask_node(target, &member.client).await {
        Ok(status) => (Some(NodeStatus::from(status)), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Member {
        node: member.node,
        client: member.client,
        status,
        error,
    }
}

async fn ask_node(
    target: &Target,
    endpoint: &str,
) -> Result<StatusDescription, cartwheel_client::Error> {
    let patience = target.timeout().min(PATIENCE);
    let builder = Client::builder().endpoints([endpoint]);
    let builder = builder.timeout(patience).connect_timeout(patience);
    builder.build().await?.status().await
}

impl From<StatusDescription> for NodeStatus {
    fn from(status: StatusDescription) -> Self {
        Self {
            store: status.store.to_string(),
            version: status.version,
            cluster: status.cluster,
            epoch: status.epoch,
            process_id: status.process_id,
            cpu_us: status.cpu_us,
            file_system: status.file_system,
            shards: status.shards,
            peers: status.peers,
            extensions: status.extensions,
        }
    }
}

const HEADINGS: [&str; 11] = [
    "node",
    "clients",
    "state",
    "process",
    "cpu s",
    "shards",
    "under way",
    "answered",
    "restarts",
    "corrupt",
    "links",
];

fn as_text(members: &[Member]) -> String {
    let mut table = output::table(&HEADINGS);
    for member in members {
        let mut row = vec![member.node.to_string(), member.client.clone()];
        match &member.status {
            Some(status) => row.extend(cells(status)),
            None => row.push("unreachable".to_owned()),
        }
        table.add_row(row);
    }
    let errors = members.iter().filter_map(|member| {
        let error = member.error.as_ref()?;
        Some(format!("{}: {error}", member.node))
    });
    let extensions = members.iter().flat_map(extension_lines);
    let lines = [table.to_string()].into_iter();
    let lines: Vec<String> = lines.chain(extensions).chain(errors).collect();
    lines.join("\n")
}

/// What the extensions of a member show, a line each.
fn extension_lines(member: &Member) -> Vec<String> {
    let extensions = member.status.iter().flat_map(|status| &status.extensions);
    let line = |extension: &ExtensionStatus| {
        let ExtensionStatus { name, state, .. } = extension;
        let restarts = match extension.restarts {
            0 => String::new(),
            restarts => format!(" restarts {restarts},"),
        };
        format!("{} {name}:{restarts}{}", member.node, shown(state))
    };
    extensions.map(line).collect()
}

fn shown(state: &ExtensionState) -> String {
    match state {
        ExtensionState::Shown(values) => {
            let shown = values
                .iter()
                .map(|(name, value)| format!(" {name} {value}"));
            shown.collect::<Vec<_>>().join(",")
        }
        ExtensionState::Silent => " no answer".to_owned(),
        ExtensionState::Resting { delay_ms, cause } => {
            format!(" rests for {delay_ms} ms, since {cause}")
        }
        ExtensionState::Ended { cause } => format!(" has ended, since {cause}"),
    }
}

fn cells(status: &NodeStatus) -> Vec<String> {
    let sum = |part: fn(&ShardStatus) -> u64| status.shards.iter().map(part).sum::<u64>();
    let peers = status.peers.iter();
    let (up, links) = peers.fold((0, 0), |(up, links), peer| {
        (up + u32::from(peer.links_up), links + u32::from(peer.links))
    });
    vec![
        "up".to_owned(),
        status.process_id.to_string(),
        format!(
            "{}.{:02}",
            status.cpu_us / 1_000_000,
            status.cpu_us % 1_000_000 / 10_000
        ),
        status.shards.len().to_string(),
        sum(|shard| shard.operations).to_string(),
        sum(|shard| shard.answered).to_string(),
        sum(|shard| shard.restarts).to_string(),
        sum(|shard| shard.corrupt).to_string(),
        format!("{up}/{links}"),
    ]
}
