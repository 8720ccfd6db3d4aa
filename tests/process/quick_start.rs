//! What a new user does first: `dev`, and a few commands against it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::cluster::directory;
use crate::command::{self, run};
use crate::ports;

const PATIENCE: Duration = Duration::from_secs(60);

/// `dev`, while it runs.
struct Dev {
    process: Child,
    nodes: Value,
}

impl Dev {
    async fn start(data: &Path, port: u16) -> Self {
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

    fn endpoints(&self) -> String {
        let nodes = self.nodes.as_array().unwrap().iter();
        let endpoints: Vec<&str> = nodes.map(|node| node["client"].as_str().unwrap()).collect();
        endpoints.join(",")
    }

    fn process_ids(&self) -> Vec<u64> {
        let nodes = self.nodes.as_array().unwrap().iter();
        nodes
            .map(|node| node["process_id"].as_u64().unwrap())
            .collect()
    }

    async fn ended(mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.process.wait()).await;
        ended.expect("dev ends").unwrap().code()
    }
}

async fn wait_until_gone(process_ids: &[u64]) {
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
fn is_alive(process_id: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[tokio::test]
async fn three_nodes_take_keep_and_give_back_a_value_and_stop_when_asked() {
    let data = directory();
    let port = ports::block(3);
    let dev = Dev::start(data.path(), port).await;
    assert_eq!(dev.process_ids().len(), 3);
    let endpoints = dev.endpoints();
    let on = ["--endpoint", &endpoints];
    let words = |words: &[&'static str]| [words, &on].concat();

    run(&words(&["put", "default", "hello", "world"]))
        .await
        .ok();
    assert_eq!(
        run(&words(&["get", "default", "hello"])).await.ok(),
        "world"
    );
    let got = run(&words(&["get", "default", "hello", "-o", "json"]))
        .await
        .json();
    assert_eq!(got["values"], serde_json::json!(["d29ybGQ="]));
    run(&words(&["delete", "default", "hello"])).await.ok();
    run(&words(&["get", "default", "hello"])).await.failed(1);
    run(&words(&["put", "default", "kept", "over the restart"]))
        .await
        .ok();

    let process_ids = dev.process_ids();
    interrupt(&dev.process).await;
    assert_eq!(dev.ended().await, Some(0));
    wait_until_gone(&process_ids).await;

    let again = Dev::start(data.path(), port).await;
    assert_eq!(
        run(&words(&["get", "default", "kept"])).await.ok(),
        "over the restart"
    );
    drop(again);
}

async fn interrupt(process: &Child) {
    let id = process.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().await;
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn no_node_outlives_a_dev_that_was_killed() {
    let data = directory();
    let mut dev = Dev::start(data.path(), ports::block(3)).await;
    let process_ids = dev.process_ids();
    assert!(process_ids.iter().all(|id| is_alive(*id)));
    dev.process.kill().await.unwrap();
    wait_until_gone(&process_ids).await;
}

#[tokio::test]
async fn a_second_dev_on_the_same_data_is_refused_and_the_first_goes_on() {
    let data = directory();
    let dev = Dev::start(data.path(), ports::block(3)).await;
    let other = ports::block(3).to_string();
    let place = data.path().to_str().unwrap();
    let refused = run(&["dev", "--port", &other, "--data", place])
        .await
        .failed(3);
    assert!(refused.contains("is open already"), "{refused}");
    let five = run(&["dev", "--nodes", "5", "--port", &other, "--data", place]).await;
    assert!(five.failed(3).contains("holds a cluster of 3 nodes, not 5"));
    run(&["put", "default", "k", "v", "--endpoint", &dev.endpoints()])
        .await
        .ok();
}
