//! Clients that die and begin anew.

use cartwheel_simulation::history::Outcome;
use cartwheel_simulation::{
    ClientResult, Cluster, Fault, FaultKind, Mix, Notebook, Report, Simulation, Temper, millis,
    secs, work,
};

use crate::cases;

/// Alice's first life waits for an answer that her second is not told of.
async fn alice(cluster: Cluster) -> ClientResult {
    let bucket = cluster.client().await.bucket();
    let cart = bucket.get("cart").await?;
    if cluster.now() < millis(500) {
        cluster.until(secs(2)).await;
        bucket.put("cart", cluster.name().to_owned()).await?;
        cluster.fail("the disks keep nothing");
    }
    let put = bucket.put("cart", cluster.name().to_owned());
    put.context(&cart.context).await?;
    Ok(())
}

fn killed_in_the_middle() -> Report {
    Simulation::from_seed(5)
        .client("alice", alice)
        .at(millis(1_500), Fault::StickSyncs(vec![1, 2, 3]))
        .at(millis(2_500), Fault::kill_client("alice"))
        .at(millis(2_600), Fault::Unstick(vec![1, 2, 3]))
        .run()
}

#[test]
fn a_client_that_dies_begins_anew_under_another_name_and_what_it_asked_is_of_unknown_outcome() {
    let report = killed_in_the_middle();
    report.assert_clean();
    let [first, second] = &report.history.writes[..] else {
        panic!("{:?}", report.history.writes)
    };
    assert_eq!(
        (&*first.client, first.outcome()),
        ("alice", Outcome::Unknown)
    );
    assert_eq!(first.ended.map(|ended| ended.at), Some(millis(2_500)));
    assert_eq!(second.client, "alice life 2");
    assert_eq!(second.outcome(), Outcome::Acknowledged);
    let died = "a client that died in the middle of a write";
    assert_eq!(report.history.happened.get(died), Some(&1));
    assert_eq!(report.history.faults.get("kill a client"), Some(&1));
}

#[test]
fn what_a_life_has_left_running_dies_with_it() {
    let report = Simulation::from_seed(9)
        .client("alice", |cluster| async move {
            if cluster.name() == "alice" {
                tokio::task::spawn_local(put_for_ever(cluster.clone()));
                cluster.until(secs(60)).await;
            }
            Ok(())
        })
        .at(millis(1_500), Fault::StickSyncs(vec![1, 2, 3]))
        .at(millis(2_500), Fault::kill_client("alice"))
        .run();
    report.assert_clean();
    let last = report.history.writes.last().expect("a write");
    assert_eq!(last.outcome(), Outcome::Unknown);
    let ended = last.ended.expect("it is given up").at;
    assert!(
        (millis(2_500)..=millis(2_510)).contains(&ended),
        "{ended:?}"
    );
}

async fn put_for_ever(cluster: Cluster) {
    let bucket = cluster.client().await.bucket();
    loop {
        let put = bucket.put("cart", "milk").timeout(secs(30));
        drop(put.await);
        cluster.sleep(millis(100)).await;
    }
}

#[test]
fn who_is_done_stays_done_and_a_node_is_no_client() {
    let once = |cluster: Cluster| async move {
        cluster.client().await.bucket().put("cart", "milk").await?;
        Ok(())
    };
    let simulation = || Simulation::from_seed(6).client("alice", once);
    let report = simulation().at(secs(3), Fault::kill_client("alice")).run();
    report.assert_clean();
    assert_eq!(report.history.writes.len(), 1);
    let report = simulation().at(secs(3), Fault::kill_client("node-1")).run();
    assert_eq!(report.failures, ["node-1 is no client"]);
}

/// Two hosts of four workers each, who die again and again.
fn killed_by_seed() -> Report {
    let mix = Mix::empty().weight(FaultKind::KillClient, 1);
    let busy = || {
        let notebook = Notebook::default();
        move |cluster| work(cluster, Temper::Patient, Vec::new(), secs(4), notebook)
    };
    Simulation::from_seed(7)
        .client("alice", busy())
        .client("bob", busy())
        .faults(mix.until(secs(4)))
        .run()
}

#[test]
fn a_mix_kills_clients_again_and_again_and_the_run_ends() {
    let report = killed_by_seed();
    report.assert_clean();
    assert!(report.history.faults["kill a client"] > 2);
    let happened = &report.history.happened;
    assert!(happened.contains_key("a client that died in the middle of a write"));
    assert!(happened.contains_key("a client that died in the middle of a read"));
    assert!(happened.contains_key("a put that an earlier life had begun"));
}

/// Which numbers the tasks of a process have hangs on how many it has had before.
#[test]
fn lives_end_in_the_same_order_in_every_run_of_a_seed() {
    let first = killed_by_seed().trace;
    for tasks in 1..=2 {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        (0..tasks).for_each(|_| drop(runtime.spawn(async {})));
        assert!(killed_by_seed().trace == first, "after {tasks} tasks more");
    }
}

#[test]
fn a_run_that_does_not_end_names_who_is_still_at_work() {
    let report = Simulation::from_seed(8)
        .client("alice", |_| std::future::pending())
        .client("bob", |_| async { Ok(()) })
        .at_most(secs(3))
        .run();
    let [failure] = &report.failures[..] else {
        panic!("{:?}", report.failures)
    };
    assert!(
        failure.ends_with(r#"["alice"] are still at work"#),
        "{failure}"
    );
}

#[test]
fn the_dead_take_the_places_of_their_connections_along() {
    cases::dead_clients::simulation(1).run().assert_clean();
}
