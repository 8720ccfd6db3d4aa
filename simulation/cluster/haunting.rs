//! Actors that panic now and then, of every kind: each must start again, and no other may.

use std::time::Duration;

use cartwheel_actors::node::Node;
use cartwheel_actors::trip_wire::Amid;

use super::node::Habitat;
use crate::dice::Dice;
use crate::trace::now;

/// The shortest and the longest time between two panics in a node, in milliseconds.
const PANIC_EVERY_MS: (u64, u64) = (200, 1_500);

/// Once in so many times the same actor panics again, and sooner: what its earlier life has left
/// is still on its way.
const PANICS_PER_HASTE: u64 = 2;

/// The shortest and the longest time until then, in milliseconds.
const PANIC_AGAIN_MS: (u64, u64) = (5, 300);

/// Once in so many times any actor, else one of those that hold records or operations.
const PANICS_PER_ANY: u64 = 2;

/// In this time an actor that was asked to panic has done so.
const SOON: Duration = Duration::from_millis(1);

/// Once in so many times a replica or a coordinator panics in the middle of its work.
const PANICS_PER_AMID: u64 = 2;

/// How many steps of its work it passes until then, at most.
const STEPS_MAX: u64 = 5;

/// How long it may take for that.
const STEPS_TAKE_MAX: Duration = Duration::from_millis(400);

/// Makes actors of a life of a node panic, and counts whether as many start again.
pub(super) async fn haunt(node: &Node, life: &str, around: &Habitat) -> turmoil::Result {
    let mut haunting = Haunting {
        dice: Dice::new(around.seed, &format!("{life} panics")),
        node,
        life,
        around,
        planned: 0,
    };
    let mut victim = 0;
    let mut again = true;
    loop {
        // Twice in a row and no more, so that work gets done in between.
        again = !again && haunting.dice.one_in(PANICS_PER_HASTE);
        let (least, most) = match again {
            true => PANIC_AGAIN_MS,
            false => PANIC_EVERY_MS,
        };
        let pause = haunting.dice.between(least, most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if now() < around.panics_until {
            if !again {
                victim = haunting.choose()?;
            }
            haunting.strike(victim).await;
        }
        haunting.compare();
    }
}

/// The panics of a life of a node.
struct Haunting<'a> {
    dice: Dice,
    node: &'a Node,
    life: &'a str,
    around: &'a Habitat,
    /// How many came because they were asked for.
    planned: u64,
}

impl Haunting<'_> {
    /// The place of an actor.
    fn choose(&mut self) -> turmoil::Result<usize> {
        let actors = self.node.supervision.actors();
        let any = self.dice.one_in(PANICS_PER_ANY);
        let fits = |actor: &str| any || !work_of(actor).is_empty();
        let places: Vec<usize> = (0..actors.len()).filter(|at| fits(actors[*at])).collect();
        let at = usize::try_from(self.dice.below(places.len() as u64))?;
        Ok(places[at])
    }

    async fn strike(&mut self, victim: usize) {
        let who = self.node.supervision.actors()[victim];
        if !work_of(who).is_empty() && self.dice.one_in(PANICS_PER_AMID) {
            self.strike_amid(victim, who).await;
        } else {
            self.planned += u64::from(self.node.supervision.panic_soon(victim));
            self.tell(victim, told(who));
            tokio::time::sleep(SOON).await;
        }
    }

    /// Has an actor panic in the middle of some work, if it gets to it.
    async fn strike_amid(&mut self, victim: usize, who: &str) {
        let supervision = &self.node.supervision;
        let all = work_of(who);
        let at = usize::try_from(self.dice.below(all.len() as u64)).unwrap_or(0);
        let steps = self.dice.between(1, STEPS_MAX + 1);
        supervision.panic_amid(victim, all[at], steps);
        let until = self.around.panics_until.min(now() + STEPS_TAKE_MAX);
        while now() < until && !supervision.has_panicked_amid(victim) {
            tokio::time::sleep(SOON).await;
        }
        if supervision.panic_no_more(victim) {
            self.planned += 1;
            self.tell(victim, told_amid(all[at]));
        }
    }

    fn tell(&self, victim: usize, what: &'static str) {
        let Self { life, around, .. } = self;
        let note = format!("{life}: {what}, actor {victim}");
        around.trace.note(now(), &note);
        around.history.borrow_mut().happened(what);
    }

    fn compare(&self) {
        let restarts = self.node.supervision.restarts();
        if restarts != self.planned {
            let (life, planned) = (self.life, self.planned);
            let what = format!(
                "{life}: {restarts} restarts for {planned} panics at {:?}",
                now()
            );
            self.around.trace.fail(what);
        }
    }
}

/// The work in the middle of which an actor can be made to panic.
fn work_of(actor: &str) -> &'static [Amid] {
    match actor {
        "replica" => &[
            Amid::ReplicaCommands,
            Amid::ReplicaCompletions,
            Amid::ReplicaEffects,
            Amid::ReplicaAnswers,
        ],
        "coordinator" => &[
            Amid::CoordinatorRequests,
            Amid::CoordinatorAnswers,
            Amid::CoordinatorEffects,
            Amid::CoordinatorDepartures,
        ],
        _ => &[],
    }
}

fn told(actor: &str) -> &'static str {
    match actor {
        "replica" => "a panic of a replica",
        "coordinator" => "a panic of a coordinator",
        "link" => "a panic of a link",
        "ring" => "a panic of the ring",
        "list" => "a panic of the list",
        "learner" => "a panic of the learner",
        "clock watch" => "a panic of the clock watch",
        _ => "a panic of another actor",
    }
}

fn told_amid(work: Amid) -> &'static str {
    match work {
        Amid::ReplicaCommands => "a panic amid commands for a replica",
        Amid::ReplicaCompletions => "a panic amid what a store has completed",
        Amid::ReplicaEffects => "a panic amid effects of a replica",
        Amid::ReplicaAnswers => "a panic amid answers of a replica",
        Amid::CoordinatorRequests => "a panic amid requests for a coordinator",
        Amid::CoordinatorAnswers => "a panic amid answers for a coordinator",
        Amid::CoordinatorEffects => "a panic amid effects of a coordinator",
        Amid::CoordinatorDepartures => "a panic amid departures of a coordinator",
    }
}
