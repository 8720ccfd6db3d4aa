//! Bugs on purpose, to see that the checks notice them.
//!
//! They exist only with the feature `planted-bugs`, which a release build refuses; which of
//! them is planted is chosen at run time, so that one build serves all.

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PlantedBug {
    /// A replica acknowledges a record that it has only queued.
    AcknowledgeBeforeWrite = 1,
    /// A replica looks for a record in the store and forgets what is queued.
    SkipTheOverlay = 2,
    /// A shard mints under the origin of its last opening.
    ReuseAnOrigin = 3,
    /// The committer calls a batch synced that it has only written.
    SkipTheSync = 4,
    /// A merge keeps its own values and drops those that are concurrent with them.
    DropASibling = 5,
    /// Where siblings are asked for the last writer wins.
    LastWriterWins = 6,
    /// A replica answers a version that is not synced.
    AnswerUnsynced = 7,
    /// A context is taken for any key.
    ContextOfAnotherKey = 8,
    /// A retry is a write like any other.
    IgnoreTheRequestId = 9,
    /// A coordinator that starts again gives the operation ids of its earlier life.
    ReuseOperationIds = 10,
    /// A read answers before what it shows is on W owners.
    AnswerBeforeTheRepair = 11,
    /// A replica takes any record in place of a corrupt one, and is back in the quorum.
    TakeAnythingForACorrupt = 12,
    /// A corrupt record is repaired by nobody.
    LeaveTheCorrupt = 13,
    /// A shard that found a corrupt record goes on under the origin whose dots it may have
    /// forgotten, and claims to know them.
    ClaimForgottenDots = 14,
    /// What an answer behind the client's shows that an owner lacks is sent to nobody.
    DropTheLateRepair = 15,
    /// However much is under way, more is taken.
    RefuseNothing = 16,
    /// A second live process with a node's id is let in.
    AdmitTheSecond = 17,
    /// A last-writer-wins write is stamped by the clock alone, whatever it covers.
    StampByTheClockAlone = 18,
    /// Where the last writer wins, the lower stamp does.
    KeepTheLowerStamp = 19,
    /// What is under way to a peer takes none of its credits.
    TakeNoCredits = 20,
    /// Requests for replicas and forwarded ones take the same credits of a peer.
    OneBudgetForAll = 21,
    /// A replica acknowledges a record of a buffered bucket that it has only queued.
    AcknowledgeUnbuffered = 22,
    /// A buffered bucket syncs no copy, whatever a write asks for.
    SyncNoCopy = 23,
    /// A replica that starts again keeps what its earlier life had queued.
    KeepTheQueue = 24,
    /// The session of a client that died in the middle of a request waits for it for ever.
    WaitForTheDead = 25,
    /// A listing asks one owner of each partition, whatever r is.
    ListOneOwner = 26,
    /// A page of a listing that is full goes on behind the partition in which it ended.
    SkipBehindAFullPage = 27,
    /// The outcomes of a batch are answered in the order in which they came.
    AnswerABatchAsItComes = 28,
    /// A listing shows the keys of other buckets too.
    ListOtherBuckets = 29,
    /// A page of a listing shows one key more than it may.
    OverfillAPage = 30,
    /// A page of a listing calls the partition behind the one that too few answered for incomplete.
    MissThePartition = 31,
    /// A client waits for an answer for as long as its connection stands.
    WaitForTheAnswer = 32,
    /// A client draws its request ids from too few.
    DrawFromTooFewIds = 33,
    /// A write drops what its context covers and does not remember it.
    ForgetTheCovered = 34,
    /// Where the last writer wins the others stay beside it.
    KeepTheLosers = 35,
    /// What a merge takes over is stamped anew.
    StampAMerge = 36,
    /// A page of a listing begins with the key that the page before has ended with.
    BeginWithTheLastKey = 37,
    /// A write that its coordinator has taken before is answered at once.
    AnswerARepeatAtOnce = 38,
}

impl PlantedBug {
    /// Every bug, by the name it is chosen by.
    pub const ALL: [(&'static str, Self); 38] = [
        ("acknowledge-before-write", Self::AcknowledgeBeforeWrite),
        ("skip-the-overlay", Self::SkipTheOverlay),
        ("reuse-an-origin", Self::ReuseAnOrigin),
        ("skip-the-sync", Self::SkipTheSync),
        ("drop-a-sibling", Self::DropASibling),
        ("last-writer-wins", Self::LastWriterWins),
        ("answer-unsynced", Self::AnswerUnsynced),
        ("context-of-another-key", Self::ContextOfAnotherKey),
        ("ignore-the-request-id", Self::IgnoreTheRequestId),
        ("reuse-operation-ids", Self::ReuseOperationIds),
        ("answer-before-the-repair", Self::AnswerBeforeTheRepair),
        ("leave-the-corrupt", Self::LeaveTheCorrupt),
        ("take-anything-for-a-corrupt", Self::TakeAnythingForACorrupt),
        ("claim-forgotten-dots", Self::ClaimForgottenDots),
        ("drop-the-late-repair", Self::DropTheLateRepair),
        ("refuse-nothing", Self::RefuseNothing),
        ("admit-the-second", Self::AdmitTheSecond),
        ("stamp-by-the-clock-alone", Self::StampByTheClockAlone),
        ("keep-the-lower-stamp", Self::KeepTheLowerStamp),
        ("take-no-credits", Self::TakeNoCredits),
        ("one-budget-for-all", Self::OneBudgetForAll),
        ("acknowledge-unbuffered", Self::AcknowledgeUnbuffered),
        ("sync-no-copy", Self::SyncNoCopy),
        ("keep-the-queue", Self::KeepTheQueue),
        ("list-one-owner", Self::ListOneOwner),
        ("skip-behind-a-full-page", Self::SkipBehindAFullPage),
        ("answer-a-batch-as-it-comes", Self::AnswerABatchAsItComes),
        ("wait-for-the-dead", Self::WaitForTheDead),
        ("list-other-buckets", Self::ListOtherBuckets),
        ("overfill-a-page", Self::OverfillAPage),
        ("miss-the-partition", Self::MissThePartition),
        ("wait-for-the-answer", Self::WaitForTheAnswer),
        ("draw-from-too-few-ids", Self::DrawFromTooFewIds),
        ("forget-the-covered", Self::ForgetTheCovered),
        ("keep-the-losers", Self::KeepTheLosers),
        ("stamp-a-merge", Self::StampAMerge),
        ("begin-with-the-last-key", Self::BeginWithTheLastKey),
        ("answer-a-repeat-at-once", Self::AnswerARepeatAtOnce),
    ];

    /// The bug of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find_map(|(own, bug)| (own == name).then_some(bug))
    }
}

#[cfg(all(feature = "planted-bugs", not(debug_assertions)))]
compile_error!("planted bugs are for debug builds only");

#[cfg(feature = "planted-bugs")]
mod planted {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::PlantedBug;

    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants a bug in this process, or none.
    pub fn plant(bug: Option<PlantedBug>) {
        PLANTED.store(bug.map_or(0, |bug| bug as u8), Ordering::Relaxed);
    }

    /// Whether the bug is planted.
    pub fn is(bug: PlantedBug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8
    }
}

#[cfg(feature = "planted-bugs")]
pub use planted::{is, plant};

/// No bug is planted in a build without the feature.
#[cfg(not(feature = "planted-bugs"))]
pub const fn is(_bug: PlantedBug) -> bool {
    false
}
