//! Creations over members that are played by their agreements.

use std::sync::Arc;

use super::*;
use crate::bucket::{Agreed, Agreements};
use crate::layout::{Layout, Member};

/// The members 1 to 3, of which any may be away.
struct Members {
    rings: Vec<Ring>,
    agreements: Vec<Agreements>,
    away: Vec<u64>,
}

/// Numbers in order: no two creations mint one id.
struct Counting(u64);

impl Entropy for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0 << 32
    }
}

impl Members {
    fn new() -> Self {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Arc::new(Layout::first((1..=3).map(member).collect(), 3));
        let ring = Ring::new(layout, [Bucket::default_bucket(3)]);
        Self {
            rings: vec![ring; 3],
            agreements: vec![Agreements::default(); 3],
            away: Vec::new(),
        }
    }

    fn begin(&self, by: usize, bucket: &Bucket, first_id: u64) -> Result<Creation, RequestError> {
        let mut entropy = Counting(first_id - 1);
        Creation::begin(&self.rings[by], bucket.clone(), &mut entropy)
    }

    /// Carries out one step; the bucket, if that was the last.
    fn carry_out(&mut self, creation: &mut Creation) -> Result<Option<Bucket>, RequestError> {
        match creation.step() {
            CreationStep::Prepare(member, bucket) => {
                creation.agreed(self.prepare(member, bucket))?;
            }
            CreationStep::Activate(member, bucket) => {
                creation.activated(self.activate(member, bucket))?;
            }
            CreationStep::Done(bucket) => return Ok(Some(bucket)),
        }
        Ok(None)
    }

    fn create(&mut self, by: usize, bucket: &Bucket, id: u64) -> Result<Bucket, RequestError> {
        let mut creation = self.begin(by, bucket, id)?;
        loop {
            if let Some(bucket) = self.carry_out(&mut creation)? {
                return Ok(bucket);
            }
        }
    }

    fn prepare(&mut self, member: NodeId, bucket: Bucket) -> Result<Bucket, MemberFailure> {
        let at = self.at(member)?;
        let agreed = self.agreements[at].prepare(&self.rings[at], member, bucket);
        match agreed.map_err(MemberFailure::Refused)? {
            Agreed::Prepared(bucket) | Agreed::InUse(bucket) => Ok(bucket),
        }
    }

    fn activate(&mut self, member: NodeId, bucket: Bucket) -> Result<(), MemberFailure> {
        let at = self.at(member)?;
        let ring = self.agreements[at].activate(&self.rings[at], bucket);
        self.rings[at] = ring.map_err(MemberFailure::Refused)?;
        Ok(())
    }

    fn at(&self, member: NodeId) -> Result<usize, MemberFailure> {
        match self.away.contains(&member.0) {
            true => Err(MemberFailure::Missing),
            false => Ok(usize::try_from(member.0).unwrap() - 1),
        }
    }

    fn in_use(&self) -> Vec<Option<u32>> {
        let id = |ring: &Ring| ring.bucket("carts").ok().map(|bucket| bucket.id.0);
        self.rings.iter().map(id).collect()
    }
}

fn carts() -> Bucket {
    let mut bucket = Bucket::default_bucket(3);
    bucket.name = "carts".to_owned();
    bucket
}

fn missing(members: &[u64]) -> RequestError {
    let missing = members.iter().copied().map(NodeId).collect();
    RequestError::MembersMissing { missing }
}

#[test]
fn a_bucket_is_in_use_on_all_members() {
    let mut members = Members::new();
    let bucket = members.create(1, &carts(), 7).unwrap();
    assert_eq!(bucket.id, BucketId(7));
    assert_eq!(members.in_use(), [Some(7); 3]);
}

#[test]
fn nobody_takes_a_bucket_into_use_before_all_have_agreed() {
    let mut members = Members::new();
    members.away = vec![3];
    assert_eq!(members.create(0, &carts(), 7), Err(missing(&[3])));
    assert_eq!(members.in_use(), [None; 3]);
}

#[test]
fn whoever_is_missing_is_named() {
    let mut members = Members::new();
    members.away = vec![2, 3];
    assert_eq!(members.create(0, &carts(), 7), Err(missing(&[2, 3])));
}

#[test]
fn a_creation_that_was_given_up_keeps_no_name_from_the_next() {
    for away in [vec![1], vec![2], vec![3], vec![2, 3], vec![1, 3]] {
        let mut members = Members::new();
        members.away = away.clone();
        assert!(members.create(1, &carts(), 7).is_err());
        members.away = Vec::new();
        let bucket = members.create(2, &carts(), 9);
        let id = bucket
            .unwrap_or_else(|error| panic!("{away:?}: {error}"))
            .id;
        assert_eq!(members.in_use(), [Some(id.0); 3], "{away:?}");
    }
}

#[test]
fn two_at_once_create_one_bucket_however_their_steps_mix() {
    for order in 0..1_u32 << 12 {
        let mut members = Members::new();
        let mut creations = [
            members.begin(0, &carts(), 7).unwrap(),
            members.begin(1, &carts(), 9).unwrap(),
        ];
        for turn in 0..12 {
            let creation = &mut creations[usize::from(order & (1 << turn) != 0)];
            members.carry_out(creation).unwrap();
        }
        for creation in &mut creations {
            while members.carry_out(creation).unwrap().is_none() {}
        }
        assert_eq!(creations[0].bucket, creations[1].bucket);
        assert_eq!(members.in_use(), [Some(creations[0].bucket.id.0); 3]);
    }
}

#[test]
fn a_known_bucket_is_activated_where_it_was_missed() {
    let mut members = Members::new();
    let mut creation = members.begin(0, &carts(), 7).unwrap();
    for _ in 0..5 {
        members.carry_out(&mut creation).unwrap();
    }
    members.away = vec![3];
    assert_eq!(members.carry_out(&mut creation), Err(missing(&[3])));
    assert_eq!(members.in_use(), [Some(7), Some(7), None]);
    members.away = Vec::new();
    // By one who knows it, and by the one who missed it.
    for by in [0, 2] {
        let mut again = Members {
            rings: members.rings.clone(),
            agreements: members.agreements.clone(),
            away: Vec::new(),
        };
        assert_eq!(again.create(by, &carts(), 9).unwrap().id, BucketId(7));
        assert_eq!(again.in_use(), [Some(7); 3]);
    }
}

#[test]
fn a_name_has_one_policy() {
    let mut members = Members::new();
    members.create(0, &carts(), 7).unwrap();
    let other = Bucket { r: 1, ..carts() };
    let refused = Err(exists(&carts()));
    assert_eq!(members.create(0, &other, 9), refused);
    members.rings[2] = Members::new().rings[2].clone();
    assert_eq!(members.create(2, &other, 9), refused, "it missed the first");
}
