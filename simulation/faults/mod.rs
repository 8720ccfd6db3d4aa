//! What goes wrong: the faults that there are, when they come, and who makes them happen.
//!
//! To add one: a variant of [`Fault`], its arm in the [`saboteur`], and, for it to come by
//! itself, a place in the [`plan`].

mod ledger;
mod plan;
mod saboteur;

use cartwheel::store::StoreOperation;

pub use ledger::{Ledger, disk};
pub use plan::plan;
pub use saboteur::Saboteur;

/// Two hosts.
pub type Pair = (String, String);

/// A fault, or its end.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The disks of these nodes write nothing more until the crash: what a node says now
    /// about what it keeps is tested by what it has afterwards.
    Stick(Vec<u64>),
    /// These nodes lose power in the same moment.
    Crash(Vec<u64>),
    Bounce(Vec<u64>),
    /// What is sent is gone.
    Cut(Pair),
    Mend(Pair),
    /// What is sent comes late.
    Hold(Pair),
    Release(Pair),
    /// A node loses power and its disk.
    Wipe(u64),
    /// The store of a node fails for good at the next such operation: the node ends.
    Fail(u64, StoreOperation),
    /// A bit of a node's record of a key flips.
    Corrupt {
        node: u64,
        key: String,
        at: usize,
    },
    /// A bit flips in each of a node's records that holds what another owner lacks.
    CorruptUnshared {
        node: u64,
        lacking: u64,
    },
    /// A node's record of a key can't be read so many times.
    Unreadable {
        node: u64,
        key: String,
        times: u32,
    },
    /// From now on every disk can be read.
    Readable,
}
