//! An extension that fails in a simulated cluster: its own failures count against its own budget,
//! and those that the simulator asks for against none.

use std::time::Duration;

use actix::{Actor, Context, Handler, Supervised};
use cartwheel::message::client::{ExtensionState, RequestError};
use cartwheel::message::{Kind, Message};
use cartwheel_actors::extension::{Extension, NoSettings, NodeHandle, Question, Reach};
use cartwheel_simulation::{ClientResult, Cluster, Mix, Simulation, millis, secs};
use serde::{Deserialize, Serialize};

struct Fragile;

impl Actor for Fragile {
    type Context = Context<Self>;
}

impl Supervised for Fragile {}

#[derive(Debug, Serialize, Deserialize)]
struct Fail;

impl Message for Fail {
    const KIND: Kind = Kind(0x8020);
    type Reply = ();
}

impl Handler<Question<Fail>> for Fragile {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, _: Question<Fail>, _: &mut Self::Context) -> Self::Result {
        panic!("a test asked for a panic");
    }
}

fn fragile() -> Extension {
    Extension::new("fragile", |_: NodeHandle, _: NoSettings| Fragile)
        .answers::<Fail>(Reach::Clients)
        .build()
}

/// Asks until the extension has ended, which has rested for so long in all.
async fn fail_to_the_end(cluster: &Cluster, expected: Duration) -> ClientResult {
    let client = cluster.client_of([1], 0).await;
    let mut rests = Duration::ZERO;
    loop {
        // Lost, or refused while it rests.
        assert!(client.unrecorded().ask(&Fail).await.is_err());
        let status = client.unrecorded().status().await?;
        match &status.extensions[0].state {
            ExtensionState::Resting { delay_ms, .. } => {
                let delay = Duration::from_millis(*delay_ms);
                rests += delay;
                tokio::time::sleep(delay).await;
            }
            ExtensionState::Ended { cause } => {
                let often = "it failed 11 times in a short time, and at last it panicked: ";
                assert_eq!(*cause, format!("{often}a test asked for a panic"));
                assert_eq!(status.extensions[0].restarts, 10);
                assert_eq!(rests, expected);
                return Ok(());
            }
            ExtensionState::Shown(_) | ExtensionState::Silent => {}
        }
    }
}

#[test]
fn it_ends_by_its_own_budget_after_rests_that_grow_and_its_node_goes_on() {
    let report = Simulation::from_seed(1)
        .extension(fragile(), "")
        .client("alice", |cluster| async move {
            fail_to_the_end(&cluster, millis(42_700)).await?;
            let bucket = cluster.client_of([1], 0).await.bucket();
            bucket.put("cart", "milk").w(3).await?;
            Ok(())
        })
        .run();
    report.assert_clean();
}

#[test]
fn panics_that_the_simulator_asks_for_cost_it_nothing() {
    let report = Simulation::from_seed(2)
        .extension(fragile(), "")
        .configure(|config| config.supervision.extension_restarts_max = 0)
        .faults(Mix::empty().panics(true).until(secs(40)))
        .client("alice", |cluster| async move {
            cluster.until(secs(41)).await;
            let mut restarts = 0;
            for node in 1..=3 {
                let client = cluster.client_of([node], 4).await;
                let status = client.unrecorded().status().await?;
                let extension = &status.extensions[0];
                assert_eq!(extension.state, ExtensionState::Shown(Vec::new()));
                restarts += extension.restarts;
            }
            assert!(restarts > 0, "it was never asked to panic");
            Ok(())
        })
        .run();
    report.assert_clean();
}
