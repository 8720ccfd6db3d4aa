//! A request that is handed to one owner after another: what the client hears speaks of all of
//! them, not of the last alone.

use bytes::Bytes;
use cartwheel::coordination::{Coordinator, Demand, Effect};
use cartwheel::limits::FORWARD_CREDITS;
use cartwheel::message::client::RequestError;
use cartwheel::node::NodeId;
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::ConflictRule;
use proptest::prelude::*;

use crate::coordinators::{coordinator, get, owners, put, request, ring};

/// What becomes of a forward that was sent to an owner.
#[derive(Clone, Debug)]
enum Fate {
    LinkDown,
    Answered(RequestError),
    Done,
}

impl Fate {
    /// Whether the owner may have written before it went silent.
    fn may_have_kept(&self) -> bool {
        matches!(
            self,
            Self::LinkDown | Self::Answered(RequestError::Restarted { .. })
        )
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    let node = NodeId(9);
    let cause = String::new();
    let errors = [
        RequestError::Restarted { node },
        RequestError::NotServing { node, cause },
        RequestError::Overloaded { retry_after_ms: 50 },
        RequestError::NotStored { node },
        clock_off(),
        owners_down(1),
        RequestError::ContextRequired,
        RequestError::TimedOut {
            required: 2,
            acknowledged: 1,
            waited_ms: 7,
        },
    ];
    let answered = prop::sample::select(errors.to_vec()).prop_map(Fate::Answered);
    prop_oneof![2 => Just(Fate::LinkDown), 6 => answered, 1 => Just(Fate::Done)]
}

fn owners_down(up: u8) -> RequestError {
    RequestError::OwnersDown {
        required: 2,
        up,
        owners: 3,
    }
}

fn clock_off() -> RequestError {
    RequestError::ClockOff {
        offset_ms: 700,
        limit_ms: 500,
    }
}

/// Five nodes, and a coordinator on one that does not own the key.
struct Outsider {
    owners: Vec<NodeId>,
    coordinator: Coordinator<()>,
    effects: Vec<Effect<()>>,
}

impl Outsider {
    fn new() -> Self {
        let ring = ring(5, ConflictRule::Siblings);
        let owners = owners(&ring);
        let other = (1..=5).map(NodeId).find(|node| !owners.contains(node));
        let other = other.expect("five nodes and three owners");
        Self {
            coordinator: coordinator(other, &ring),
            owners,
            effects: Vec::new(),
        }
    }

    /// Spends all credits for forwards to all owners but the first.
    fn spend_all_but_the_first(&mut self) {
        let first = self.owners[0];
        let now = Moment::from_micros(1);
        let (mut effects, others) = (Vec::new(), self.owners.len() as u32 - 1);
        self.coordinator.on_peer_down(first, now, &mut effects);
        for _ in 0..others * FORWARD_CREDITS {
            let request = request(get());
            self.coordinator
                .start(request, now, WallTime(1), &mut effects);
        }
        self.coordinator.on_peer_up(first);
    }

    /// Takes a request, and lets each owner that it is sent to have the next of these fates.
    fn run(mut self, demand: Demand, fates: &[Fate]) -> Option<Result<Bytes, RequestError>> {
        let request = request(demand);
        let now = Moment::from_micros(1);
        let effects = &mut self.effects;
        self.coordinator.start(request, now, WallTime(1), effects);
        let mut fates = fates.iter();
        while let Some(effect) = self.effects.pop() {
            let (owner, item) = match effect {
                Effect::Forward(owner, item) => (owner, item),
                Effect::Answer((), outcome) => return Some(outcome),
                other => panic!("{other:?}"),
            };
            let outcome = match fates.next()? {
                Fate::LinkDown => {
                    self.coordinator.on_peer_down(owner, now, &mut self.effects);
                    continue;
                }
                Fate::Answered(error) => Err(error.clone()),
                Fate::Done => Ok(Bytes::new()),
            };
            let effects = &mut self.effects;
            self.coordinator
                .on_forwarded(owner, item.operation, outcome, now, effects);
        }
        None
    }
}

proptest! {
    #[test]
    fn a_write_that_an_owner_may_have_kept_is_never_called_unwritten(
        fates in prop::collection::vec(fate(), 3),
    ) {
        let Some(Err(error)) = Outsider::new().run(put(), &fates) else {
            return Ok(());
        };
        let answering = fates.iter().take_while(|fate| {
            matches!(fate, Fate::LinkDown | Fate::Answered(
                RequestError::Restarted { .. }
                    | RequestError::NotServing { .. }
                    | RequestError::ClockOff { .. }
                    | RequestError::OwnersDown { .. }
            ))
        });
        if answering.into_iter().any(Fate::may_have_kept) {
            prop_assert!(error.leaves_the_outcome_open(), "{error:?}");
        }
    }
}

#[test]
fn a_refusal_after_a_silent_owner_leaves_the_outcome_of_a_write_open() {
    let overloaded = RequestError::Overloaded { retry_after_ms: 50 };
    let fates = [Fate::LinkDown, Fate::Answered(overloaded.clone())];
    let answer = Outsider::new().run(put(), &fates);
    let expected = RequestError::QuorumUnreachable {
        required: 1,
        acknowledged: 0,
        failed: 2,
    };
    assert_eq!(answer, Some(Err(expected)));
    let read = Outsider::new().run(get(), &fates);
    assert_eq!(
        read,
        Some(Err(overloaded)),
        "a read has no outcome to leave open"
    );
}

#[test]
fn spent_credits_after_a_silent_owner_leave_the_outcome_of_a_write_open() {
    let mut outsider = Outsider::new();
    outsider.spend_all_but_the_first();
    let answer = outsider.run(put(), &[Fate::LinkDown]);
    let expected = RequestError::QuorumUnreachable {
        required: 1,
        acknowledged: 0,
        failed: 3,
    };
    assert_eq!(answer, Some(Err(expected)));
}

#[test]
fn an_owner_with_a_wrong_clock_leaves_a_write_to_the_next() {
    let off = || Fate::Answered(clock_off());
    let answer = Outsider::new().run(put(), &[off(), Fate::Done]);
    assert_eq!(answer, Some(Ok(Bytes::new())));
    let answer = Outsider::new().run(put(), &[off(), off(), off()]);
    assert_eq!(answer, Some(Err(clock_off())));
}

#[test]
fn a_forward_counts_its_bytes_until_it_is_answered() {
    let mut outsider = Outsider::new();
    let (owner, now) = (outsider.owners[0], Moment::from_micros(1));
    let bytes = |coordinator: &Coordinator<()>| {
        let mut peers = coordinator.peers();
        peers
            .find(|(peer, _)| *peer == owner)
            .map(|(_, peer)| peer.forward_bytes)
    };
    let mut effects = Vec::new();
    outsider
        .coordinator
        .start(request(put()), now, WallTime(1), &mut effects);
    let Some(Effect::Forward(_, item)) = effects.pop() else {
        panic!("a forward")
    };
    assert_eq!(bytes(&outsider.coordinator), Some(item.body.len()));
    let done = Ok(Bytes::new());
    outsider
        .coordinator
        .on_forwarded(owner, item.operation, done, now, &mut effects);
    assert_eq!(bytes(&outsider.coordinator), Some(0));
}

#[test]
fn a_refusal_after_an_owner_that_does_not_serve_is_the_refusal() {
    let node = NodeId(2);
    let cause = String::new();
    let idle = Fate::Answered(RequestError::NotServing { node, cause });
    let refusal = RequestError::ContextRequired;
    let fates = [idle, Fate::Answered(refusal.clone())];
    assert_eq!(Outsider::new().run(put(), &fates), Some(Err(refusal)));
}

/// One owner may be cut off from the others, and not from here.
#[test]
fn an_owner_that_is_cut_off_leaves_the_request_to_the_next() {
    let alone = || Fate::Answered(owners_down(1));
    let answer = Outsider::new().run(put(), &[alone(), Fate::Done]);
    assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
    let answer = Outsider::new().run(put(), &[alone(), alone(), alone()]);
    assert_eq!(answer, Some(Err(owners_down(1))));
}

#[test]
fn a_request_that_no_owner_could_be_handed_was_not_written() {
    let node = NodeId(2);
    let idle = || {
        Fate::Answered(RequestError::NotServing {
            node,
            cause: String::new(),
        })
    };
    let nobody = RequestError::OwnersDown {
        required: 1,
        up: 0,
        owners: 3,
    };
    let answer = Outsider::new().run(put(), &[idle(), idle(), idle()]);
    assert_eq!(answer, Some(Err(nobody)));
}
