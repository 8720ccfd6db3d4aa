//! The account of a request, with every step there is.

use cartwheel::message::client::{Explain, ExplainEvent, ExplainStep};
use cartwheel::node::NodeId;
use cartwheel::version::{Dot, Origin};

pub fn example() -> Explain {
    let at = |(at_us, step)| ExplainEvent {
        at_us,
        node: NodeId(at_us % 3 + 1),
        step,
    };
    Explain {
        coordinator: NodeId(1),
        forwarded_by: Some(NodeId(4)),
        partition: 200,
        epoch: 1,
        owners: vec![NodeId(1), NodeId(2), NodeId(3)],
        required: 2,
        events: (0..).zip(steps()).map(at).collect(),
    }
}

fn steps() -> Vec<ExplainStep> {
    let dot = Dot {
        origin: Origin(0xaabb_ccdd),
        counter: 300,
    };
    vec![
        ExplainStep::Asked,
        ExplainStep::Hedged,
        ExplainStep::Same,
        ExplainStep::Answered(vec![dot]),
        ExplainStep::Absent,
        ExplainStep::Stale,
        ExplainStep::Repaired,
        ExplainStep::Stored,
        ExplainStep::Minted(dot),
        ExplainStep::AlreadyWritten(dot),
        ExplainStep::Failed("it did not answer in time".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::variants::assert_all_shown;
    use super::*;

    #[test]
    fn every_step_of_an_account_has_an_example() {
        assert_all_shown(&steps());
    }
}
