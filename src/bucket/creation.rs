//! The creation of a bucket: prepared on all members, then activated on all (rule 10).
//!
//! Members are asked one after the other in the order of their ids, and the first decides:
//! what it agrees to is what the others are asked for. So two who create one name at once
//! create one bucket. Without the first nobody is asked to agree to anything; without any
//! other the creation ends once all were asked, so that the answer names all who are missing.

use super::Bucket;
use crate::entropy::Entropy;
use crate::key::BucketId;
use crate::message::client::RequestError;
use crate::node::NodeId;
use crate::ring::Ring;

/// A bucket on its way to all members.
#[derive(Clone, Debug)]
pub struct Creation {
    bucket: Bucket,
    members: Vec<NodeId>,
    asked: usize,
    preparing: bool,
    missing: Vec<NodeId>,
}

/// What a creation wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreationStep {
    /// Ask this member to agree.
    Prepare(NodeId, Bucket),
    /// Ask this member to take the bucket into use.
    Activate(NodeId, Bucket),
    /// It is in use on all members.
    Done(Bucket),
}

/// Why a member did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberFailure {
    /// It refuses, and so nothing comes of the bucket.
    Refused(RequestError),
    /// It did not answer.
    Missing,
}

impl Creation {
    /// Begins to create a bucket, whose id is minted here. One that is known already is
    /// activated once more, since a member may have missed it.
    pub fn begin(
        ring: &Ring,
        wanted: Bucket,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, RequestError> {
        let members = ring.layout().members().iter();
        let mut creation = Self {
            bucket: wanted,
            members: members.map(|member| member.node).collect(),
            asked: 0,
            preparing: true,
            missing: Vec::new(),
        };
        if let Ok(known) = ring.bucket(&creation.bucket.name) {
            creation.adopt(Bucket::clone(known))?;
            creation.preparing = false;
        } else {
            creation.bucket.id = fresh_id(ring, entropy);
        }
        Ok(creation)
    }

    /// What to do now; its outcome goes to [`Creation::agreed`] or [`Creation::activated`].
    pub fn step(&self) -> CreationStep {
        let bucket = self.bucket.clone();
        match self.members.get(self.asked) {
            Some(member) if self.preparing => CreationStep::Prepare(*member, bucket),
            Some(member) => CreationStep::Activate(*member, bucket),
            None => CreationStep::Done(bucket),
        }
    }

    /// A member has agreed, to this bucket.
    pub fn agreed(&mut self, agreed: Result<Bucket, MemberFailure>) -> Result<(), RequestError> {
        match agreed {
            Ok(agreed) if self.asked == 0 || agreed.id == self.bucket.id => self.adopt(agreed)?,
            Ok(other) => return Err(exists(&other)),
            Err(failure) => {
                self.failed(failure)?;
                if self.asked == 0 {
                    return Err(self.members_missing());
                }
            }
        }
        self.go_on()
    }

    /// A member has taken the bucket into use.
    pub fn activated(&mut self, activated: Result<(), MemberFailure>) -> Result<(), RequestError> {
        if let Err(failure) = activated {
            self.failed(failure)?;
        }
        self.go_on()
    }

    fn go_on(&mut self) -> Result<(), RequestError> {
        self.asked += 1;
        if self.asked < self.members.len() {
            return Ok(());
        }
        if !self.missing.is_empty() {
            return Err(self.members_missing());
        }
        if self.preparing {
            (self.preparing, self.asked) = (false, 0);
        }
        Ok(())
    }

    fn adopt(&mut self, agreed: Bucket) -> Result<(), RequestError> {
        match agreed.is_policy_of(&self.bucket) {
            true => self.bucket = agreed,
            false => return Err(exists(&self.bucket)),
        }
        Ok(())
    }

    fn failed(&mut self, failure: MemberFailure) -> Result<(), RequestError> {
        match failure {
            MemberFailure::Refused(error) => Err(error),
            MemberFailure::Missing => {
                self.missing.extend(self.members.get(self.asked));
                Ok(())
            }
        }
    }

    fn members_missing(&self) -> RequestError {
        let missing = self.missing.clone();
        RequestError::MembersMissing { missing }
    }
}

fn exists(bucket: &Bucket) -> RequestError {
    let name = bucket.name.clone();
    RequestError::BucketExists { name }
}

fn fresh_id(ring: &Ring, entropy: &mut dyn Entropy) -> BucketId {
    loop {
        let id = BucketId((entropy.next_u64() >> 32) as u32);
        if ring.bucket_of(id).is_none() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests;
