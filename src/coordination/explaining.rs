//! Keeping the account that `explain` asks for.

use std::time::Duration;

use crate::message::client::{Explain, ExplainEvent, ExplainStep};
use crate::message::replica::View;
use crate::node::NodeId;
use crate::ring::Target;

/// The most lines of an account: every owner can say a few things, and repairs some more.
const EVENTS_MAX: usize = 128;

/// The beginning of an account.
pub(super) fn begin(
    coordinator: NodeId,
    forwarded_by: Option<NodeId>,
    target: &Target,
    view: View,
    required: u8,
) -> Box<Explain> {
    Box::new(Explain {
        coordinator,
        forwarded_by,
        partition: target.partition().0,
        epoch: view.epoch,
        owners: target.owners().to_vec(),
        required,
        events: Vec::new(),
    })
}

pub(super) fn note(explain: &mut Explain, node: NodeId, after: Duration, step: ExplainStep) {
    if explain.events.len() < EVENTS_MAX {
        let at_us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        explain.events.push(ExplainEvent { at_us, node, step });
    }
}
