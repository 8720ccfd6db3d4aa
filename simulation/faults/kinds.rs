//! The kinds of faults that come by themselves.

/// A kind of fault, each with a weight of its own in a [`Mix`](super::Mix).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// One node loses power.
    CrashOne,
    /// All nodes lose power in the same moment.
    CrashAll,
    /// As many nodes lose power in the same moment as leave a majority.
    CrashMinority,
    /// What a node and another host send each other is gone for a while.
    Cut,
    /// What a node sends to another host, or that one to it, is gone; not the other way round.
    CutOneWay,
    /// The connections between a node and another host break, and are made again.
    Break,
    /// One node reaches no other.
    Isolate,
    /// Two halves that don't reach each other.
    Halves,
    /// Each node reaches a majority, and no two the same one.
    MajorityRing,
    /// Two halves that share one node.
    Bridge,
    /// What a node and another host send each other comes late.
    Hold,
    /// What a node and others send each other takes long, and each piece as long as chance has it.
    SlowLinks,
    /// Nothing of a node runs for a while.
    Pause,
    /// A node gets little of its processor for a while.
    SlowNode,
    /// A disk writes nothing for a while.
    SlowDisk,
    /// A wall clock jumps, by an hour or by little.
    ClockJump,
    /// A wall clock drifts.
    ClockDrift,
    /// A node loses power and its disk.
    Wipe,
    /// A node loses power and starts with an earlier copy of its directory, or with one that has
    /// gone on elsewhere.
    RollBack,
    /// A second process with the id of a node opens a copy of its directory, whatever becomes of
    /// the first one meanwhile.
    OpenTwice,
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
    /// The process of a client dies and begins anew.
    KillClient,
}

impl FaultKind {
    /// Whether acknowledged records are lost, so that somebody must heal them meanwhile.
    pub fn destroys(self) -> bool {
        match self {
            Self::CrashOne
            | Self::CrashMinority
            | Self::CrashAll
            | Self::Cut
            | Self::CutOneWay
            | Self::Break
            | Self::Isolate
            | Self::Halves
            | Self::MajorityRing
            | Self::Bridge
            | Self::Hold
            | Self::SlowLinks
            | Self::Pause
            | Self::SlowNode
            | Self::SlowDisk
            | Self::ClockJump
            | Self::ClockDrift
            | Self::KillClient
            | Self::OpenTwice => false,
            Self::Wipe
            | Self::RollBack
            | Self::FailWrite
            | Self::FailSync
            | Self::Corrupt
            | Self::Unreadable
            | Self::Ambush => true,
        }
    }
}
