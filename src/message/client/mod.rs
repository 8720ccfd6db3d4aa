//! What clients ask, and the answers. `docs/PROTOCOL.md` describes each for other languages.

mod bucket;
mod data;
mod error;
mod explain;
mod list;
mod retry;
mod status;

pub use bucket::{BucketCreate, BucketDescription, BucketList};
pub use data::{
    Delete, DeleteBatch, Deleted, Get, GetBatch, Got, Outcomes, Put, PutBatch, PutDone,
    QuorumOptions, Sibling,
};
pub use error::RequestError;
pub use explain::{Explain, ExplainEvent, ExplainStep};
pub use list::{List, Listed};
pub use status::{
    ExtensionState, ExtensionStatus, Locate, Located, MemberDescription, PeerStatus, Ring,
    RingDescription, ShardStatus, Status, StatusDescription,
};
