//! Transfers whose other end, or whose place, is not as one would wish.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncReadExt;

use crate::cluster::{Cluster, directory};
use crate::command::{Ended, program, run, run_with_input};

/// Runs the program in a shell, with this behind its words.
async fn redirected(words: &[&str], redirection: &str) -> Ended {
    let mut shell = tokio::process::Command::new("sh");
    let script = format!("exec \"$0\" \"$@\" {redirection}");
    shell.arg("-c").arg(script);
    shell.arg(env!("CARGO_BIN_EXE_cartwheel")).args(words);
    let ended = shell.stdin(Stdio::null()).output().await.unwrap();
    Ended {
        code: ended.status.code(),
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
    }
}

#[tokio::test]
async fn an_export_whose_reader_goes_away_or_whose_output_is_full_has_failed() {
    let cluster = Cluster::start().await;
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    // More than a pipe holds.
    let value = "x".repeat(100_000);
    let lines: String = (0..5)
        .map(|number| format!("{{\"key\":\"{number}\",\"value\":\"{value}\"}}\n"))
        .collect();
    let import = [&["import", "default", "-"], &on[..]].concat();
    run_with_input(&import, lines.as_bytes()).await.ok();
    let words = [&["export", "default", "-"], &on[..]].concat();
    let mut export = program();
    export.args(&words).stdout(Stdio::piped());
    let mut export = export.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = export.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).await.unwrap();
    drop(stdout);
    let ended = export.wait_with_output().await.unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{error}");
    assert!(error.contains("stopped: the reader went away"), "{error}");
    assert!(!error.contains("unchanged"), "{error}");

    // What fits into the last buffer fails at the end alone.
    let small = "{\"key\":\"a\",\"value\":\"1\"}\n".as_bytes();
    run(&[&["bucket", "create", "small"], &on[..]].concat())
        .await
        .ok();
    let import = [&["import", "small", "-"], &on[..]].concat();
    run_with_input(&import, small).await.ok();
    for bucket in ["default", "small"] {
        let words = [&["export", bucket, "-"], &on[..]].concat();
        let error = redirected(&words, ">/dev/full").await.failed(3);
        assert!(error.contains("No space left on device"), "{error}");
        assert!(!error.contains("unchanged"), "{error}");
    }
}

#[tokio::test]
async fn a_stream_that_can_hold_no_import_or_export_is_wrong_usage() {
    for (words, redirection, what) in [
        (
            &["import", "default", "-"][..],
            "<&-",
            "standard input is closed",
        ),
        (
            &["export", "default", "-", "--format", "tree"],
            "",
            "a tree is a directory",
        ),
        (
            &["import", "default", "-", "--format", "tree"],
            "",
            "a tree is a directory",
        ),
    ] {
        let error = redirected(words, redirection).await.failed(2);
        assert!(error.contains(what), "{words:?}: {error}");
    }
    assert!(!Path::new("-").exists());
}

#[tokio::test]
async fn links_are_not_followed_and_files_before_the_mark_are_said_to_be_left_out() {
    let cluster = Cluster::start().await;
    let place = directory();
    let (tree, journal) = (place.path().join("tree"), place.path().join("journal"));
    fs::create_dir_all(tree.join("odd")).unwrap();
    symlink("/etc", tree.join("odd/link")).unwrap();
    fs::write(tree.join("plain"), "text").unwrap();
    // As mktemp makes it.
    fs::write(&journal, "").unwrap();
    let endpoints = cluster.endpoints();
    let words = ["import", "default", tree.to_str().unwrap()];
    let resume = ["--resume", journal.to_str().unwrap()];
    let words = [&words[..], &resume, &["--endpoint", &endpoints]].concat();
    let first = run(&words).await;
    let note = "skipped odd/link: a symbolic link: not followed\n";
    assert!(first.stderr.contains(note), "{}", first.stderr);
    first.ok();
    fs::write(tree.join("new"), "text").unwrap();
    let second = run(&words).await;
    let note = "goes on behind plain: files before it, new ones among them, are not looked at";
    assert!(second.stderr.contains(note), "{}", second.stderr);
    second.ok();
}

#[tokio::test]
async fn an_export_that_failed_wholly_leaves_nothing_and_says_what_a_tree_can_not_hold() {
    let cluster = Cluster::start().await;
    let place = directory();
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    let long = "k".repeat(1024);
    let lines = format!("{{\"key\":\"{long}\",\"value\":\"x\"}}\n");
    let import = [&["import", "default", "-"], &on[..]].concat();
    run_with_input(&import, lines.as_bytes()).await.ok();
    let out = place.path().join("out");
    let export = [&["export", "default", out.to_str().unwrap()], &on[..]].concat();
    let error = run(&export).await.failed(3);
    let why = "a name in the key is longer than a file's may be: export it as JSON lines";
    assert!(error.contains(why), "{error}");
    assert!(!out.exists());

    let lines = "{\"key\":\"a\",\"value\":\"x\"}\n{\"key\":\"a/b\",\"value\":\"x\"}\n";
    run_with_input(&import, lines.as_bytes()).await.ok();
    let error = run(&export).await.failed(3);
    let why = "as with a beside a/b: export it as JSON lines";
    assert!(error.contains(why), "{error}");
    assert!(out.exists());
}
