//! What `dev` answers to what it can't work with: at once, and without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cluster::directory;
use crate::command::{Ended, run};
use crate::dev::{Dev, interrupt, wait_until_gone};
use crate::ports;

/// A refusal starts no node, so that it takes no time.
const AT_ONCE: Duration = Duration::from_secs(4);

async fn dev(data: &Path, port: u16, more: &[&str]) -> Ended {
    let port = port.to_string();
    let words = ["dev", "--data", data.to_str().unwrap(), "--port", &port];
    let began = Instant::now();
    let ended = run(&[&words[..], more].concat()).await;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    ended
}

/// What `dev` writes itself, and its nodes' logs.
fn written(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let nodes = (1..=3).map(|node| data.join(format!("node-{node}")));
    let of_nodes = nodes.flat_map(|node| ["config.toml", "log"].map(|file| node.join(file)));
    let files = of_nodes.chain(["dev.lock", "cluster.toml"].map(|file| data.join(file)));
    files
        .map(|file| (file.clone(), fs::read(file).unwrap()))
        .collect()
}

#[tokio::test]
async fn a_second_dev_on_the_same_data_is_refused_and_changes_nothing_of_the_first() {
    let data = directory();
    let first = Dev::start(data.path(), ports::block(3)).await;
    let before = written(data.path());
    let error = dev(data.path(), ports::block(3), &[]).await.failed(3);
    let process_id = first.process.id().unwrap();
    assert!(error.contains(data.path().to_str().unwrap()), "{error}");
    assert!(error.contains(&format!("process {process_id}")), "{error}");
    assert!(error.contains("--data"), "{error}");
    assert!(before == written(data.path()), "a file has changed");
    run(&["put", "default", "k", "v", "--endpoint", &first.endpoints()])
        .await
        .ok();
}

#[tokio::test]
async fn data_of_another_number_of_nodes_is_refused_once_it_is_free() {
    let data = directory();
    let port = ports::block(5);
    let first = Dev::start(data.path(), port).await;
    let process_ids = first.process_ids();
    interrupt(&first.process).await;
    assert_eq!(first.ended().await, Some(0));
    wait_until_gone(&process_ids).await;
    let five = dev(data.path(), port, &["--nodes", "5"]).await.failed(3);
    assert!(five.contains("holds a cluster of 3 nodes, not 5"), "{five}");
}

#[tokio::test]
async fn a_port_in_use_is_named_before_anything_is_started() {
    let place = directory();
    let data = place.path().join("new");
    let port = ports::block(3);
    // The bridge of the second node: not only the first port is looked at.
    let _taken = TcpListener::bind(("127.0.0.1", port + 11)).unwrap();
    let ended = dev(&data, port, &[]).await;
    assert_eq!(ended.stdout, "");
    let error = ended.failed(3);
    let address = format!("127.0.0.1:{}", port + 11);
    assert!(
        error.contains(&address) && error.contains("--port"),
        "{error}"
    );
    assert!(!data.exists());
}

#[tokio::test]
async fn a_setting_that_no_node_could_start_with_is_wrong_usage() {
    let place = directory();
    let data = place.path().join("new");
    for (setting, what) in [
        ("node.nam=x", "--set: unknown setting \"node.nam\""),
        ("ring.partitions=100", "ring.partitions = 100 is refused"),
        ("nothing", "not SECTION.KEY=VALUE"),
        (
            "node.id=2",
            "--set node.id: `cartwheel dev` gives every node its own",
        ),
    ] {
        let error = dev(&data, ports::block(3), &["--set", setting])
            .await
            .failed(2);
        assert!(error.contains(what), "{setting}: {error}");
        assert!(!data.exists(), "{setting}");
    }
}
