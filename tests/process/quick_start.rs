//! What a new user does first: `dev`, and a few commands against it.

use crate::cluster::directory;
use crate::command::run;
use crate::dev::{Dev, interrupt, is_alive, wait_until_gone};
use crate::ports;

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

#[tokio::test]
async fn no_node_outlives_a_dev_that_was_killed() {
    let data = directory();
    let mut dev = Dev::start(data.path(), ports::block(3)).await;
    let process_ids = dev.process_ids();
    assert!(process_ids.iter().all(|id| is_alive(*id)));
    dev.process.kill().await.unwrap();
    wait_until_gone(&process_ids).await;
}
