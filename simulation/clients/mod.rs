//! Who works on a cluster: anybody's code over a client that records, our own workers, and who
//! looks at everything when all are done.

mod auditor;
mod cluster;
mod lives;
mod many_keys;
mod notebook;
mod putting;
mod recorded;
mod work;
mod worker;

pub(crate) use auditor::{AUDITOR, Auditor, heal_always};
pub use cluster::{ClientResult, Cluster};
pub(crate) use lives::{Killer, Lives, end_the_rest};
pub use notebook::Notebook;
pub use recorded::{
    RecordedBucket, RecordedClient, RecordedDelete, RecordedDeleteBatch, RecordedGet,
    RecordedGetBatch, RecordedList, RecordedPut, RecordedPutBatch,
};
pub use work::{Temper, work};
