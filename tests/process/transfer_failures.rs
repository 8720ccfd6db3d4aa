//! Transfers that can't do all that was asked: how they end, and what they leave.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::cluster::{Cluster, directory};
use crate::command::{program, run, run_with_input};

/// Lines whose keys are no paths below a directory, so that a tree can't have them.
fn lines_without_paths(count: u32) -> String {
    (0..count).fold(String::new(), |mut lines, number| {
        writeln!(lines, r#"{{"key":"/{number}","value":"x"}}"#).unwrap();
        lines
    })
}

/// The code of a command of which nobody reads anything.
async fn code_unread(words: &[&str], input: &Path) -> Option<i32> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program();
    command.args(words).stdin(fs::File::open(input).unwrap());
    command.stdout(Stdio::from(writer.try_clone().unwrap()));
    command.stderr(Stdio::from(writer));
    command.status().await.unwrap().code()
}

#[tokio::test]
async fn an_export_stops_after_so_many_failures_and_its_code_needs_no_reader() {
    let cluster = Cluster::start().await;
    let place = directory();
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    let (good, bad) = (place.path().join("good"), place.path().join("bad"));
    fs::write(&good, lines_without_paths(40)).unwrap();
    fs::write(&bad, "nonsense\n").unwrap();
    let import = [&["import", "default", "-"], &on[..]].concat();
    assert_eq!(code_unread(&import, &good).await, Some(0));
    assert_eq!(code_unread(&import, &bad).await, Some(3));

    let tree = place.path().join("tree");
    let export = ["export", "default", tree.to_str().unwrap()];
    let export = [&export[..], &["--failures-max", "5", "-o", "json"], &on].concat();
    assert_eq!(code_unread(&export, &good).await, Some(3));
    let ended = run(&export).await;
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&summary["failed"], &summary["stopped"]),
        (&5.into(), &true.into())
    );
    let error = ended.failed(3);
    assert!(error.contains("stopped after 5 failures"), "{error}");
    let lines = [&["export", "default", "-"], &on[..]].concat();
    assert_eq!(run(&lines).await.ok().lines().count(), 40);
}

#[tokio::test]
async fn a_place_that_does_not_fit_is_named_and_nothing_is_made() {
    let cluster = Cluster::start().await;
    let place = directory();
    let endpoints = cluster.endpoints();
    let (file, new) = (place.path().join("file"), place.path().join("new"));
    fs::write(&file, "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\"}\n").unwrap();
    let (file, new) = (file.to_str().unwrap(), new.to_str().unwrap());
    for (line, what) in [
        (
            ["export", "nowhere", new],
            "there is no bucket named \"nowhere\"",
        ),
        (
            ["export", "default", file],
            "it is a file, and a tree needs a new or empty directory",
        ),
        (
            ["import", "default", file],
            "line 2: value is missing: give value as text",
        ),
        (["import", "default", "/no/such"], "can't read /no/such"),
    ] {
        let error = run(&[&line[..], &["--endpoint", &endpoints]].concat())
            .await
            .failed(3);
        assert!(error.contains(what), "{line:?}: {error}");
        assert!(!Path::new(new).exists(), "{line:?}");
    }
}

#[tokio::test]
async fn a_prefix_comes_before_the_keys_of_json_lines_too() {
    let cluster = Cluster::start().await;
    let endpoints = cluster.endpoints();
    let words = [
        "import",
        "default",
        "-",
        "--prefix",
        "p/",
        "--endpoint",
        &endpoints,
    ];
    run_with_input(&words, b"{\"key\":\"a\",\"value\":\"1\"}")
        .await
        .ok();
    let get = ["get", "default", "p/a", "--endpoint", &endpoints];
    assert_eq!(run(&get).await.ok(), "1");
}
