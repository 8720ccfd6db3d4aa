//! Requests that too few owners are up for: refused before anything is sent, with what is up.

use cartwheel::coordination::{Demand, Effect};
use cartwheel::message::client::RequestError;
use cartwheel::node::NodeId;
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::ConflictRule;

use crate::coordinators::{coordinator, get, owners, put, request, ring};

/// What the first owner answers at once when these of the others are down.
fn refusal(demand: Demand, down: &[NodeId]) -> Option<RequestError> {
    let ring = ring(3, ConflictRule::Siblings);
    let mut coordinator = coordinator(owners(&ring)[0], &ring);
    let (now, mut effects) = (Moment::from_micros(1), Vec::new());
    for peer in down {
        coordinator.on_peer_down(*peer, now, &mut effects);
    }
    coordinator.start(request(demand), now, WallTime(1), &mut effects);
    match &effects[..] {
        [Effect::Answer((), Err(error))] => Some(error.clone()),
        _ => None,
    }
}

#[test]
fn a_request_for_which_too_few_owners_are_up_is_refused_with_how_many_are() {
    let others = owners(&ring(3, ConflictRule::Siblings)).split_off(1);
    for demand in [get, put] {
        let expected = RequestError::OwnersDown {
            required: 2,
            up: 1,
            owners: 3,
        };
        assert_eq!(refusal(demand(), &others), Some(expected.clone()));
        assert!(!expected.leaves_the_outcome_open(), "nothing was sent");
        assert_eq!(refusal(demand(), &others[..1]), None);
    }
}
