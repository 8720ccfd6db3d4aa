//! Writes all keys of a run before it begins.

use cartwheel_client::{Bucket, Context, Error};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::keys::{KeySpace, OwnKeys, random};
use super::workload::Values;

/// Writes a worker's share of the keys, so many at once, and gives their contexts in its order.
pub async fn load(
    bucket: &Bucket,
    space: &KeySpace,
    mut own: OwnKeys,
    values: &Values,
    depth: usize,
) -> Result<Vec<Context>, Error> {
    let mut random = random(own.first());
    let puts = (0..own.count()).map(|_| {
        let (_, number) = own.next();
        let put = bucket.put(space.name(number), values.any(&mut random));
        async move { put.send().await.map(|written| written.context) }
    });
    stream::iter(puts).buffered(depth).try_collect().await
}
