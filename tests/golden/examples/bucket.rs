//! Buckets, as clients and as nodes speak of them.

use cartwheel::bucket::{Bucket, BucketDurability};
use cartwheel::key::BucketId;
use cartwheel::message::client::{BucketCreate, BucketDescription, BucketList};
use cartwheel::message::replica::{BucketActivate, BucketPrepare, Buckets, BucketsQuery};
use cartwheel::version::ConflictRule;

use super::{Example, reply, request};

pub fn examples() -> Vec<Example> {
    let described = |bucket| BucketDescription { bucket };
    let buckets = [default(), carts(), locks()];
    vec![
        request(
            "last writer wins, buffered",
            BucketCreate { bucket: carts() },
        ),
        reply::<BucketCreate>("created", described(carts())),
        request("all", BucketList),
        reply::<BucketList>("every rule", buckets.map(described).to_vec()),
        request("all", BucketsQuery),
        reply::<BucketsQuery>(
            "one in use, one prepared",
            Buckets {
                active: vec![default()],
                prepared: vec![locks()],
            },
        ),
        request("the default bucket", BucketPrepare { bucket: default() }),
        reply::<BucketPrepare>("agreed", described(default())),
        request("the default bucket", BucketActivate { bucket: default() }),
        reply::<BucketActivate>("in use", ()),
    ]
}

fn default() -> Bucket {
    Bucket::default_bucket(3)
}

fn carts() -> Bucket {
    Bucket {
        id: BucketId(70_000),
        name: "carts".to_owned(),
        pr: 1,
        pw: 2,
        dw: 3,
        conflict: ConflictRule::Lww,
        durability: BucketDurability::Buffered,
        ..default()
    }
}

fn locks() -> Bucket {
    Bucket {
        name: "locks".to_owned(),
        conflict: ConflictRule::Refuse,
        ..default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::variants::assert_all_shown;
    use super::*;

    #[test]
    fn every_rule_and_durability_of_a_bucket_has_an_example() {
        let buckets = [default(), carts(), locks()];
        assert_all_shown(&buckets.clone().map(|bucket| bucket.conflict));
        assert_all_shown(&buckets.map(|bucket| bucket.durability));
    }
}
