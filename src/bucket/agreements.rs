//! What one member has agreed to.
//!
//! The first member decides: whichever bucket of a name it was asked for first, it answers to
//! all who ask later. The others agree to whatever they are asked for, since whoever asks them
//! has the first member's answer; only a bucket in use binds them. So no creation that was
//! given up half way, by whoever, keeps a name from the next one.

use std::collections::BTreeMap;

use super::{Bucket, StoredBucket};
use crate::limits::BUCKETS_MAX;
use crate::message::client::RequestError;
use crate::node::NodeId;
use crate::ring::Ring;

/// The buckets that a member has agreed to and that are not in use.
#[derive(Clone, Debug, Default)]
pub struct Agreements {
    prepared: BTreeMap<String, Bucket>,
}

/// What a member agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// This bucket, once it is stored durably as prepared.
    Prepared(Bucket),
    /// This bucket, which is in use already.
    InUse(Bucket),
}

impl Agreements {
    /// Takes over what the store remembers of a bucket that is not in use.
    pub fn remember(&mut self, bucket: Bucket) {
        self.prepared.insert(bucket.name.clone(), bucket);
    }

    /// What is prepared.
    pub fn prepared(&self) -> impl Iterator<Item = &Bucket> {
        self.prepared.values()
    }

    /// The member `own` is asked to agree to a bucket.
    pub fn prepare(
        &mut self,
        ring: &Ring,
        own: NodeId,
        bucket: Bucket,
    ) -> Result<Agreed, RequestError> {
        self.check(ring, &bucket)?;
        if let Ok(in_use) = ring.bucket(&bucket.name) {
            // To store it as prepared would take it out of use at the next start.
            return match in_use.is_policy_of(&bucket) {
                true => Ok(Agreed::InUse(Bucket::clone(in_use))),
                false => Err(exists(bucket)),
            };
        }
        let agreed = match self.prepared.remove(&bucket.name) {
            Some(earlier) if is_first(ring, own) => earlier,
            _ => bucket,
        };
        self.remember(agreed.clone());
        Ok(Agreed::Prepared(agreed))
    }

    /// A bucket is taken into use: gives the ring with it.
    pub fn activate(&mut self, ring: &Ring, bucket: Bucket) -> Result<Ring, RequestError> {
        self.check(ring, &bucket)?;
        if ring.bucket(&bucket.name).is_ok_and(|own| **own != bucket) {
            return Err(exists(bucket));
        }
        self.prepared.remove(&bucket.name);
        let mut ring = ring.clone();
        ring.insert(bucket);
        Ok(ring)
    }

    /// The ring with what a store remembers; what is not in use is agreed to.
    pub fn restored(&mut self, ring: &Ring, stored: Vec<StoredBucket>) -> Ring {
        self.prepared.clear();
        let mut ring = ring.clone();
        for StoredBucket { bucket, active } in stored {
            match active {
                true => ring.insert(bucket),
                false => self.remember(bucket),
            }
        }
        ring
    }

    fn check(&self, ring: &Ring, bucket: &Bucket) -> Result<(), RequestError> {
        let bad = |cause: String| RequestError::BadBucket { cause };
        let members = ring.layout().members().len();
        let checked = bucket.check(members);
        checked.map_err(|error| bad(error.to_string()))?;
        let known = ring.bucket(&bucket.name).is_ok() || self.prepared.contains_key(&bucket.name);
        if !known && ring.buckets().count() + self.prepared.len() >= BUCKETS_MAX {
            return Err(bad(format!("there are {BUCKETS_MAX} buckets already")));
        }
        match ring.bucket_of(bucket.id) {
            Some(own) if own.name != bucket.name => {
                Err(bad(format!("id {} is {}'s", bucket.id.0, own.name)))
            }
            _ => Ok(()),
        }
    }
}

fn is_first(ring: &Ring, own: NodeId) -> bool {
    let first = ring.layout().members().first();
    first.is_some_and(|member| member.node == own)
}

fn exists(bucket: Bucket) -> RequestError {
    let name = bucket.name;
    RequestError::BucketExists { name }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::key::BucketId;
    use crate::layout::{Layout, Member};

    const FIRST: NodeId = NodeId(1);
    const SECOND: NodeId = NodeId(2);

    fn ring() -> Ring {
        let member = |node| Member {
            node,
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Layout::first(vec![member(FIRST), member(SECOND)], 3);
        Ring::new(Arc::new(layout), [Bucket::default_bucket(2)])
    }

    fn carts(id: u32) -> Bucket {
        let mut bucket = Bucket::default_bucket(2);
        (bucket.name, bucket.id) = ("carts".to_owned(), BucketId(id));
        bucket
    }

    fn in_use(id: u32) -> (Agreements, Ring) {
        let mut agreements = Agreements::default();
        let ring = agreements.activate(&ring(), carts(id)).unwrap();
        (agreements, ring)
    }

    fn exists() -> RequestError {
        super::exists(carts(0))
    }

    #[test]
    fn the_first_member_agrees_to_the_first_bucket_of_a_name() {
        let mut agreements = Agreements::default();
        for id in [5, 9] {
            let agreed = agreements.prepare(&ring(), FIRST, carts(id));
            assert_eq!(agreed, Ok(Agreed::Prepared(carts(5))));
        }
        assert_eq!(agreements.prepared().collect::<Vec<_>>(), [&carts(5)]);
    }

    #[test]
    fn another_member_agrees_to_the_last() {
        let mut agreements = Agreements::default();
        for id in [5, 9] {
            let agreed = agreements.prepare(&ring(), SECOND, carts(id));
            assert_eq!(agreed, Ok(Agreed::Prepared(carts(id))));
        }
        assert_eq!(agreements.prepared().collect::<Vec<_>>(), [&carts(9)]);
    }

    #[test]
    fn a_bucket_in_use_is_not_prepared_again() {
        for own in [FIRST, SECOND] {
            let (mut agreements, ring) = in_use(5);
            for id in [5, 9] {
                let agreed = agreements.prepare(&ring, own, carts(id));
                assert_eq!(agreed, Ok(Agreed::InUse(carts(5))));
            }
            assert_eq!(agreements.prepared().count(), 0);
        }
    }

    #[test]
    fn a_name_in_use_is_refused_to_another_policy() {
        let (mut agreements, ring) = in_use(5);
        let other = Bucket { r: 1, ..carts(5) };
        let prepared = agreements.prepare(&ring, FIRST, other.clone());
        assert_eq!(prepared, Err(exists()));
        let activated = agreements.activate(&ring, other);
        assert_eq!(activated.err(), Some(exists()));
    }

    #[test]
    fn a_bucket_in_use_never_gets_another_id() {
        let (mut agreements, ring) = in_use(5);
        let activated = agreements.activate(&ring, carts(9));
        assert_eq!(activated.err(), Some(exists()));
        assert!(agreements.activate(&ring, carts(5)).is_ok());
    }

    #[test]
    fn an_id_is_no_other_buckets() {
        let (mut agreements, ring) = in_use(5);
        let mut other = carts(5);
        other.name = "trolleys".to_owned();
        let refused = agreements.prepare(&ring, FIRST, other.clone()).unwrap_err();
        assert_eq!(refused.to_string(), "bad bucket policy: id 5 is carts's");
        assert!(agreements.activate(&ring, other).is_err());
    }

    #[test]
    fn there_is_room_for_so_many_buckets() {
        let mut agreements = Agreements::default();
        let named = |at: usize| {
            let mut bucket = carts(u32::try_from(at).unwrap());
            bucket.name = format!("bucket-{at}");
            bucket
        };
        for at in 1..BUCKETS_MAX {
            let agreed = agreements.prepare(&ring(), FIRST, named(at));
            assert!(agreed.is_ok(), "{at}: {agreed:?}");
        }
        let one_more = agreements.prepare(&ring(), FIRST, named(BUCKETS_MAX));
        assert!(matches!(one_more, Err(RequestError::BadBucket { .. })));
        let known = agreements.prepare(&ring(), FIRST, named(1));
        assert!(known.is_ok(), "what is known takes no room");
    }

    #[test]
    fn what_the_store_remembers_is_in_use_or_agreed_to() {
        let mut agreements = Agreements::default();
        agreements.remember(carts(9));
        let stored = |name: &str, active| {
            let mut bucket = carts(1);
            bucket.name = name.to_owned();
            StoredBucket { bucket, active }
        };
        let ring = agreements.restored(&ring(), vec![stored("old", true), stored("new", false)]);
        assert!(ring.bucket("old").is_ok());
        assert!(ring.bucket("new").is_err());
        let prepared = agreements.prepared().map(|bucket| &bucket.name[..]);
        assert_eq!(prepared.collect::<Vec<_>>(), ["new"]);
    }
}
