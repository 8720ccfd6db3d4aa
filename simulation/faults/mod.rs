//! What goes wrong: the faults that there are, when they come, and who makes them happen.
//!
//! To add one: a variant of [`Fault`] with its name, and its arm in the saboteur. For it to come
//! by itself: a [`FaultKind`], its arm in `draw.rs`, and its weight in a [`Mix`].

mod destruction;
mod draw;
mod forgetting;
mod key_choice;
mod killing;
mod kinds;
mod ledger;
mod machine;
mod mix;
mod plan;
mod saboteur;
mod shapes;
mod submitted;
mod twin;

use std::time::Duration;

use cartwheel::store::StoreOperation;

pub use key_choice::KeyChoice;
pub use kinds::FaultKind;
pub(crate) use ledger::{Ledger, disk};
pub use machine::MachineFault;
pub use mix::Mix;
pub(crate) use plan::plan;
pub(crate) use saboteur::Saboteur;

use crate::cluster::name;

/// Two hosts, by name.
pub type Pair = (String, String);

/// A fault, or its end. Nodes count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disks of these nodes write nothing more until the crash: what a node says now
    /// about what it keeps is tested by what it has afterwards.
    Stick(Vec<u64>),
    /// The disks of these nodes write and sync nothing more until the crash: synced writes wait,
    /// and all that buffered ones are acknowledged for may be gone.
    StickSyncs(Vec<u64>),
    /// The disks of these nodes write again, without a crash.
    Unstick(Vec<u64>),
    /// These nodes lose power in the same moment, and of what was not synced a random end.
    Crash(Vec<u64>),
    /// These nodes start again, if they are down.
    Restart(Vec<u64>),
    /// What is sent between these hosts is gone.
    Cut(Vec<Pair>),
    /// What the first of these hosts sends to the second is gone; not the other way round.
    CutOneWay(Vec<Pair>),
    /// The connections between these hosts break at the end of one of the two, now or in the first
    /// bytes of what it sends next; they may be made again at once.
    Break(Vec<Pair>),
    /// What is sent between these hosts arrives again.
    Mend(Vec<Pair>),
    /// What is sent between these hosts waits.
    Hold(Vec<Pair>),
    /// What has waited between these hosts arrives.
    Release(Vec<Pair>),
    /// What is sent between these hosts takes up to so long, each piece as chance has it.
    SlowLinks(Vec<Pair>, Duration),
    /// A node loses power and its disk; it is down until it is restarted.
    Wipe(u64),
    /// A copy of a node's directory is made, as for a backup.
    CopyDisk(u64),
    /// A node loses power, and its directory and the copy of it change places: it is rolled back,
    /// and the next time it is a clone that has gone on elsewhere. It is down until it is
    /// restarted.
    RollBack(u64),
    /// A second process with the id of a node opens a copy of its directory, once a run for each
    /// node, at an address of its own: see [`Cluster::client_of_twin`](crate::Cluster::client_of_twin).
    OpenTwice(u64),
    /// The store of a node fails for good at the next such operation: the node ends, and
    /// starts again by itself.
    Fail(u64, StoreOperation),
    /// A bit of a node's record of a key flips.
    Corrupt {
        /// The node.
        node: u64,
        /// The key.
        key: KeyChoice,
        /// Which bit, counted round and round.
        at: usize,
    },
    /// A bit flips in each of a node's records that holds what another owner lacks.
    CorruptUnshared {
        /// The node whose records are damaged.
        node: u64,
        /// The other owner.
        lacking: u64,
    },
    /// A node's record of a key can't be read so many times.
    Unreadable {
        /// The node.
        node: u64,
        /// The key.
        key: KeyChoice,
        /// How many reads fail.
        times: u32,
    },
    /// So many reads of what extensions keep on a node fail, ranges among them.
    UnreadableData {
        /// The node.
        node: u64,
        /// How many reads fail.
        times: u32,
    },
    /// The process of a client dies, with its connections and all that it has under way, and begins
    /// anew in the same moment, knowing nothing. One that is done stays done.
    KillClient(String),
    /// Something of a node's machine, beside its disk.
    Machine(u64, MachineFault),
    /// From now on every disk can be read.
    Readable,
}

/// Something that happens at a simulated time.
pub type Planned = (Duration, Fault);

impl Fault {
    /// Its name in a report.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stick(_) => "stick",
            Self::StickSyncs(_) => "stick syncs",
            Self::Unstick(_) => "unstick",
            Self::Crash(_) => "crash",
            Self::Restart(_) => "restart",
            Self::Cut(_) => "cut",
            Self::CutOneWay(_) => "cut one way",
            Self::Break(_) => "break",
            Self::Mend(_) => "mend",
            Self::Hold(_) => "hold",
            Self::Release(_) => "release",
            Self::SlowLinks(..) => "slow links",
            Self::Wipe(_) => "wipe",
            Self::CopyDisk(_) => "copy",
            Self::RollBack(_) => "roll back",
            Self::OpenTwice(_) => "open twice",
            Self::Machine(_, MachineFault::Pause) => "pause",
            Self::Machine(_, MachineFault::SlowDown(_)) => "slow down",
            Self::Machine(_, MachineFault::RunAgain) => "run again",
            Self::Machine(_, MachineFault::JumpClock(_)) => "clock jumps",
            Self::Machine(_, MachineFault::DriftClock(_)) => "clock drifts",
            Self::Machine(_, MachineFault::SetClockRight) => "clock set right",
            Self::Fail(_, StoreOperation::Sync) => "fail a sync",
            Self::Fail(..) => "fail a write",
            Self::Corrupt { .. } => "corrupt",
            Self::CorruptUnshared { .. } => "corrupt what is not shared",
            Self::Unreadable { .. } => "unreadable",
            Self::UnreadableData { .. } => "unreadable data",
            Self::KillClient(_) => "kill a client",
            Self::Readable => "readable",
        }
    }

    /// Some nodes and others can't reach each other, until [`Fault::Mend`] with the same
    /// [`links`].
    pub fn partition(some: &[u64], others: &[u64]) -> Self {
        Self::Cut(links(some, others))
    }

    /// A client dies, and begins anew.
    pub fn kill_client(client: impl Into<String>) -> Self {
        Self::KillClient(client.into())
    }

    /// The nodes and hosts that it names.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Stick(nodes)
            | Self::StickSyncs(nodes)
            | Self::Unstick(nodes)
            | Self::Crash(nodes)
            | Self::Restart(nodes) => nodes.iter().copied().map(name).collect(),
            Self::Cut(pairs)
            | Self::CutOneWay(pairs)
            | Self::Break(pairs)
            | Self::Mend(pairs)
            | Self::Hold(pairs)
            | Self::SlowLinks(pairs, _)
            | Self::Release(pairs) => {
                let pairs = pairs.iter().cloned();
                pairs.flat_map(|(a, b)| [a, b]).collect()
            }
            Self::Wipe(node)
            | Self::CopyDisk(node)
            | Self::RollBack(node)
            | Self::OpenTwice(node)
            | Self::Machine(node, _)
            | Self::Fail(node, _)
            | Self::Corrupt { node, .. }
            | Self::Unreadable { node, .. }
            | Self::UnreadableData { node, .. } => vec![name(*node)],
            Self::CorruptUnshared { node, lacking } => vec![name(*node), name(*lacking)],
            Self::KillClient(client) => vec![client.clone()],
            Self::Readable => Vec::new(),
        }
    }
}

/// The links between each of some nodes and each of others.
pub fn links(some: &[u64], others: &[u64]) -> Vec<Pair> {
    let links = some.iter().flat_map(|one| {
        let others = others.iter();
        others.map(|other| (name(*one), name(*other)))
    });
    links.collect()
}
