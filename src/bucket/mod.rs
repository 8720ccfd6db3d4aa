//! Buckets: namespaces with their own policy, and how the members of a cluster come to know
//! them.

mod inquiries;
mod policy;

pub use inquiries::{Inquiries, Inquiry};
pub use policy::{Bucket, BucketDurability, BucketError};
