//! The kinds of faults that come by themselves.

/// A kind of fault, each with a weight of its own in a [`Mix`](super::Mix).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// One node loses power.
    CrashOne,
    /// All nodes lose power in the same moment.
    CrashAll,
    /// What a node and another host send each other is gone for a while.
    Cut,
    /// What a node and another host send each other comes late.
    Hold,
    /// A node loses power and its disk.
    Wipe,
    /// A node's store fails at a write.
    FailWrite,
    /// A node's store fails at a sync.
    FailSync,
    /// A bit of a record flips.
    Corrupt,
    /// A record can't be read for a few times.
    Unreadable,
    /// A node works alone; what it has written reaches another in the moment in which that one
    /// has lost what it knows.
    Ambush,
}

impl FaultKind {
    /// Whether acknowledged records are lost, so that somebody must heal them meanwhile.
    pub fn destroys(self) -> bool {
        match self {
            Self::CrashOne | Self::CrashAll | Self::Cut | Self::Hold => false,
            Self::Wipe
            | Self::FailWrite
            | Self::FailSync
            | Self::Corrupt
            | Self::Unreadable
            | Self::Ambush => true,
        }
    }
}
