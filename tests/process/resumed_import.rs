//! An import that is killed goes on where it was, and leaves nothing out.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::cluster::{Cluster, directory};
use crate::command::{program, run, run_with_input};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a journal says is done.
fn done(journal: &Path) -> Value {
    let text = fs::read(journal).unwrap_or_default();
    let journal: Option<Value> = serde_json::from_slice(&text).ok();
    journal.map_or(Value::Null, |journal| journal["done"].clone())
}

fn looked_at(summary: &Value) -> u64 {
    summary["transferred"].as_u64().unwrap() + summary["unchanged"].as_u64().unwrap()
}

fn line(number: u64) -> String {
    format!("{{\"key\":\"k{number}\",\"value\":\"{number}\"}}\n")
}

#[tokio::test]
async fn json_lines_go_on_behind_the_last_line_that_is_done() {
    let cluster = Cluster::start().await;
    let place = directory();
    let journal = place.path().join("journal");
    let endpoints = cluster.endpoints();
    let resume = ["--resume", journal.to_str().unwrap()];
    let on = ["-o", "json", "--endpoint", &endpoints];
    let words = [&["import", "default", "-"], &resume[..], &on].concat();
    let mut import = program();
    import.args(&words).stdin(Stdio::piped());
    let mut import = import.stdout(Stdio::null()).spawn().unwrap();
    let mut stdin = import.stdin.take().unwrap();
    let began = Instant::now();
    let mut sent = 0;
    // It waits for more lines whenever it is killed, so that it is always in the middle.
    while done(&journal)["lines"]["count"].as_u64() < Some(100) {
        assert!(began.elapsed() < PATIENCE, "{}", done(&journal));
        stdin.write_all(line(sent).as_bytes()).await.unwrap();
        sent += 1;
        sleep(Duration::from_millis(5)).await;
    }
    import.kill().await.unwrap();
    let before = done(&journal)["lines"]["count"].as_u64().unwrap();
    assert!(before <= sent, "{before} of {sent}");

    let all = sent + 200;
    let lines: String = (0..all).map(line).collect();
    let second = run_with_input(&words, lines.as_bytes()).await;
    let behind = format!("goes on behind line {before}");
    assert!(second.stderr.contains(&behind), "{}", second.stderr);
    assert_eq!(looked_at(&second.json()), all - before);
    let export = run(&["export", "default", "-", "--endpoint", &endpoints]).await;
    let mut exported: Vec<String> = export.ok().lines().map(str::to_owned).collect();
    let mut expected: Vec<String> = lines.lines().map(str::to_owned).collect();
    exported.sort();
    expected.sort();
    assert_eq!(exported, expected);
    let other = lines.replacen("\"0\"", "\"other\"", 1);
    let other = run_with_input(&words, other.as_bytes()).await.failed(2);
    assert!(other.contains("is the journal of other lines"), "{other}");
}

#[tokio::test]
async fn a_tree_goes_on_behind_the_last_file_that_is_done() {
    let cluster = Cluster::start().await;
    let place = directory();
    let (tree, journal) = (place.path().join("tree"), place.path().join("journal"));
    // One at a time, each read and synced, takes far longer than the first look at the journal.
    let files = write_tree(&tree);
    let endpoints = cluster.endpoints();
    let resume = ["--resume", journal.to_str().unwrap()];
    let on = ["-o", "json", "--endpoint", &endpoints];
    let words = ["import", "default", tree.to_str().unwrap()];
    let words = [&words[..], &resume, &on].concat();
    let mut import = program();
    import.args(&words).args(["--concurrency", "1"]);
    let mut import = import.stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while done(&journal)["path"].as_str() < Some("folder-0/2") {
        assert!(began.elapsed() < PATIENCE, "{}", done(&journal));
        assert_eq!(import.try_wait().unwrap(), None, "it was over too early");
        sleep(Duration::from_millis(5)).await;
    }
    import.kill().await.unwrap();

    let second = run(&words).await.json();
    let looked_at = looked_at(&second);
    assert!(0 < looked_at && looked_at < files, "{looked_at} of {files}");
    let out = place.path().join("out");
    let export = ["export", "default", out.to_str().unwrap()];
    let export = run(&[&export[..], &on].concat()).await.json();
    assert_eq!(export["transferred"].as_u64(), Some(files));
    let third = run(&words).await.json();
    assert_eq!(third["transferred"].as_u64(), Some(0));
    assert_eq!(third["unchanged"].as_u64(), Some(0));
}

fn write_tree(tree: &Path) -> u64 {
    for folder in 0..10 {
        let folder = tree.join(format!("folder-{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..600 {
            fs::write(folder.join(file.to_string()), folder.to_str().unwrap()).unwrap();
        }
    }
    6000
}

#[tokio::test]
async fn what_failed_is_tried_again_and_another_journal_is_wrong_usage() {
    let cluster = Cluster::start().await;
    let place = directory();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (lines, journal) = (path("lines"), path("journal"));
    let endpoints = cluster.endpoints();
    let import = async |more: &[&str]| {
        let words = ["import", "default", &lines, "--resume", &journal];
        run(&[&words[..], more, &["-o", "json", "--endpoint", &endpoints]].concat()).await
    };
    fs::write(&lines, [&line(1), "nonsense\n", &line(2)].concat()).unwrap();
    import(&[]).await.failed(3);
    fs::write(&lines, [line(1), line(3), line(2)].concat()).unwrap();
    let mended = import(&[]).await.json();
    assert_eq!(mended["transferred"].as_u64(), Some(1));
    assert_eq!(mended["unchanged"].as_u64(), Some(1));
    let before = fs::read(&journal).unwrap();
    let other = import(&["--prefix", "p/"]).await.failed(2);
    assert!(
        other.contains("its prefix is \\\"\\\", not \\\"p/\\\""),
        "{other}"
    );
    assert!(other.contains("--resume"), "{other}");
    let blind = import(&["--blind"]).await.failed(2);
    assert!(blind.contains("cannot be used with"), "{blind}");
    assert_eq!(fs::read(&journal).unwrap(), before);
}
