//! Clients that die in the middle of their requests, again and again: each takes the place of its
//! connection along, and who comes later finds one.

use std::cell::Cell;
use std::rc::Rc;

use cartwheel_simulation::{ClientResult, Cluster, Fault, Simulation, millis, secs};
use futures::future::{join_all, pending};

/// How many connections each life of the crowd has, every one with a request under way.
const CONNECTIONS: u64 = 100;

/// How often the crowd dies: with a few more connections, all together, than a node has places.
const DEATHS: u32 = 41;

/// The disk keeps nothing while they live, so that no request is answered.
pub fn simulation(seed: u64) -> Simulation {
    let lives = Rc::new(Cell::new(0));
    let crowd = move |cluster| crowd(cluster, Rc::clone(&lives));
    let simulation = Simulation::from_seed(seed)
        .named("dead clients")
        .nodes(1)
        .client("crowd", crowd)
        .client("late", late)
        // Where nobody finds a place the auditor finds none either.
        .at_most(secs(40))
        .at(secs(1), Fault::StickSyncs(vec![1]))
        .at(secs(12), Fault::Unstick(vec![1]));
    (1..=DEATHS).fold(simulation, |simulation, death| {
        simulation.at(secs(1) + millis(200) * death, Fault::kill_client("crowd"))
    })
}

/// All of its connections write, and wait; the last life has nothing to do.
async fn crowd(cluster: Cluster, lives: Rc<Cell<u32>>) -> ClientResult {
    lives.set(lives.get() + 1);
    if lives.get() <= DEATHS {
        join_all((0..CONNECTIONS).map(|at| write(&cluster, at))).await;
        pending::<()>().await;
    }
    Ok(())
}

async fn write(cluster: &Cluster, at: u64) {
    // One after the other: they are accepted as they come.
    cluster.sleep(millis(at)).await;
    let bucket = cluster.client_of([1], 0).await.bucket();
    cluster.until(secs(1)).await;
    // Most are killed before they have an answer.
    drop(
        bucket
            .put(format!("key-{at}"), "value")
            .timeout(secs(60))
            .await,
    );
}

async fn late(cluster: Cluster) -> ClientResult {
    cluster.until(secs(13)).await;
    let put = async {
        let bucket = cluster.client_of([1], 0).await.bucket();
        bucket.put("late", "value").await
    };
    match tokio::time::timeout(secs(3), put).await {
        Ok(written) => drop(written?),
        Err(_) => cluster.fail("there is no place for who comes late"),
    }
    Ok(())
}
