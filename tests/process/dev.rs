//! A cluster that `dev` runs.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::command;

const PATIENCE: Duration = Duration::from_secs(60);

/// `dev`, while it runs.
pub struct Dev {
    pub process: Child,
    nodes: Value,
}

impl Dev {
    /// Starts it, and waits until it has said what runs.
    pub async fn start(data: &Path, port: u16) -> Self {
        let mut process = command::program();
        process
            .args(["dev", "-o", "json", "--port"])
            .arg(port.to_string());
        process.arg("--data").arg(data).stdout(Stdio::piped());
        let mut process = process.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let read = stdout.read_line(&mut line);
        timeout(PATIENCE, read).await.expect("dev starts").unwrap();
        let nodes = serde_json::from_str(&line).unwrap();
        Self { process, nodes }
    }

    /// The addresses of all nodes, as the command line takes them.
    pub fn endpoints(&self) -> String {
        let nodes = self.nodes.as_array().unwrap().iter();
        let endpoints: Vec<&str> = nodes.map(|node| node["client"].as_str().unwrap()).collect();
        endpoints.join(",")
    }

    /// The processes of its nodes.
    pub fn process_ids(&self) -> Vec<u64> {
        let nodes = self.nodes.as_array().unwrap().iter();
        nodes
            .map(|node| node["process_id"].as_u64().unwrap())
            .collect()
    }

    /// Waits until it has ended, and says with which code.
    pub async fn ended(mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.process.wait()).await;
        ended.expect("dev ends").unwrap().code()
    }
}

/// Waits until none of these processes is left.
pub async fn wait_until_gone(process_ids: &[u64]) {
    let began = Instant::now();
    while process_ids.iter().any(|id| is_alive(*id)) {
        if began.elapsed() > PATIENCE {
            let ids = process_ids.iter().map(u64::to_string);
            let _ = Command::new("kill").arg("-9").args(ids).status().await;
            panic!("{process_ids:?} were left");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A process that has ended and was not waited for is still in the list, as a zombie.
pub fn is_alive(process_id: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

/// What Ctrl-C does.
pub async fn interrupt(process: &Child) {
    let id = process.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().await;
    assert!(sent.unwrap().success());
}
