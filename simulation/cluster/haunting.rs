//! Actors that panic now and then, of every kind: each must start again, and no other may.

use std::time::Duration;

use cartwheel_actors::node::Node;

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

/// Makes actors of a life of a node panic, and counts whether as many start again.
pub(super) async fn haunt(node: &Node, life: &str, around: &Habitat) -> turmoil::Result {
    let mut dice = Dice::new(around.seed, &format!("{life} panics"));
    let mut planned = 0;
    let mut victim = 0;
    let mut again = true;
    loop {
        // Twice in a row and no more, so that work gets done in between.
        again = !again && dice.one_in(PANICS_PER_HASTE);
        let (least, most) = match again {
            true => PANIC_AGAIN_MS,
            false => PANIC_EVERY_MS,
        };
        let pause = dice.between(least, most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if now() < around.panics_until {
            if !again {
                victim = choose(&node.supervision.actors(), &mut dice)?;
            }
            planned += u64::from(node.supervision.panic_soon(victim));
            let who = node.supervision.actors()[victim];
            let what = format!("{life}: a panic of {who}, actor {victim}");
            around.trace.note(now(), &what);
            around.history.borrow_mut().happened(told(who));
            tokio::time::sleep(SOON).await;
        }
        let restarts = node.supervision.restarts();
        if restarts != planned {
            let what = format!(
                "{life}: {restarts} restarts for {planned} panics at {:?}",
                now()
            );
            around.trace.fail(what);
        }
    }
}

/// The place of an actor.
fn choose(actors: &[&str], dice: &mut Dice) -> turmoil::Result<usize> {
    let any = dice.one_in(PANICS_PER_ANY);
    let fits = |actor: &str| any || actor == "replica" || actor == "coordinator";
    let places: Vec<usize> = (0..actors.len()).filter(|at| fits(actors[*at])).collect();
    let at = usize::try_from(dice.below(places.len() as u64))?;
    Ok(places[at])
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
