//! The kinds of runs.

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// How many nodes there are; each key has three owners among them.
    pub nodes: u64,
    /// Whether disks also fail, lie and are lost, within what the owners of a key can bear.
    pub bad_disks: bool,
}

/// Every node owns every key.
pub const THREE_NODES: Scenario = Scenario {
    nodes: 3,
    bad_disks: false,
};

/// Of the requests that a node takes some belong to others, and are handed on.
pub const FIVE_NODES: Scenario = Scenario {
    nodes: 5,
    bad_disks: false,
};

/// Every node owns every key, and must not trust its disk.
pub const BAD_DISKS: Scenario = Scenario {
    nodes: 3,
    bad_disks: true,
};

/// All of it.
pub const FIVE_BAD_DISKS: Scenario = Scenario {
    nodes: 5,
    bad_disks: true,
};
