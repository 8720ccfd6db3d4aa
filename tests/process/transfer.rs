//! A tree goes in, and comes out the same.

use std::fs;
use std::path::Path;

use crate::cluster::{Cluster, directory};
use crate::command::{run, run_with_input};

#[tokio::test]
async fn a_tree_comes_out_as_it_went_in_but_for_what_is_too_large() {
    let cluster = Cluster::start().await;
    let place = directory();
    let tree = place.path().join("tree");
    write_tree(&tree);
    let endpoints = cluster.endpoints();
    let transfer = async |words: &[&str]| {
        run(&[words, &["-o", "json", "--endpoint", &endpoints]].concat())
            .await
            .json()
    };

    let imported = transfer(&["import", "default", text(&tree)]).await;
    assert_eq!(
        [
            &imported["transferred"],
            &imported["skipped"],
            &imported["failed"]
        ],
        [102, 1, 0]
    );
    assert_eq!(imported["named"][0]["name"], "large");
    assert_eq!(
        imported["named"][0]["reason"],
        "1048577 bytes are over the bucket's limit of 1048576"
    );
    let again = transfer(&["import", "default", text(&tree)]).await;
    assert_eq!(
        [
            &again["transferred"],
            &again["unchanged"],
            &again["skipped"]
        ],
        [0, 102, 1]
    );

    let out = place.path().join("out");
    let exported = transfer(&["export", "default", text(&out)]).await;
    assert_eq!(exported["transferred"], 102);
    fs::remove_file(tree.join("large")).unwrap();
    assert_same(&tree, &out);
}

#[tokio::test]
async fn json_lines_carry_siblings_and_bytes_that_are_no_text() {
    let cluster = Cluster::start().await;
    let place = directory();
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    let lines = place.path().join("in.jsonl");
    let given = [
        r#"{"key":"plain","value":"text","content_type":"text/plain"}"#,
        r#"{"key":"pair","value":"one"}"#,
        r#"{"key":"pair","value_base64":"/w=="}"#,
        r#"{"key_base64":"/wA=","value":""}"#,
    ];
    fs::write(&lines, given.join("\n")).unwrap();
    run(&[&["import", "default", text(&lines)], &on[..]].concat())
        .await
        .ok();
    let exported = run(&[&["export", "default", "-"], &on[..]].concat())
        .await
        .ok();
    let mut exported: Vec<&str> = exported.lines().collect();
    exported.sort_unstable();
    let mut given = given.to_vec();
    given.sort_unstable();
    assert_eq!(exported, given);
    fs::write(&lines, "nonsense\n{\"key\":\"x\",\"value\":\"y\"}\n").unwrap();
    let partly = run(&[&["import", "default", text(&lines)], &on[..]].concat()).await;
    let error = partly.failed(3);
    assert!(
        error.contains("failed line 1: not an object") && error.contains("1 of 2 items failed"),
        "{error}"
    );
}

#[tokio::test]
async fn the_last_of_a_key_that_comes_again_wins_however_many_are_under_way() {
    let cluster = Cluster::start().await;
    let endpoints = cluster.endpoints();
    let on = ["--endpoint", &endpoints];
    let pair = |number| {
        format!(
            "{{\"key\":\"x\",\"value\":\"{number}\"}}\n{{\"key\":\"y{number}\",\"value\":\"\"}}\n"
        )
    };
    let mut lines: String = (0..40).map(pair).collect();
    lines.push_str("{\"key\":\"x\",\"value\":\"last\"}\n{\"key\":\"x\",\"value\":\"last too\"}\n");
    let import = [&["import", "default", "-"], &on[..]].concat();
    for _ in 0..2 {
        run_with_input(&import, lines.as_bytes()).await.ok();
        let export = run(&[&["export", "default", "-"], &on[..]].concat()).await;
        let exported = export.ok();
        let mut held: Vec<&str> = exported
            .lines()
            .filter(|line| line.contains("\"x\""))
            .collect();
        held.sort_unstable();
        let last = [
            r#"{"key":"x","value":"last too"}"#,
            r#"{"key":"x","value":"last"}"#,
        ];
        assert_eq!(held, last);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn write_tree(tree: &Path) {
    for number in 0..100 {
        let folder = tree.join(format!("folder-{}", number % 7)).join("deep");
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join(format!("file-{number}")),
            vec![b'x'; number * 97],
        )
        .unwrap();
    }
    fs::write(tree.join("empty"), "").unwrap();
    fs::write(tree.join("just fits"), vec![7; 1024 * 1024]).unwrap();
    fs::write(tree.join("large"), vec![7; 1024 * 1024 + 1]).unwrap();
}

fn assert_same(left: &Path, right: &Path) {
    let names = |path: &Path| {
        let entries = fs::read_dir(path).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(left), names(right));
    for name in names(left) {
        let (left, right) = (left.join(&name), right.join(&name));
        match left.is_dir() {
            true => assert_same(&left, &right),
            false => assert!(
                fs::read(&left).unwrap() == fs::read(&right).unwrap(),
                "{name:?}"
            ),
        }
    }
}
