//! Two nodes with copies of one data directory: a second process with a node's id, at an address
//! of its own, opens a copy of what the first one has.

use std::rc::Rc;

use turmoil::Sim;

use super::Saboteur;
use crate::cluster::{GivenUp, Habitat, live, twin_name};
use crate::dice::Dice;
use crate::disk::Disk;

/// What a second opening must say when it ends.
const REFUSED: &str = "is open twice";

/// A second process with the id of a node.
pub struct Twin {
    node: u64,
    given_up: GivenUp,
    ended: bool,
}

impl Saboteur {
    /// Once a run for each node: a host stays for as long as its run, and each costs at every step.
    pub(super) fn open_twice(&mut self, sim: &mut Sim<'_>, node: u64) {
        if self.twins.iter().any(|twin| twin.node == node) {
            return;
        }
        let at = usize::try_from(node - 1).unwrap_or(0);
        let first = &self.habitats[at];
        let dice = Dice::new(first.seed, &format!("{} store", twin_name(node)));
        let disk = Disk::new(dice);
        disk.store
            .memory()
            .restore(first.disk.store.memory().snapshot());
        let given_up = GivenUp::default();
        let habitat = Habitat {
            host: twin_name(node),
            disk: Rc::new(disk),
            machine: Default::default(),
            panics_until: Default::default(),
            given_up: given_up.clone(),
            ..first.clone()
        };
        sim.host(twin_name(node), move || live(habitat.clone()));
        let ended = false;
        self.twins.push(Twin {
            node,
            given_up,
            ended,
        });
    }

    /// Twins that have given up are processes that have ended.
    pub(super) fn end_twins(&mut self, sim: &mut Sim<'_>) {
        for twin in &mut self.twins {
            let host = twin_name(twin.node);
            for reason in twin.given_up.take().into_values() {
                self.trace
                    .note(sim.elapsed(), &format!("{host} gave up: {reason}"));
                if !reason.contains(REFUSED) {
                    self.trace.fail(format!("{host} gave up: {reason}"));
                }
                sim.crash(host.as_str());
                twin.ended = true;
                self.history
                    .borrow_mut()
                    .happened("a second opening that was refused");
            }
        }
    }

    /// At the end none may live.
    pub fn count_twins(&self) {
        for twin in self.twins.iter().filter(|twin| !twin.ended) {
            let host = twin_name(twin.node);
            self.trace.fail(format!("{host} has not ended"));
        }
    }
}
