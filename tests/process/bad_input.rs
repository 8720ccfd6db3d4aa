//! What `serve` and `check-config` answer to what they can't work with.

use std::net::TcpListener;
use std::path::Path;

use crate::cluster::{Cluster, directory};
use crate::command::{Ended, run};
use crate::ports;

async fn serve(config: &Path, more: &[&str]) -> Ended {
    let words = ["serve", "--config", config.to_str().unwrap()];
    run(&[&words[..], more].concat()).await
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let cluster = Cluster::planned();
    let endpoint = cluster.endpoint(1);
    let _taken = TcpListener::bind(&endpoint).unwrap();
    let error = serve(&cluster.config(1), &[]).await.failed(3);
    assert!(
        error.contains(&format!(
            "can't listen on {endpoint}: Address already in use"
        )),
        "{error}"
    );
}

#[tokio::test]
async fn a_data_directory_of_another_node_or_cluster_or_one_that_is_open_is_refused() {
    let mut cluster = Cluster::start().await;
    let first = cluster.data_dir(1);
    let first = first.to_str().unwrap();
    let open = serve(&cluster.config(2), &["--data", first])
        .await
        .failed(3);
    assert!(open.contains(&format!("{first} is open already")), "{open}");
    cluster.kill_all().await;
    let other = serve(&cluster.config(2), &["--data", first])
        .await
        .failed(3);
    assert!(
        other.contains(&format!("{first} belongs to node-1, not to node-2")),
        "{other}"
    );
    let set = "cluster.id=000102030405060708090a0b0c0d0e0f";
    let strange = serve(&cluster.config(1), &["--set", set]).await.failed(3);
    assert!(strange.contains("belongs to cluster"), "{strange}");
}

/// The peers refuse it: what it would acknowledge, the node that lives would not have.
#[tokio::test]
async fn a_node_that_lives_already_is_not_opened_again_with_an_empty_or_a_copied_directory() {
    let cluster = Cluster::start().await;
    let elsewhere = directory();
    let port = ports::block(1);
    let listen = [("listen.client", port), ("listen.bridge", port + 1)];
    let [client, bridge] = listen.map(|(setting, port)| format!("{setting}=127.0.0.1:{port}"));
    let copy = elsewhere.path().join("copy");
    copy_files(&cluster.data_dir(1), &copy);
    for data in [elsewhere.path().join("empty"), copy] {
        let data = data.to_str().unwrap();
        let more = ["--data", data, "--set", &client, "--set", &bridge];
        let error = serve(&cluster.config(1), &more).await.failed(3);
        assert!(
            error.contains("node-1 is open twice: it serves at"),
            "{error}"
        );
    }
    let client = cluster.client_of(1).await;
    client
        .bucket("default")
        .put("key", "value")
        .send()
        .await
        .unwrap();
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_directory_with_other_files_is_left_alone() {
    let cluster = Cluster::planned();
    let place = directory();
    let letter = place.path().join("letter");
    std::fs::write(&letter, "not a store").unwrap();
    let data = place.path().to_str().unwrap();
    let refused = serve(&cluster.config(1), &["--data", data]).await;
    let error = refused.failed(3);
    assert!(
        error.contains("has no store in it but other files, letter for one"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(letter).unwrap(), "not a store");
}

#[tokio::test]
async fn a_setting_that_breaks_its_rule_is_refused_before_anything_is_opened() {
    let cluster = Cluster::planned();
    for (setting, what) in [
        ("node.nam=x", "--set: unknown setting \"node.nam\""),
        (
            "ring.partitions=100",
            "ring.partitions = 100 is refused: it must be a power of two",
        ),
        (
            "node.id=4",
            "node.id = 4 is not among cluster.members: they are 1, 2, 3",
        ),
        (
            "listen.client=0.0.0.0:7400",
            "listen.client = \"0.0.0.0:7400\" is not a loopback address",
        ),
        ("nothing", "not SECTION.KEY=VALUE"),
    ] {
        let error = serve(&cluster.config(1), &["--set", setting])
            .await
            .failed(2);
        assert!(error.contains(what), "{setting}: {error}");
    }
    assert!(!cluster.data_dir(1).exists());
    let missing = serve(Path::new("/no/such/file.toml"), &[]).await.failed(2);
    assert!(
        missing.contains("can't read the configuration file /no/such/file.toml"),
        "{missing}"
    );
}

#[tokio::test]
async fn check_config_says_what_serve_would() {
    let cluster = Cluster::planned();
    let config = cluster.config(1);
    let words = ["check-config", config.to_str().unwrap()];
    assert!(run(&words).await.ok().contains("ok: node-1 of 3 members"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("data_dir", "data_path")).unwrap();
    let error = run(&words).await.failed(2);
    assert!(
        error.contains("unknown setting \"node.data_path\": there is data_dir, id, shards"),
        "{error}"
    );
    assert!(error.contains(config.to_str().unwrap()), "{error}");
}
