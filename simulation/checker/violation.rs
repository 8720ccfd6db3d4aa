//! What no history may show.

use std::time::Duration;

use cartwheel::version::RequestId;

use crate::history::BucketKey;

/// What a history must not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An acknowledged value that nothing kept has replaced is gone at the end.
    Lost {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
    },
    /// A value is there at the end although an acknowledged write replaced it.
    Resurrected {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
    },
    /// A value that nobody wrote, or not yet, or whose write was refused.
    Invented {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A read does not show a value that was kept, and that no write has replaced.
    Missed {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
        /// Whether the reader's own context had seen it.
        own: bool,
    },
    /// A value is shown again after it was gone.
    CameBack {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A value is shown beside one whose writer had seen it.
    FalseSibling {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// The value that it is beside.
        beside: String,
        /// When it was shown.
        at: Duration,
    },
    /// A value is its own sibling.
    OwnSibling {
        /// The key.
        key: BucketKey,
        /// The value.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A read shows two values where the last writer wins.
    TwoValues {
        /// The key.
        key: BucketKey,
        /// The values.
        values: Vec<String>,
        /// When they were shown.
        at: Duration,
    },
    /// Where the last writer wins, a read shows something else than what won before.
    Older {
        /// The key.
        key: BucketKey,
        /// What is shown: a value, or that it was deleted.
        value: String,
        /// When it was shown.
        at: Duration,
        /// Whether the reader's own context had seen what won.
        own: bool,
    },
    /// A read shows a value, or that it was deleted, under a stamp that it never had.
    WrongStamp {
        /// The key.
        key: BucketKey,
        /// What is shown.
        value: String,
        /// When it was shown.
        at: Duration,
    },
    /// A write is stamped no later than what its writer had seen.
    StampBehind {
        /// The key.
        key: BucketKey,
        /// What was written: a value, or that it was deleted.
        value: String,
    },
    /// A page of a listing does not show a key that was there all the time.
    NotListed {
        /// The key.
        key: BucketKey,
        /// The value for whose sake it was there.
        value: String,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key that nobody can have put.
    WronglyListed {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key twice, or one that the page before has shown last.
    ListedTwice {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows a key before one that it should follow, or of another page.
    ListedOutOfOrder {
        /// The key.
        key: BucketKey,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing shows more keys than it may.
    PageTooLong {
        /// The bucket's name.
        bucket: String,
        /// How many keys it shows.
        keys: usize,
        /// How many it may show.
        limit: u32,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing calls a partition incomplete that it has not come to.
    IncompleteElsewhere {
        /// The bucket's name.
        bucket: String,
        /// The partition.
        partition: u16,
        /// When the page was answered.
        at: Duration,
    },
    /// A page of a listing was not answered, or not in time.
    EndlessPage {
        /// When it was asked.
        asked: Duration,
        /// The bucket's name.
        bucket: String,
    },
    /// A dot names two things.
    DotTwice(String),
    /// Two writes share a request id though they are not the same.
    RequestTwice {
        /// The id.
        request: RequestId,
        /// Their places among all operations of the run.
        numbers: [u64; 2],
    },
    /// A request did not end, or not in time.
    Endless {
        /// When it was asked.
        asked: Duration,
        /// The key.
        key: BucketKey,
    },
}
