//! A request whose key no slice of this node holds: an owner coordinates it.

use bytes::Bytes;

use super::effect::Effect;
use super::operation::{Common, Places, Turn};
use super::peers::NoCredit;
use super::request::ClientCall;
use super::write::RETRY_AFTER_MS;
use crate::message::client::{Get, RequestError};
use crate::message::replica::ForwardItem;
use crate::message::{Kind, Message};
use crate::node::NodeId;
use crate::quorum::Tally;

#[derive(Debug)]
pub(super) struct ForwardState {
    call: ClientCall,
    tried: Places,
    under_way: Option<NodeId>,
    spent: bool,
    /// What an owner said that another may say otherwise.
    refusal: Option<RequestError>,
    /// A write was sent to an owner that may have kept it and will not say.
    may_be_kept: bool,
}

impl ForwardState {
    pub(super) fn start<C>(
        common: &mut Common<C>,
        call: ClientCall,
        turn: &mut Turn<'_, C>,
    ) -> Self {
        let mut forward = Self {
            call,
            ..Self::empty()
        };
        forward.try_next(common, turn);
        forward
    }

    /// A forward that is not begun.
    pub(super) fn empty() -> Self {
        Self {
            call: ClientCall {
                kind: Kind(0),
                body: Bytes::new(),
            },
            tried: Places::default(),
            under_way: None,
            spent: false,
            refusal: None,
            may_be_kept: false,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Takes the answer of the node that coordinated; one that could not even start leaves
    /// the request to the next owner. The request id makes that safe.
    pub(super) fn on_outcome<C>(
        &mut self,
        common: &mut Common<C>,
        from: NodeId,
        outcome: Result<Bytes, RequestError>,
        turn: &mut Turn<'_, C>,
    ) {
        if self.under_way != Some(from) {
            return;
        }
        self.under_way = None;
        turn.peers.give_forward(from, self.call.body.len());
        match outcome {
            Err(RequestError::NotServing { .. }) => self.try_next(common, turn),
            // Its clock and its links are its own: another owner's may be right.
            Err(error @ (RequestError::ClockOff { .. } | RequestError::OwnersDown { .. })) => {
                self.refusal = Some(error);
                self.try_next(common, turn);
            }
            Err(RequestError::Restarted { .. }) => self.lost(common, turn),
            Err(error) => self.refuse(common, error, turn),
            Ok(body) => common.answer(Ok(body), turn),
        }
    }

    pub(super) fn on_peer_down<C>(
        &mut self,
        common: &mut Common<C>,
        peer: NodeId,
        turn: &mut Turn<'_, C>,
    ) {
        if self.under_way == Some(peer) {
            self.under_way = None;
            self.lost(common, turn);
        }
    }

    /// An owner has the request and will not say what became of it.
    fn lost<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        self.may_be_kept |= self.call.kind != Get::KIND;
        self.try_next(common, turn);
    }

    /// Hands on a refusal, unless it promises that nothing was written and an earlier owner may
    /// have written: what the client is told speaks of all attempts, not of the last.
    fn refuse<C>(&self, common: &mut Common<C>, error: RequestError, turn: &mut Turn<'_, C>) {
        match self.may_be_kept && !error.leaves_the_outcome_open() {
            true => common.unreachable(self.tally(common), turn),
            false => common.answer(Err(error), turn),
        }
    }

    pub(super) fn time_out<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        common.time_out(self.tally(common), turn);
    }

    fn try_next<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if common.is_answered() {
            return;
        }
        for place in 0..common.target.owners().len() {
            if !self.tried.has(place) && self.send(common, place, turn) {
                return;
            }
        }
        let retry_after_ms = RETRY_AFTER_MS;
        let overloaded = RequestError::Overloaded { retry_after_ms };
        match self.refusal.take().or(self.spent.then_some(overloaded)) {
            Some(error) => self.refuse(common, error, turn),
            None => self.refuse(common, nobody(common), turn),
        }
    }

    fn send<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) -> bool {
        self.tried.add(place);
        let owner = common.owner(place);
        match turn.peers.take_forward(owner, self.call.body.len()) {
            Ok(()) => {}
            Err(reason) => {
                self.spent |= reason == NoCredit::Spent;
                return false;
            }
        }
        let remaining = common.deadline.since(turn.now).as_millis();
        let item = ForwardItem {
            operation: turn.id,
            kind: self.call.kind,
            remaining_ms: u32::try_from(remaining).unwrap_or(u32::MAX).max(1),
            body: self.call.body.clone(),
        };
        turn.effects.push(Effect::Forward(owner, item));
        self.under_way = Some(owner);
        true
    }

    fn tally<C>(&self, common: &Common<C>) -> Tally {
        let tried = (0..common.target.owners().len()).filter(|place| self.tried.has(*place));
        Tally {
            required: 1,
            acknowledged: 0,
            failed: u8::try_from(tried.count()).unwrap_or(u8::MAX),
        }
    }
}

/// No owner could be asked to coordinate, and one is needed.
fn nobody<C>(common: &Common<C>) -> RequestError {
    let owners = common.target.owners().len();
    RequestError::OwnersDown {
        required: 1,
        up: 0,
        owners: u8::try_from(owners).unwrap_or(u8::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::bucket::Bucket;
    use crate::config::ReadFanout;
    use crate::coordination::{ClientRequest, Coordinator, CoordinatorOptions, Demand};
    use crate::layout::{Layout, Member};
    use crate::message::client::{Put, QuorumOptions};
    use crate::message::replica::OperationId;
    use crate::node::ShardId;
    use crate::ring::Ring;
    use crate::time::{Moment, WallTime};
    use crate::version::{ContextSecret, RequestId};

    const NOW: Moment = Moment::from_micros(0);

    /// Node 5 of five, where node 1, 2 and 3 own every key.
    fn coordinator() -> Coordinator<()> {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        let layout = Layout::first((1..=5).map(member).collect(), 0);
        let ring = Ring::new(Arc::new(layout), [Bucket::default_bucket(3)]);
        let options = CoordinatorOptions {
            read_fanout: ReadFanout::Quorum,
            hedge_min: Duration::from_millis(5),
            hedge_max: Duration::from_millis(100),
        };
        let secret = ContextSecret::new([7; 16]);
        let mut coordinator =
            Coordinator::new(NodeId(5), ShardId(0), 0, Arc::new(ring), secret, options);
        (1..=4).for_each(|peer| coordinator.on_peer_up(NodeId(peer)));
        coordinator
    }

    fn put() -> ClientRequest<()> {
        let put = Put {
            bucket: "default".to_owned(),
            key: Bytes::from_static(b"cart"),
            value: Bytes::from_static(b"value"),
            context: Bytes::new(),
            request: RequestId::new(1),
            attributes: None,
            options: QuorumOptions::default(),
        };
        ClientRequest {
            client: (),
            demand: Demand::Put(put),
            deadline: NOW.after(Duration::from_secs(5)),
            forwarded_by: None,
        }
    }

    fn asked(effects: &mut Vec<Effect<()>>) -> (NodeId, OperationId) {
        match effects.pop() {
            Some(Effect::Forward(node, item)) => (node, item.operation),
            other => panic!("no forward: {other:?}"),
        }
    }

    #[test]
    fn a_refusal_of_the_second_owner_does_not_speak_for_the_first() {
        let mut coordinator = coordinator();
        let mut effects = Vec::new();
        coordinator.start(put(), NOW, WallTime(0), &mut effects);
        let (first, _) = asked(&mut effects);
        coordinator.on_peer_down(first, NOW, &mut effects);
        let (second, id) = asked(&mut effects);
        let refusal = Err(RequestError::NotStored { node: second });
        coordinator.on_forwarded(second, id, refusal, NOW, &mut effects);
        match effects.pop() {
            Some(Effect::Answer((), Err(error))) => {
                assert!(error.leaves_the_outcome_open(), "{error}");
            }
            other => panic!("no answer: {other:?}"),
        }
    }

    #[test]
    fn a_refusal_of_the_only_owner_that_was_asked_stands() {
        let mut coordinator = coordinator();
        let mut effects = Vec::new();
        coordinator.start(put(), NOW, WallTime(0), &mut effects);
        let (node, id) = asked(&mut effects);
        let refusal = RequestError::NotStored { node };
        coordinator.on_forwarded(node, id, Err(refusal.clone()), NOW, &mut effects);
        match effects.pop() {
            Some(Effect::Answer((), Err(error))) => assert_eq!(error, refusal),
            other => panic!("no answer: {other:?}"),
        }
    }
}
