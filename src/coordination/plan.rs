//! What a request needs, and everything that can refuse it before anything is started.

use super::machine::Coordinator;
use super::peers::NoCredit;
use super::request::{ClientRequest, Demand};
use super::write::RETRY_AFTER_MS;
use crate::limits::{ATTRIBUTES_LEN_MAX, OPERATION_BYTES_MAX, OPERATIONS_MAX};
use crate::message::client::{Delete, Get, Put, QuorumOptions, RequestError};
use crate::quorum::Quorum;
use crate::replica::ClientWrite;
use crate::ring::Target;
use crate::time::{Moment, WallTime};
use crate::version::{ConflictRule, Context};

/// A request that was found to be in order.
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) quorum: Quorum,
    pub(super) work: Work,
}

pub(super) enum Work {
    Read(Context),
    Write(Box<ClientWrite>),
    Forward,
}

pub(super) fn options(demand: &Demand) -> &QuorumOptions {
    match demand {
        Demand::Get(get) => &get.options,
        Demand::Put(put) => &put.options,
        Demand::Delete(delete) => &delete.options,
    }
}

impl<C> Coordinator<C> {
    /// Everything that can refuse a request before anything is started.
    pub(super) fn plan(
        &self,
        request: &ClientRequest<C>,
        now: Moment,
        wall: WallTime,
    ) -> Result<Plan, RequestError> {
        let demand = &request.demand;
        let target = self.ring.locate(demand.bucket(), demand.key())?;
        let full = self.operations.len() >= OPERATIONS_MAX
            || self.held + demand.len() > OPERATION_BYTES_MAX;
        if full {
            let retry_after_ms = RETRY_AFTER_MS;
            return Err(RequestError::Overloaded { retry_after_ms });
        }
        let quorum = target.bucket.quorum(options(demand))?;
        let work = self.work(demand, &target, wall)?;
        if target.owners().contains(&self.node) {
            self.check_room(&target, &work, &quorum)?;
            if matches!(work, Work::Write(_)) && target.bucket.conflict == ConflictRule::Lww {
                self.check_clock(now, wall)?;
            }
            return Ok(Plan {
                target,
                quorum,
                work,
            });
        }
        if request.forwarded_by.is_some() {
            return Err(RequestError::NotServing {
                node: self.node,
                cause: "it owns no part of the key's partition".to_owned(),
            });
        }
        let work = Work::Forward;
        Ok(Plan {
            target,
            quorum,
            work,
        })
    }

    /// A node may be forwarded a write before it has asked its peers for their time: it stamps
    /// none until it knows how far its own is off.
    fn check_clock(&self, now: Moment, wall: WallTime) -> Result<(), RequestError> {
        let unknown = || RequestError::NotServing {
            node: self.node,
            cause: "it has not yet asked the other nodes for their time".to_owned(),
        };
        let clocks = self.clocks.as_ref().ok_or_else(unknown)?;
        clocks.check(now, wall)
    }

    fn work(&self, demand: &Demand, target: &Target, wall: WallTime) -> Result<Work, RequestError> {
        match demand {
            Demand::Get(Get { context, .. }) => Ok(Work::Read(self.open(context, target)?)),
            Demand::Put(put) => Ok(Work::Write(Box::new(self.put(put, target, wall)?))),
            Demand::Delete(delete) => Ok(Work::Write(Box::new(self.delete(delete, target, wall)?))),
        }
    }

    fn put(&self, put: &Put, target: &Target, wall: WallTime) -> Result<ClientWrite, RequestError> {
        let (len, limit) = (
            put.value.len() as u64,
            u64::from(target.bucket.value_len_max),
        );
        if len > limit {
            return Err(RequestError::ValueTooLarge { len, limit });
        }
        let len = put
            .attributes
            .as_ref()
            .map_or(0, |attributes| attributes.len());
        if len > ATTRIBUTES_LEN_MAX {
            let (len, limit) = (len as u64, ATTRIBUTES_LEN_MAX as u64);
            return Err(RequestError::AttributesTooLarge { len, limit });
        }
        Ok(ClientWrite {
            request: put.request,
            context: self.open(&put.context, target)?,
            value: Some((put.value.clone(), put.attributes.clone())),
            siblings_max: target.bucket.siblings_max,
            now: wall,
        })
    }

    fn delete(
        &self,
        delete: &Delete,
        target: &Target,
        wall: WallTime,
    ) -> Result<ClientWrite, RequestError> {
        let context = self.open(&delete.context, target)?;
        if context.is_empty() {
            return Err(RequestError::ContextRequired);
        }
        Ok(ClientWrite {
            request: delete.request,
            context,
            value: None,
            siblings_max: target.bucket.siblings_max,
            now: wall,
        })
    }

    fn open(&self, context: &[u8], target: &Target) -> Result<Context, RequestError> {
        let bucket = target.bucket.id;
        Ok(Context::open(context, &self.secret, bucket, &target.key)?)
    }

    /// A request that can't be met is refused before it has left a trace anywhere.
    fn check_room(
        &self,
        target: &Target,
        work: &Work,
        quorum: &Quorum,
    ) -> Result<(), RequestError> {
        let required = match work {
            Work::Read(_) => quorum.r,
            Work::Write(_) | Work::Forward => quorum.w.max(quorum.dw),
        };
        let others = target.owners().iter().filter(|owner| **owner != self.node);
        let rooms = others.map(|owner| self.peers.replica_room(*owner));
        let (mut room, mut spent, mut down) = (1, 0, 0);
        for outcome in rooms {
            match outcome {
                Ok(()) => room += 1,
                Err(NoCredit::Spent) => spent += 1,
                Err(NoCredit::Down) => down += 1,
            }
        }
        let up = room + spent;
        match (room >= required, up >= required) {
            (true, _) => Ok(()),
            (false, true) => Err(RequestError::Overloaded {
                retry_after_ms: RETRY_AFTER_MS,
            }),
            (false, false) => Err(RequestError::OwnersDown {
                required,
                up,
                owners: up + down,
            }),
        }
    }
}
