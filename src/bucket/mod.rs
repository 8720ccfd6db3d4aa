//! Buckets: namespaces with their own policy, and how the members of a cluster come to know
//! them.
//!
//! ```text
//!   Creation ── prepare ──► Agreements of every member     all have agreed to one bucket
//!            ── activate ─► Agreements of every member     all take it into use
//!            Inquiries ───► of a member that missed it
//! ```

mod agreements;
mod creation;
mod inquiries;
mod policy;
mod stored;

pub use agreements::{Agreed, Agreements};
pub use creation::{Creation, CreationStep, MemberFailure};
pub use inquiries::{Inquiries, Inquiry};
pub use policy::{Bucket, BucketDurability, BucketError};
pub use stored::StoredBucket;
