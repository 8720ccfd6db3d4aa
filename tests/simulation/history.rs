//! What the clients of a run know: all that the checker judges by.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a write ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Acknowledged,
    /// It may be kept.
    Unknown,
    /// It is surely not kept.
    Refused,
}

/// A put or a delete that has returned.
#[derive(Clone, Debug)]
pub struct Write {
    pub key: String,
    /// No two writes of a run have the same; a delete has none.
    pub value: Option<String>,
    /// The values that its context covered for all that its writer knows.
    pub covers: BTreeSet<String>,
    pub outcome: Outcome,
}

/// The history of a run.
#[derive(Debug, Default)]
pub struct History {
    pub writes: Vec<Write>,
    /// Every value that any read has returned.
    pub seen: BTreeSet<String>,
    /// What every key held when all was healed, read from all owners.
    pub last: BTreeMap<String, BTreeSet<String>>,
}

/// The history while the run goes on.
pub type SharedHistory = Rc<RefCell<History>>;
