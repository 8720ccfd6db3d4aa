//! What an extension hears of the records that its node accepts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use cartwheel::node::NodeId;
use cartwheel_actors::extension::{Extension, NoSettings, NodeHandle, Notice, Observed};
use tokio::sync::Semaphore;

use crate::cluster::with_extensions;

/// Remembers what it hears, as fast as the test lets it.
struct Watcher {
    node: NodeHandle,
    shared: Arc<Shared>,
}

/// What the watchers of all nodes have heard.
struct Shared {
    heard: Mutex<Vec<(NodeId, Notice)>>,
    /// A permit for each message that a watcher may take.
    pace: Semaphore,
    /// Panic at a record of this key.
    feared: Mutex<Option<String>>,
}

impl Actor for Watcher {
    type Context = Context<Self>;
}

impl Supervised for Watcher {}

impl Handler<Observed> for Watcher {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        let feared = self.shared.feared.lock().unwrap().clone();
        let is_feared = |notice: &Notice| key_of(notice).is_some_and(|key| Some(key) == feared);
        if notices.iter().any(is_feared) {
            *self.shared.feared.lock().unwrap() = None;
            panic!("a test asked for a panic");
        }
        let (id, shared) = (self.node.id(), Arc::clone(&self.shared));
        Box::pin(async move {
            shared.pace.acquire().await.unwrap().forget();
            let notices = notices.into_iter().map(|notice| (id, notice));
            shared.heard.lock().unwrap().extend(notices);
        })
    }
}

fn key_of(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Accepted(accepted) => Some(String::from_utf8(accepted.key().to_vec()).unwrap()),
        Notice::FellBehind { .. } | Notice::Restarted => None,
    }
}

fn watcher(records_max: usize, permits: usize) -> (Extension, Arc<Shared>) {
    let shared = Arc::new(Shared {
        heard: Mutex::default(),
        pace: Semaphore::new(permits),
        feared: Mutex::default(),
    });
    let kept = Arc::clone(&shared);
    let make = move |node, _: NoSettings| Watcher {
        node,
        shared: Arc::clone(&kept),
    };
    let extension = Extension::new("watcher", make).observes(records_max);
    (extension.build(), shared)
}

impl Shared {
    /// What a node's watcher has heard, once it is so much.
    async fn wait(&self, node: u64, notices: usize) -> Vec<Notice> {
        loop {
            let heard = self.heard.lock().unwrap().clone();
            let own = heard.into_iter().filter(|(by, _)| by.0 == node);
            let own: Vec<_> = own.map(|(_, notice)| notice).collect();
            if own.len() >= notices {
                return own;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

const PLENTY: usize = 1_000_000;

#[test]
fn every_owner_hears_of_a_write_wherever_it_came_in_and_of_a_delete() {
    let (extension, shared) = watcher(100, PLENTY);
    with_extensions(3, &[extension], "", |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        let put = bucket.put("cart", "milk").send().await.unwrap();
        bucket.delete("cart", put.context).send().await.unwrap();
        for node in 1..=3 {
            let heard = shared.wait(node, 3).await;
            assert_eq!(heard[0], Notice::Restarted, "what was before is unknown");
            let live: Vec<usize> = heard[1..]
                .iter()
                .map(|notice| match notice {
                    Notice::Accepted(accepted) => {
                        assert_eq!(accepted.key(), "cart");
                        accepted.record().unwrap().live().count()
                    }
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(live, [1, 0], "node {node}");
        }
    });
}

#[test]
fn a_key_that_is_written_without_a_pause_is_heard_of_all_the_same() {
    let (extension, shared) = watcher(10_000, PLENTY);
    with_extensions(1, &[extension], "", |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        let puts = (0..50).map(|at| bucket.put("hot", format!("{at}")).send());
        let written = futures::future::join_all(puts).await;
        assert!(written.iter().all(Result::is_ok));
        let heard = shared.wait(1, 2).await;
        let Some(Notice::Accepted(last)) = heard.last() else {
            panic!("{heard:?}");
        };
        assert_eq!(last.record().unwrap().live().count(), 50);
    });
}

#[test]
fn an_observer_that_falls_behind_hears_how_much_it_has_missed_and_nobody_waits_for_it() {
    let (extension, shared) = watcher(5, 0);
    with_extensions(1, &[extension], "", |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        for at in 0..20 {
            bucket.put(format!("{at}"), "value").send().await.unwrap();
        }
        shared.pace.add_permits(PLENTY);
        // What it had taken when it fell behind, what waited, and the count of the rest.
        let heard = loop {
            let heard = shared.wait(1, 1).await;
            if matches!(heard.last(), Some(Notice::FellBehind { .. })) {
                break heard;
            }
        };
        let known = heard.iter().filter(|notice| key_of(notice).is_some());
        let lost = heard.iter().map(|notice| match notice {
            Notice::FellBehind { lost } => *lost,
            _ => 0,
        });
        assert_eq!(known.count() as u64 + lost.sum::<u64>(), 20);
        let keys: Vec<_> = heard.iter().filter_map(key_of).collect();
        let expected: Vec<_> = (0..keys.len()).map(|at| at.to_string()).collect();
        assert_eq!(keys, expected, "what it hears of is the beginning");
        bucket.put("later", "value").send().await.unwrap();
        let heard = shared.wait(1, heard.len() + 1).await;
        assert_eq!(heard.last().and_then(key_of).unwrap(), "later");
    });
}

#[test]
fn whoever_loses_notices_in_a_panic_hears_of_a_gap() {
    let (extension, shared) = watcher(100, PLENTY);
    with_extensions(1, &[extension], "", |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        shared.wait(1, 1).await;
        *shared.feared.lock().unwrap() = Some("feared".to_owned());
        bucket.put("feared", "value").send().await.unwrap();
        let heard = shared.wait(1, 2).await;
        assert_eq!(heard[1], Notice::Restarted);
        bucket.put("after", "value").send().await.unwrap();
        let heard = shared.wait(1, 3).await;
        assert_eq!(key_of(&heard[2]).unwrap(), "after");
    });
}

#[test]
fn a_replica_that_is_restarted_leaves_a_gap() {
    let (extension, shared) = watcher(100, PLENTY);
    with_extensions(1, &[extension], "", |cluster| async move {
        shared.wait(1, 1).await;
        let supervision = &cluster.nodes[0].supervision;
        let replica = supervision
            .actors()
            .iter()
            .position(|name| *name == "replica");
        assert!(supervision.panic_soon(replica.unwrap()));
        let heard = shared.wait(1, 2).await;
        assert_eq!(heard[1], Notice::Restarted);
    });
}
