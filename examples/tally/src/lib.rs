//! Counts what a node has accepted, by bucket, and keeps it when the node restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, Message};
use cartwheel::store::Durability;
use cartwheel_actors::extension::{
    Changes, Extension, ExtensionStoreError, NoSettings, NodeHandle, Notice, Observed, Question,
    Reach,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// The extension.
pub fn extension() -> Extension {
    Extension::new("tally", |node, NoSettings {}| Tally { node })
        .answers::<Totals>(Reach::Everyone)
        .observes(1000)
        .build()
}

/// Asks a node for what it has counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {}

impl Message for Totals {
    const KIND: Kind = Kind(0x8300);
    type Reply = BTreeMap<String, u64>;
}

/// All that it knows is in its column family, so a restart has nothing to rebuild.
struct Tally {
    node: NodeHandle,
}

impl Actor for Tally {
    type Context = Context<Self>;
}

impl Supervised for Tally {}

/// The next notices come when this future has ended: no two of them count at once.
impl Handler<Observed> for Tally {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) -> Self::Result {
        let node = self.node.clone();
        Box::pin(async move {
            // Nothing is dropped: what comes meanwhile waits, and if it is too much that is told.
            while count(&node, &notices).await.is_err() {
                sleep(Duration::from_secs(1)).await;
            }
        })
    }
}

impl Handler<Question<Totals>> for Tally {
    type Result = ResponseFuture<Result<BTreeMap<String, u64>, RequestError>>;

    fn handle(&mut self, _: Question<Totals>, _: &mut Self::Context) -> Self::Result {
        let node = self.node.clone();
        Box::pin(async move {
            totals(&node).await.map_err(|error| {
                let (node, cause) = (node.id(), error.to_string());
                RequestError::StoreFailed { node, cause }
            })
        })
    }
}

async fn count(node: &NodeHandle, notices: &[Notice]) -> Result<(), ExtensionStoreError> {
    let mut totals = totals(node).await?;
    for notice in notices {
        let (counted, more) = match notice {
            Notice::Accepted(accepted) => match node.bucket(accepted.bucket()) {
                Some(bucket) => (bucket.name.clone(), 1),
                None => continue,
            },
            Notice::FellBehind { lost } => ("(not heard of)".to_owned(), *lost),
            Notice::Restarted => ("(restarts)".to_owned(), 1),
        };
        *totals.entry(counted).or_default() += more;
    }
    let mut changes = Changes::new();
    for (counted, total) in totals {
        changes.put(counted, total.to_be_bytes().to_vec());
    }
    node.store().write(changes, Durability::Synced).await
}

async fn totals(node: &NodeHandle) -> Result<BTreeMap<String, u64>, ExtensionStoreError> {
    let (first, behind_the_last, entries_max) = ("", vec![0xff], 10_000);
    let read = node.store().range(first, behind_the_last, entries_max);
    let totals = read.await?.entries.into_iter().map(|(counted, total)| {
        let counted = String::from_utf8_lossy(&counted).into_owned();
        let total = total[..].try_into().map_or(0, u64::from_be_bytes);
        (counted, total)
    });
    Ok(totals.collect())
}
