//! Versions: what a key's values are, which replaces which, and what a client has seen.
//!
//! A record is a dotted version vector set (Preguiça, Baquero, Almeida, Fonte, Gonçalves:
//! "Brief Announcement: Efficient Causality Tracking in Distributed Storage Systems With
//! Dotted Version Vectors", PODC 2012) with explicit dots:
//!
//! ```text
//!   history   origin A: all up to 7      origin B: all up to 3, and 5
//!   versions  (A,7) = "milk"   (B,5) = "eggs"         siblings: neither replaces the other
//! ```
//!
//! Merging keeps a version that both have, or that the other side has never seen; what one
//! side has seen and no longer holds was replaced, and goes.

mod attributes;
mod context;
mod digest;
mod dot;
mod encoding;
mod history;
mod record;
mod request;
mod stamp;

pub use attributes::Attributes;
pub use context::{Context, ContextError, ContextSecret};
pub use digest::Digest;
pub use dot::{Dot, Origin};
pub use encoding::RecordError;
pub use history::History;
pub use record::{ConflictRule, Record, Value, Version};
pub use request::RequestId;
pub use stamp::Stamp;
