//! Which node gets which ports and files.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use cartwheel::node::ClusterId;

use super::Identity;

/// The most nodes: three processes a core are already more than a laptop enjoys.
pub const NODES_MAX: u8 = 32;

/// Between the client ports of two nodes; the bridge's is the next behind the client's.
const PORT_STEP: u16 = 10;

/// What each node has of its own, so that nobody else can set it.
pub const OWN_SETTINGS: [&str; 7] = [
    "node.id",
    "node.data_dir",
    "cluster.id",
    "cluster.secret",
    "cluster.members",
    "listen.client",
    "listen.bridge",
];

/// The nodes of a local cluster.
pub struct Plan {
    pub nodes: Vec<PlannedNode>,
    identity: Identity,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct PlannedNode {
    pub id: u8,
    pub client: String,
    pub bridge: String,
    pub folder: PathBuf,
}

impl Plan {
    /// Plans the nodes of a cluster, the first of which serves clients on this port; the last port that
    /// takes is at most 65535, which the caller has checked.
    pub fn new(data: &Path, port: u16, identity: Identity) -> Self {
        let node = |id: u8| {
            let client = port + PORT_STEP * u16::from(id - 1);
            PlannedNode {
                id,
                client: format!("127.0.0.1:{client}"),
                bridge: format!("127.0.0.1:{}", client + 1),
                folder: data.join(format!("node-{id}")),
            }
        };
        let nodes = (1..=identity.nodes).map(node).collect();
        Self { nodes, identity }
    }

    /// The cluster that the nodes are members of.
    pub fn cluster(&self) -> ClusterId {
        self.identity.id
    }

    /// The last port that a plan takes, if there is one of that number.
    pub fn last_port(nodes: u8, port: u16) -> Option<u16> {
        let steps = PORT_STEP.checked_mul(u16::from(nodes.checked_sub(1)?))?;
        port.checked_add(steps)?.checked_add(1)
    }

    /// One thread a core for all nodes together: more would only take turns, and a put of
    /// three nodes with two shards each costs two cores half as much again.
    fn shards(&self) -> usize {
        let cores = available_parallelism().map_or(1, |cores| cores.get());
        (cores / self.nodes.len().max(1)).clamp(1, 16)
    }

    /// The configuration file of a node.
    pub fn config_of(&self, node: &PlannedNode) -> String {
        let Identity { id, secret, .. } = &self.identity;
        // JSON escapes what TOML wants escaped, and in the same way.
        let data = serde_json::Value::from(node.data_dir().to_string_lossy().as_ref());
        let members: String = self.nodes.iter().map(member).collect();
        format!(
            "# Made by `cartwheel dev` at every start.\n\n\
             [node]\nid = {}\ndata_dir = {data}\n\
             # The nodes share the cores of this machine.\nshards = {}\n\n\
             [cluster]\nid = \"{id}\"\nsecret = \"{secret}\"\nmembers = [\n{members}]\n",
            node.id,
            self.shards()
        )
    }
}

fn member(node: &PlannedNode) -> String {
    let PlannedNode {
        id, client, bridge, ..
    } = node;
    format!("  {{ id = {id}, client = \"{client}\", bridge = \"{bridge}\" }},\n")
}

impl PlannedNode {
    /// What the node is called.
    pub fn name(&self) -> String {
        format!("node-{}", self.id)
    }

    /// The directory of its store.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Where its process writes what it has to say.
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }
}

#[cfg(test)]
mod tests {
    use cartwheel::config::Config;

    use super::*;

    #[test]
    fn every_node_of_a_plan_has_a_configuration_that_is_taken() {
        let data = tempfile::tempdir().unwrap();
        let odd = data.path().join("with \"quotes\" and \\");
        let plan = Plan::new(&odd, 7400, Identity::random(3));
        let configs = plan.nodes.iter().map(|node| {
            let text = plan.config_of(node);
            Config::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
        });
        let configs: Vec<Config> = configs.collect();
        assert_eq!(configs[2].client_address(), "127.0.0.1:7420");
        assert_eq!(configs[2].bridge_address(), "127.0.0.1:7421");
        assert_eq!(
            Path::new(&configs[0].node.data_dir),
            odd.join("node-1/data")
        );
        assert!(
            configs
                .iter()
                .all(|config| config.cluster == configs[0].cluster)
        );
    }

    #[test]
    fn ports_end_at_65535() {
        assert_eq!(Plan::last_port(3, 7400), Some(7421));
        assert_eq!(Plan::last_port(1, 65_534), Some(65_535));
        assert_eq!(Plan::last_port(2, 65_530), None);
        assert_eq!(Plan::last_port(0, 7400), None);
    }
}
