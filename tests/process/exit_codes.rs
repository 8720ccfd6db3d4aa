//! What the commands answer to what can go wrong, in the words that scripts rely on.

use serde_json::json;
use tokio::process::Command;

use crate::cluster::Cluster;
use crate::command::{behind, run, run_with_input};
use crate::ports;

#[tokio::test]
async fn commands_end_with_the_code_that_says_how() {
    let cluster = Cluster::start().await;
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    let words =
        |line: &str| -> Vec<String> { line.split(' ').chain(on).map(str::to_owned).collect() };
    for (code, line, what) in [
        (0, "put default a 1", ""),
        (0, "put default a 1 -w 3", ""),
        (0, "get default a -r 3", ""),
        (
            1,
            "get default none",
            "not found: bucket \"default\" has no key \"none\"",
        ),
        (1, "delete default none", "not found"),
        (2, "get default", "required arguments"),
        (2, "get default a -r 0", "0 is not in 1..=15"),
        (2, "get default a --context *", "not a context"),
        (2, "bench --keys 3", "too few for 50 workers"),
        (
            2,
            "get default a --endpoint http://127.0.0.1:7400",
            "is not host:port",
        ),
        (3, "get nowhere a", "there is no bucket named \"nowhere\""),
        (3, "get default a -r 4", "r = 4 is outside 1 to 3"),
        (3, "put default a 2 --context AQID", "bad context"),
        (
            3,
            "list default --cursor zzzz",
            "bad cursor: 3 bytes are too few",
        ),
        (
            3,
            "bucket create default --n 3 -w 3",
            "exists already, with w = 2 where 3 is asked for",
        ),
        (3, "bucket create odd --n 5", "n = 5 is outside 1 to 3"),
        (
            3,
            "bucket create odd --n 5",
            "n is at most the number of members",
        ),
        (
            3,
            "import default /no/such/place",
            "can't read /no/such/place",
        ),
        (
            3,
            "put default endless --file /dev/zero",
            "/dev/zero has more than 8388608 bytes, and no bucket takes longer values",
        ),
    ] {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = run(&words).await;
        assert_eq!(ended.code, Some(code), "{line}: {ended:?}");
        assert!(ended.stderr.contains(what), "{line}: {}", ended.stderr);
    }
    concurrent_writers(&endpoints).await;
    large_values(&endpoints).await;
    absent_keys(&endpoints).await;
    content_types(&endpoints).await;
    empty_input(&endpoints).await;
    the_port_for_nodes(&cluster.endpoint(1)).await;
}

async fn absent_keys(endpoints: &str) {
    let get = ["get", "default", "none", "--endpoint", endpoints, "-o"];
    let ended = run(&[&get[..], &["json"]].concat()).await;
    assert_eq!((ended.code, &*ended.stderr), (Some(1), ""), "{ended:?}");
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["values"], json!([]));
    let table = run(&[&get[..], &["table"]].concat()).await.failed(1);
    assert!(table.contains("not found"), "{table}");
}

async fn content_types(endpoints: &str) {
    let on = ["--endpoint", endpoints];
    let put = ["put", "default", "typed", "{}", "--content-type"];
    run(&[&put[..], &["text/x"], &on].concat()).await.ok();
    run(&[&["put", "default", "typed", "plain"][..], &on].concat())
        .await
        .ok();
    let get = ["get", "default", "typed", "-o", "json"];
    let got = run(&[&get[..], &on].concat()).await.json();
    let pairs = got["values"].as_array().unwrap().iter();
    let pairs = pairs.zip(got["content_types"].as_array().unwrap());
    for (value, content_type) in pairs {
        match value.as_str().unwrap() {
            "e30=" => assert_eq!(content_type, "text/x"),
            _ => assert!(content_type.is_null(), "{got}"),
        }
    }
    assert_eq!(got["content_types"].as_array().unwrap().len(), 2);
}

/// An input that is empty is an empty value, and none is no value.
async fn empty_input(endpoints: &str) {
    for (redirection, code) in [("</dev/null", 0), ("<&-", 2)] {
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let mut put = behind(&["sh".to_owned(), "-c".to_owned(), script]);
        put.args(["put", "default", "empty", "--endpoint", endpoints]);
        let output = put.output().await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{redirection}: {error}");
        assert_eq!(error.contains("standard input is closed"), code == 2);
    }
}

/// A node has a port for clients and, here, the next one for nodes.
async fn the_port_for_nodes(endpoint: &str) {
    let (host, port) = endpoint.rsplit_once(':').unwrap();
    let bridge = format!("{host}:{}", port.parse::<u16>().unwrap() + 1);
    let get = ["get", "default", "a", "--timeout", "1000", "--endpoint"];
    let error = run(&[&get[..], &[&bridge]].concat()).await.failed(3);
    let said = format!("this port is for nodes, clients use {endpoint}");
    assert!(error.contains(&said), "{error}");
}

#[tokio::test]
async fn too_few_owners_is_code_3_with_how_many_are_up() {
    let mut cluster = Cluster::start().await;
    cluster.kill(2).await;
    cluster.kill(3).await;
    let endpoint = cluster.endpoint(1);
    for (command, value) in [("get", None), ("put", Some("v"))] {
        let words = [command, "default", "a", "--timeout", "1000", "--endpoint"];
        let words = words.into_iter().chain([&*endpoint]).chain(value);
        let words: Vec<&str> = words.collect();
        let error = run(&words).await.failed(3);
        for said in ["2 required", "1 of 3 owners are up", "cartwheel status"] {
            assert!(error.contains(said), "{command}: {error}");
        }
        assert!(command == "put" || !error.contains("done all the same"));
    }
}

/// They are connected and say nothing, so that the request is sent and its outcome open.
#[tokio::test]
async fn owners_that_say_nothing_are_code_4_and_only_a_write_may_have_been_done() {
    let cluster = Cluster::start().await;
    let endpoint = cluster.endpoint(1);
    let on = ["--endpoint", &endpoint, "--timeout", "1000"];
    let status = ["status", "-o", "json", "--endpoint", &endpoint];
    let members = run(&status).await.json();
    for member in &members.as_array().unwrap()[1..] {
        let id = member["status"]["process_id"].to_string();
        let stopped = Command::new("kill").args(["-STOP", &id]).status().await;
        assert!(stopped.unwrap().success());
    }
    let get = run(&[&["get", "default", "a"][..], &on].concat()).await;
    let put = run(&[&["put", "default", "a", "v"][..], &on].concat()).await;
    for (ended, in_doubt) in [(get, false), (put, true)] {
        let error = ended.failed(4);
        assert!(error.contains("cartwheel status"), "{error}");
        assert_eq!(error.contains("done all the same"), in_doubt, "{error}");
    }
}

async fn concurrent_writers(endpoints: &str) {
    let on = ["--endpoint", endpoints];
    let words = |words: &[&'static str]| [words, &on].concat();
    run(&words(&["put", "default", "cart", "milk"])).await.ok();
    run_with_input(&words(&["put", "default", "cart"]), b"bread")
        .await
        .ok();
    let both = run(&words(&["get", "default", "cart"])).await.ok();
    assert!(both.starts_with("--- sibling 1 of 2, "), "{both}");
    assert!(both.contains("milk") && both.contains("bread"), "{both}");
    let got = run(&words(&["get", "default", "cart", "-o", "json"]))
        .await
        .json();
    assert_eq!(got["values"].as_array().unwrap().len(), 2);
    let context = got["context"].as_str().unwrap();
    let put = [
        "put",
        "default",
        "cart",
        "milk and bread",
        "--context",
        context,
    ];
    run(&[&put[..], &on].concat()).await.ok();
    assert_eq!(
        run(&words(&["get", "default", "cart"])).await.ok(),
        "milk and bread"
    );
}

async fn large_values(endpoints: &str) {
    let put = ["put", "default", "large", "--endpoint", endpoints];
    run_with_input(&put, &[b'x'; 1024 * 1024]).await.ok();
    let refused = run_with_input(&put, &[b'x'; 1024 * 1024 + 1])
        .await
        .failed(3);
    assert!(
        refused.contains("a value of 1048577 bytes is over the limit of 1048576"),
        "{refused}"
    );
}

#[tokio::test]
async fn nobody_there_is_code_4_with_what_to_do() {
    let endpoint = format!("127.0.0.1:{}", ports::block(1));
    let words = [
        "get",
        "default",
        "a",
        "--timeout",
        "2000",
        "--endpoint",
        &endpoint,
    ];
    let error = run(&words).await.failed(4);
    assert!(
        error.contains(&endpoint) && error.contains("cartwheel dev"),
        "{error}"
    );
    let json = run(&[&words[..], &["-o", "json"]].concat()).await.failed(4);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["error"]["kind"], json!("unreachable"));
}
