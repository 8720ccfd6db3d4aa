//! Three nodes, each a process, that can be killed and started again.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cartwheel_client::Client;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::sleep;

use crate::{command, ports};

const NODES: u16 = 3;

/// How long a node may take until it serves, its log replayed.
const START_WAIT: Duration = Duration::from_secs(60);

/// Three nodes and their data, gone at the end of the test.
pub struct Cluster {
    pub data: TempDir,
    port: u16,
    processes: Vec<Option<Child>>,
}

impl Cluster {
    /// Starts three nodes, and waits until all serve.
    pub async fn start() -> Self {
        let mut cluster = Self::planned();
        for node in 1..=NODES {
            cluster.start_node(node);
        }
        cluster.all_serve().await;
        cluster
    }

    /// Three nodes that are not started.
    pub fn planned() -> Self {
        let cluster = Self {
            data: directory(),
            port: ports::block(NODES),
            processes: (0..NODES).map(|_| None).collect(),
        };
        for node in 1..=NODES {
            std::fs::write(cluster.config(node), cluster.settings(node)).unwrap();
        }
        cluster
    }

    /// Starts a node, without waiting for it.
    pub fn start_node(&mut self, node: u16) {
        let log = self.log(node);
        let mut process = command::program();
        process.arg("serve").arg("--config").arg(self.config(node));
        process.stdout(Stdio::null()).stderr(log);
        self.processes[usize::from(node - 1)] = Some(process.spawn().unwrap());
    }

    /// Starts a node behind what it is to be run by, with its records in another directory.
    pub fn start_node_behind(&mut self, node: u16, fence: &[String], data: &Path) {
        let log = self.log(node);
        let mut process = command::behind(fence);
        process.arg("serve").arg("--config").arg(self.config(node));
        process.arg("--data").arg(data);
        process.stdout(Stdio::null()).stderr(log);
        self.processes[usize::from(node - 1)] = Some(process.spawn().unwrap());
    }

    /// Ends a node's process at once: kill -9.
    pub async fn kill(&mut self, node: u16) {
        let process = self.processes[usize::from(node - 1)].take();
        process.unwrap().kill().await.unwrap();
    }

    /// Ends all processes at once, none of them waiting for another.
    pub async fn kill_all(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            process.start_kill().unwrap();
        }
        for process in &mut self.processes {
            process.take().unwrap().wait().await.unwrap();
        }
    }

    /// Waits until every node serves.
    pub async fn all_serve(&mut self) {
        for node in 1..=NODES {
            self.serves(node).await;
        }
    }

    /// Waits until a node serves.
    pub async fn serves(&mut self, node: u16) {
        let endpoint = self.endpoint(node);
        let began = Instant::now();
        while !answers(&endpoint).await {
            let process = self.processes[usize::from(node - 1)].as_mut().unwrap();
            let ended = process.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "node {node} ended: {ended:?}: {}",
                self.logged(node)
            );
            assert!(
                began.elapsed() < START_WAIT,
                "node {node} does not serve: {}",
                self.logged(node)
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The address of a node for clients.
    pub fn endpoint(&self, node: u16) -> String {
        format!("127.0.0.1:{}", self.port + 10 * (node - 1))
    }

    /// The addresses of all, as the command line takes them.
    pub fn endpoints(&self) -> String {
        let endpoints: Vec<String> = (1..=NODES).map(|node| self.endpoint(node)).collect();
        endpoints.join(",")
    }

    /// A client of all nodes.
    pub async fn client(&self) -> Client {
        client(&self.endpoints()).await
    }

    /// A client of one node.
    pub async fn client_of(&self, node: u16) -> Client {
        client(&self.endpoint(node)).await
    }

    /// A node's configuration file.
    pub fn config(&self, node: u16) -> PathBuf {
        self.data.path().join(format!("node-{node}.toml"))
    }

    /// Where a node's records lie.
    pub fn data_dir(&self, node: u16) -> PathBuf {
        self.data.path().join(format!("data-{node}"))
    }

    fn settings(&self, node: u16) -> String {
        let member = |id: u16| {
            let client = self.port + 10 * (id - 1);
            let bridge = client + 1;
            format!(
                "  {{ id = {id}, client = \"127.0.0.1:{client}\", bridge = \"127.0.0.1:{bridge}\" }},\n"
            )
        };
        let members: String = (1..=NODES).map(member).collect();
        let id = format!("{:032x}", self.port);
        let data = self.data_dir(node).display().to_string();
        format!(
            "[node]\nid = {node}\ndata_dir = {data:?}\n[cluster]\nid = \"{id}\"\nsecret = \"{id}\"\nmembers = [\n{members}]\n"
        )
    }

    fn log_file(&self, node: u16) -> PathBuf {
        self.data.path().join(format!("log-{node}"))
    }

    fn log(&self, node: u16) -> File {
        let mut options = OpenOptions::new();
        options
            .create(true)
            .append(true)
            .open(self.log_file(node))
            .unwrap()
    }

    /// What a node has written to its log.
    pub fn logged(&self, node: u16) -> String {
        std::fs::read_to_string(self.log_file(node)).unwrap()
    }
}

/// A directory on the disk that the program is built on: memory would sync nothing.
pub fn directory() -> TempDir {
    tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap()
}

async fn answers(endpoint: &str) -> bool {
    match Client::builder().endpoints([endpoint]).build().await {
        Ok(client) => client.status().await.is_ok(),
        Err(_) => false,
    }
}

async fn client(endpoints: &str) -> Client {
    let builder = Client::builder().endpoints(endpoints.split(','));
    builder
        .timeout(Duration::from_secs(20))
        .build()
        .await
        .unwrap()
}
