//! Counts what the replicas of a node have accepted since it started.

use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Supervised, WrapFuture};
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
    /// What the other nodes had counted when they were last asked.
    elsewhere: u64,
}

/// The time between two rounds of questions.
const ASK_EVERY: Duration = Duration::from_secs(1);

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
            elsewhere: 0,
        }
    }

    /// Asks all other nodes, and again when this round is over and a second has passed.
    fn ask_around(&mut self, context: &mut Context<Self>) {
        let peers = self.node.peers().clone();
        let round = async move {
            let mut elsewhere = 0;
            for peer in peers.nodes() {
                // Of a node that does not answer nothing is known.
                if let Ok(counted) = peers.call(peer, HowMany {}).await {
                    elsewhere += counted.accepted;
                }
            }
            elsewhere
        };
        let round = round.into_actor(self);
        context.spawn(round.map(|elsewhere, actor, context| {
            actor.elsewhere = elsewhere;
            context.run_later(ASK_EVERY, Self::ask_around);
        }));
    }
}

impl Actor for Counter {
    type Context = Context<Self>;

    /// Called at the beginning of each life: the rounds of an earlier one have ended with it.
    fn started(&mut self, context: &mut Self::Context) {
        self.ask_around(context);
    }
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
        let state = state.with("elsewhere", self.elsewhere);
        state.with("gaps", self.counted.gaps)
    }
}
