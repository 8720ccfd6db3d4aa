//! The kinds of runs that our own campaigns consist of.

use std::time::Duration;

use super::policies::policies;
use crate::clients::{Notebook, Temper, work};
use crate::dice::Dice;
use crate::faults::Mix;
use crate::simulation::{Simulation, millis, secs};

/// Once in so many seeds there are as many partitions as by default.
const SEEDS_PER_DEFAULT: u64 = 8;

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// How many nodes there are; each key of `default` has three owners among them.
    pub nodes: u64,
    /// Whether disks also fail, lie and are lost, within what the owners of a key can bear.
    pub bad_disks: bool,
}

/// Every node owns every key.
pub const THREE_NODES: Kind = Kind {
    name: "three nodes",
    nodes: 3,
    bad_disks: false,
};

/// Of the requests that a node takes some belong to others, and are handed on.
pub const FIVE_NODES: Kind = Kind {
    name: "five nodes",
    nodes: 5,
    bad_disks: false,
};

/// Every node owns every key, and must not trust its disk.
pub const BAD_DISKS: Kind = Kind {
    name: "bad disks",
    nodes: 3,
    bad_disks: true,
};

/// All of it.
pub const FIVE_BAD_DISKS: Kind = Kind {
    name: "five bad disks",
    nodes: 5,
    bad_disks: true,
};

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [THREE_NODES, FIVE_NODES, BAD_DISKS, FIVE_BAD_DISKS];

    /// The run of a seed.
    pub fn simulation(self, seed: u64) -> Simulation {
        let mix = match self.bad_disks {
            true => Mix::bad_disks(),
            false => Mix::everyday(),
        };
        let until = mix.ends();
        let buckets = policies(seed, self.nodes);
        let others = buckets.clone();
        let [notebook, another] = [Notebook::default(), Notebook::default()];
        Simulation::from_seed(seed)
            .named(self.name)
            .nodes(self.nodes)
            .faults(mix)
            .configure(move |config| config.ring.partitions = partitions(seed))
            .step(step(seed))
            .client("patient", move |cluster| {
                work(cluster, Temper::Patient, buckets, until, notebook)
            })
            .client("hasty", move |cluster| {
                work(cluster, Temper::Hasty, others, until, another)
            })
            .at_most(secs(90))
    }

    /// What must happen in some of its runs, or they test less than they say.
    pub fn sometimes(self) -> Vec<&'static str> {
        let damages = DAMAGES.into_iter().filter(|_| self.bad_disks);
        let forwards = FORWARDS.into_iter().filter(|_| self.nodes > 3);
        SOMETIMES
            .into_iter()
            .chain(forwards)
            .chain(damages)
            .collect()
    }
}

/// Mostly fewer partitions than by default, so that some of them hold several keys and a listing
/// takes no more than its share of a run.
fn partitions(seed: u64) -> u32 {
    let mut dice = Dice::new(seed, "partitions");
    match dice.one_in(SEEDS_PER_DEFAULT) {
        true => 256,
        false => 1 << dice.between(1, 6),
    }
}

/// Where steps are long much arrives at once, and where they are short hardly anything does.
fn step(seed: u64) -> Duration {
    let mut dice = Dice::new(seed, "step");
    millis(2 << dice.below(3))
}

/// What must happen sometimes in every kind.
const SOMETIMES: [&str; 40] = [
    "a connection that was broken",
    "a connection that broke as it was written to",
    "a put that was sent again under its request id",
    "a put that an earlier life had begun",
    "a page of a listing that ended for its time",
    "a batch of reads that was answered",
    "a batch of puts that was acknowledged",
    "a batch of deletes that was acknowledged",
    "a batch of which some items failed",
    "a listing of several pages",
    "a listing that failed",
    "an owner that forgot what it had not synced",
    "a write that was refused for a clock",
    "a bucket that was created",
    "a write that was acknowledged",
    "a write of unknown outcome",
    "a write that was refused",
    "a read that was answered",
    "a read that failed",
    "a read that was hedged",
    "a repair before the answer",
    "a client that died in the middle of a write",
    "a client that died in the middle of a read",
    "a panic of a replica",
    "a panic of a coordinator",
    "a panic of a link",
    "a panic of the ring",
    "a panic of the list",
    "a panic of the learner",
    "a panic of the clock watch",
    "a panic amid commands for a replica",
    "a panic amid what a store has completed",
    "a panic amid effects of a replica",
    "a panic amid answers of a replica",
    "a panic amid requests for a coordinator",
    "a panic amid answers for a coordinator",
    "a panic amid effects of a coordinator",
    "a panic amid departures of a coordinator",
    "a record that was not in memory",
    "a load that overtook another",
];

/// What must happen where a node may own no copy of a key.
const FORWARDS: [&str; 1] = ["a request that was handed on"];

/// What must happen where disks are bad; a listing that too few owners answer is rare elsewhere.
const DAMAGES: [&str; 8] = [
    "a listing that too few owners answered",
    "a listing that met a damaged owner",
    "a record that was corrupted",
    "a read of the disk that failed",
    "a store that failed",
    "a store that was wiped",
    "a store that was rolled back",
    "a second opening that was refused",
];
