//! Scenarios by hand: what goes wrong at a time, and what the report says of it.

mod cases;
mod whys;

use cartwheel_simulation::history::{BucketKey, json_lines};
use cartwheel_simulation::{Cluster, Fault, Simulation, links, millis, secs};

#[test]
fn a_put_during_a_partition_is_acknowledged_by_the_majority() {
    let report = Simulation::from_seed(1)
        .client("alice", |cluster| async move {
            cluster.until(secs(2)).await;
            let bucket = cluster.client_of([2, 3], 4).await.bucket();
            bucket.put("cart", "milk").await?;
            Ok(())
        })
        .at(secs(1), Fault::partition(&[1], &[2, 3]))
        .at(secs(5), Fault::Mend(links(&[1], &[2, 3])))
        .run();
    report.assert_clean();
    assert_eq!(report.history.faults["cut"], 1);
    let written = report.history.writes[0].acknowledged_at();
    assert!(written.is_some_and(|at| at < secs(3)), "{written:?}");
}

/// Nobody restarts the node and mends the links, so the run does it before the last look.
#[test]
fn what_is_left_broken_is_healed_before_the_last_look() {
    let report = Simulation::from_seed(2)
        .nodes(5)
        .client("alice", write_and_read)
        .at(secs(1), Fault::Crash(vec![1, 2]))
        .at(secs(1), Fault::Hold(links(&[3], &[4, 5])))
        .at(secs(1), Fault::CutOneWay(links(&[4], &[5])))
        .run();
    report.assert_clean();
    assert_eq!(report.history.last[&BucketKey::of_default("cart")].len(), 1);
}

#[test]
fn the_history_of_a_run_is_one_line_an_operation() {
    let report = Simulation::from_seed(3).client("alice", write_and_read);
    let lines = json_lines(&report.run().history);
    let mine: Vec<_> = lines
        .lines()
        .filter(|line| line.contains("alice"))
        .collect();
    let name = "alice-1";
    let put = r#"{"client":"alice","operation":"put","bucket":"default","key":"cart","context":[],"value":"alice-1","text":"milk""#;
    let get = r#"{"client":"alice","operation":"get","bucket":"default","key":"cart","context":["alice-1"],"values":["alice-1"]"#;
    let delete = r#"{"client":"alice","operation":"delete","bucket":"default","key":"cart","context":["alice-1"],"invoked_ms":"#;
    assert!(mine[0].starts_with(put), "{}", mine[0]);
    assert!(mine[1].starts_with(get), "{}", mine[1]);
    assert!(mine[2].starts_with(delete), "{}", mine[2]);
    assert!(mine.iter().all(|line| line.contains(r#""outcome":"ok""#)));
    assert!(!mine[0].contains(&format!(r#""context":["{name}"]"#)));
}

async fn write_and_read(cluster: Cluster) -> cartwheel_simulation::ClientResult {
    let bucket = cluster.client().await.bucket();
    let written = bucket.put("cart", "milk").await?;
    let cart = bucket.get("cart").context(&written.context).await?;
    if cart.value().is_none_or(|value| value != "milk") {
        cluster.fail(format!("the cart is {cart:?}"));
    }
    bucket.delete("cart", &cart.context).await?;
    bucket.put("cart", "milk").await?;
    Ok(())
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_a_request_leaves_it_unknown() {
    let report = Simulation::from_seed(4).client("alice", |cluster| async move {
        let bucket = cluster.client().await.bucket();
        // Too soon for any answer.
        let put = tokio::time::timeout(millis(1), bucket.put("cart", "milk").send());
        assert!(put.await.is_err());
        Ok(())
    });
    let report = report.run();
    report.assert_clean();
    let lines = json_lines(&report.history);
    assert!(lines.contains(r#""outcome":"unknown""#), "{lines}");
}

#[test]
fn an_error_and_a_panic_of_a_client_fail_the_run() {
    let error = Simulation::from_seed(5).client("alice", |cluster| async move {
        cluster.client().await.bucket().get("").await?;
        Ok(())
    });
    let report = error.run();
    assert!(
        report.failures[0].starts_with("alice: it ended with:"),
        "{report:?}"
    );
    let panic = Simulation::from_seed(5).client("alice", |cluster| async move {
        let cart = cluster.client().await.bucket().get("cart").await?;
        assert!(cart.value().is_some(), "the cart is empty");
        Ok(())
    });
    let report = panic.run();
    let [complaint] = &report.complaints()[..] else {
        panic!("{:?}", report.complaints())
    };
    assert!(complaint.starts_with("alice: it ended with: panicked at"));
    assert!(complaint.contains("the cart is empty"), "{complaint}");
    assert!(report.history.last.len() == 1, "the rest is judged");
}

#[test]
fn a_value_that_nobody_recorded_is_called_invented() {
    let report = Simulation::from_seed(6).client("mallory", |cluster| async move {
        let client = cluster.client().await;
        let secret = client.unrecorded().bucket("default");
        secret.put("cart", "poison").await?;
        client.bucket().get("cart").await?;
        Ok(())
    });
    let report = report.run();
    let complaints = report.complaints().join("\n");
    assert!(
        complaints.contains(r#"Invented { key: "default/cart", value: "poison""#),
        "{complaints}"
    );
}

#[test]
fn a_failed_run_tells_its_seed_and_the_files_of_its_history() {
    let report =
        Simulation::from_seed(8)
            .named("an empty wish")
            .client("alice", |cluster| async move {
                cluster.client().await.bucket().put("cart", "milk").await?;
                cluster.fail("it is not what was wished for");
                Ok(())
            });
    let told = report.run().explain();
    assert!(told.contains("an empty wish, seed 8: alice: it is not what was wished for"));
    let file = told
        .split_whitespace()
        .find(|word| word.ends_with(".jsonl"));
    let history = std::fs::read_to_string(file.expect("a file is named")).unwrap();
    assert!(history.contains(r#""text":"milk""#), "{history}");
}

#[test]
fn a_fault_of_a_node_that_is_not_there_fails_the_run() {
    let report = Simulation::from_seed(9)
        .at(secs(1), Fault::Crash(vec![4]))
        .run();
    assert_eq!(report.failures, ["Crash([4]): no node-4 here"]);
}
