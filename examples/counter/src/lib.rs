//! Counts what the replicas of a node have accepted since it started.

use actix::{Actor, Context, Handler, Supervised};
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, Message};
use cartwheel_actors::extension::{
    Extension, Inspect, NodeHandle, Notice, Observed, Question, Reach, State,
};
use serde::{Deserialize, Serialize};

/// The extension: its name, what makes its actor, and what the actor does for others.
pub fn extension() -> Extension {
    Extension::new("counter", Counter::new)
        .answers::<HowMany>(Reach::Everyone)
        .observes(1000)
        .shows_state()
        .build()
}

/// What stands under `[extensions.counter]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Counts keys that begin with this.
    prefix: String,
}

/// The question: a struct, its number, and the type of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HowMany {}

impl Message for HowMany {
    const KIND: Kind = Kind(0x8200);
    type Reply = Counted;
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many records.
    pub accepted: u64,
    /// How often there may have been more.
    pub gaps: u64,
}

struct Counter {
    node: NodeHandle,
    settings: Settings,
    counted: Counted,
}

impl Counter {
    fn new(node: NodeHandle, settings: Settings) -> Self {
        let counted = Counted {
            accepted: 0,
            gaps: 0,
        };
        Self {
            node,
            settings,
            counted,
        }
    }
}

impl Actor for Counter {
    type Context = Context<Self>;
}

/// After a panic it begins anew, with all that it had from its node.
impl Supervised for Counter {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.node.clone(), self.settings.clone());
    }
}

impl Handler<Observed> for Counter {
    type Result = ();

    fn handle(&mut self, Observed(notices): Observed, _: &mut Self::Context) {
        for notice in notices {
            match notice {
                Notice::Accepted(accepted) => {
                    let counts = accepted.key().starts_with(self.settings.prefix.as_bytes());
                    self.counted.accepted += u64::from(counts);
                }
                Notice::FellBehind { .. } | Notice::Restarted => self.counted.gaps += 1,
            }
        }
    }
}

impl Handler<Question<HowMany>> for Counter {
    type Result = Result<Counted, RequestError>;

    fn handle(&mut self, _: Question<HowMany>, _: &mut Self::Context) -> Self::Result {
        Ok(self.counted.clone())
    }
}

impl Handler<Inspect> for Counter {
    type Result = State;

    fn handle(&mut self, _: Inspect, _: &mut Self::Context) -> State {
        let state = State::new().with("accepted", self.counted.accepted);
        state.with("gaps", self.counted.gaps)
    }
}
