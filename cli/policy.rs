//! What a bucket's policy is, as the cluster knows it.

use cartwheel::bucket::Bucket as Policy;
use cartwheel::message::client::RequestError;
use cartwheel_client::{Client, Error};

/// The policy of a bucket; a bucket that does not exist is refused as a node would.
pub async fn policy(client: &Client, name: &str) -> Result<Policy, Error> {
    let mut buckets = client.buckets().await?.into_iter();
    let found = buckets.find(|bucket| bucket.name == name);
    found.ok_or_else(|| {
        let name = name.to_owned();
        Error::Refused(RequestError::UnknownBucket { name })
    })
}
