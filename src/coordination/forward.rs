//! A request whose key no slice of this node holds: an owner coordinates it.

use bytes::Bytes;

use super::effect::Effect;
use super::operation::{Common, Places, Turn};
use super::peers::NoCredit;
use super::request::ClientCall;
use super::write::RETRY_AFTER_MS;
use crate::message::Kind;
use crate::message::client::RequestError;
use crate::message::replica::ForwardItem;
use crate::node::NodeId;
use crate::quorum::Tally;

#[derive(Debug)]
pub(super) struct ForwardState {
    call: ClientCall,
    tried: Places,
    under_way: Option<NodeId>,
    spent: bool,
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
        turn.peers.give_forward(from);
        match outcome {
            Err(RequestError::NotServing { .. } | RequestError::Restarted { .. }) => {
                self.try_next(common, turn);
            }
            outcome => common.answer(outcome, turn),
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
            self.try_next(common, turn);
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
        match self.spent {
            true => {
                let retry_after_ms = RETRY_AFTER_MS;
                common.answer(Err(RequestError::Overloaded { retry_after_ms }), turn);
            }
            false => common.unreachable(self.tally(common), turn),
        }
    }

    fn send<C>(&mut self, common: &mut Common<C>, place: usize, turn: &mut Turn<'_, C>) -> bool {
        self.tried.add(place);
        let owner = common.owner(place);
        match turn.peers.take_forward(owner) {
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
