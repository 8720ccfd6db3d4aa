//! Batches: many keys in one frame, and for each an outcome of its own.
//!
//! A batch of any length is cut into parts that the nodes take; items that are refused for the
//! moment are asked again, without those that are done.

mod delete;
mod get;
mod part;
mod put;

use cartwheel::limits::BATCH_ITEMS_MAX;
use cartwheel::message::Message;
use cartwheel::message::client::Outcomes;
use futures::stream::{StreamExt, iter};

use crate::attempts::Effect;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::time_limit::TimeLimit;
use part::Part;

pub use delete::{DeleteBatch, DeleteItem};
pub use get::GetBatch;
pub use put::{PutBatch, PutItem};

/// The most bytes of items in one part; a larger item goes alone. Much more would hold up the
/// other requests of the connection.
const PART_LEN_MAX: usize = 1024 * 1024;

/// Parts of one batch under way at once: the nodes never wait for the next one.
const PARTS_AT_ONCE: usize = 4;

/// What a batch is made of.
pub(crate) trait Item: Clone + Send + Sync + 'static {
    /// The message that carries many of it.
    type Batch: Message<Reply = Outcomes<Self::Done>> + Send + Sync;
    /// What one is answered with.
    type Done: Send;
    /// What whoever asked is told.
    type Told: Send;
    /// Whether a lost answer leaves a doubt.
    const EFFECT: Effect;

    /// The message that carries these.
    fn batch(items: Vec<Self>) -> Self::Batch;

    /// Tells of one that is done; an earlier attempt may have done it too.
    fn told(done: Self::Done, in_doubt: bool) -> Self::Told;

    /// How many bytes it takes in a frame, about.
    fn len(&self) -> usize;
}

impl Exchange {
    /// Sends the items, and gives their outcomes in the same order.
    pub(crate) async fn ask_batch<I: Item>(
        &self,
        items: Vec<I>,
        time: TimeLimit,
    ) -> Vec<Result<I::Told, Error>> {
        let parts = cut(items).into_iter().map(|items| {
            let exchange = self.clone();
            async move {
                Part::new(items, &exchange.settings)
                    .ask(&exchange, time)
                    .await
            }
        });
        iter(parts).buffered(PARTS_AT_ONCE).concat().await
    }
}

fn cut<I: Item>(items: Vec<I>) -> Vec<Vec<I>> {
    let mut parts: Vec<Vec<I>> = Vec::new();
    let mut len = 0;
    for item in items {
        len += item.len();
        match parts.last_mut() {
            Some(part) if part.len() < BATCH_ITEMS_MAX && len <= PART_LEN_MAX => part.push(item),
            _ => {
                len = item.len();
                parts.push(vec![item]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cartwheel::message::client::{Get, QuorumOptions};

    use super::*;

    fn read(key_len: usize) -> Get {
        Get {
            bucket: String::new(),
            key: Bytes::from(vec![0; key_len]),
            context: Bytes::new(),
            options: QuorumOptions::default(),
        }
    }

    fn lens(parts: &[Vec<Get>]) -> Vec<usize> {
        parts.iter().map(Vec::len).collect()
    }

    #[test]
    fn parts_are_bounded_in_items_and_bytes() {
        assert_eq!(lens(&cut(vec![read(1); 2_100])), [1024, 1024, 52]);
        let half = PART_LEN_MAX / 2 - 1_000;
        assert_eq!(lens(&cut(vec![read(half); 5])), [2, 2, 1]);
        let large = [read(1), read(2 * PART_LEN_MAX), read(1)];
        assert_eq!(lens(&cut(large.to_vec())), [1, 1, 1]);
        assert!(cut::<Get>(Vec::new()).is_empty());
    }
}
