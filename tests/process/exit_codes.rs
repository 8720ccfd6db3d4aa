//! What the commands answer to what can go wrong, in the words that scripts rely on.

use serde_json::json;

use crate::cluster::Cluster;
use crate::command::{run, run_with_input};
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
        (3, "get nowhere a", "there is no bucket named \"nowhere\""),
        (3, "get default a -r 4", "r = 4 is outside 1 to 3"),
        (3, "put default a 2 --context AQID", "bad context"),
        (3, "bucket create default --n 3 -w 3", "exists already"),
        (3, "bucket create odd --n 5", "n = 5 is outside 1 to 3"),
        (
            3,
            "import default /no/such/place",
            "can't read /no/such/place",
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
