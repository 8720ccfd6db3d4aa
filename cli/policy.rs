//! What a bucket's policy is, as the cluster knows it.

use cartwheel::bucket::Bucket as Policy;
use cartwheel::message::client::RequestError;
use cartwheel_client::{Client, Error};

use crate::output;

/// The n of a bucket unless told otherwise, where there are so many members.
const N_DEFAULT: u8 = 3;

/// The policy of a bucket of which nothing but the name was said.
pub async fn default_policy(client: &Client, name: &str) -> Result<Policy, Error> {
    let members = client.ring().await?.members.len();
    let n = u8::try_from(members).unwrap_or(N_DEFAULT).min(N_DEFAULT);
    Ok(Policy {
        name: name.to_owned(),
        ..Policy::default_bucket(n)
    })
}

/// What a policy says otherwise than the one that was asked for, as a part of a sentence.
pub fn differences(there: &Policy, wanted: &Policy) -> String {
    let words = |policy: &Policy| {
        [
            ("n", policy.n.to_string()),
            ("r", policy.r.to_string()),
            ("w", policy.w.to_string()),
            ("pr", policy.pr.to_string()),
            ("pw", policy.pw.to_string()),
            ("dw", policy.dw.to_string()),
            ("conflict", output::conflict(policy.conflict)),
            ("durability", output::durability(policy.durability).into()),
            ("key_len_max", policy.key_len_max.to_string()),
            ("value_len_max", policy.value_len_max.to_string()),
            ("siblings_max", policy.siblings_max.to_string()),
        ]
    };
    let pairs = words(there).into_iter().zip(words(wanted));
    let different = pairs.filter(|(there, wanted)| there != wanted);
    let told = different.map(|((name, there), (_, wanted))| {
        format!("with {name} = {there} where {wanted} is asked for")
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The policy of a bucket; a bucket that does not exist is refused as a node would.
pub async fn policy(client: &Client, name: &str) -> Result<Policy, Error> {
    let mut buckets = client.buckets().await?.into_iter();
    let found = buckets.find(|bucket| bucket.name == name);
    found.ok_or_else(|| {
        let name = name.to_owned();
        Error::Refused(RequestError::UnknownBucket { name })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_and_both_sides_of_it() {
        let there = Policy::default_bucket(3);
        assert_eq!(differences(&there, &there), "");
        let wanted = Policy {
            w: 3,
            siblings_max: 7,
            ..there.clone()
        };
        assert_eq!(
            differences(&there, &wanted),
            "with w = 2 where 3 is asked for, with siblings_max = 100 where 7 is asked for"
        );
    }
}
