//! The Rust client of Cartwheel.
//!
//! ```no_run
//! use cartwheel_client::{Client, Error};
//!
//! # async fn example() -> Result<(), Error> {
//! let client = Client::builder()
//!     .endpoints(["127.0.0.1:7400", "127.0.0.1:7410", "127.0.0.1:7420"])
//!     .build()
//!     .await?;
//! let carts = client.bucket("default");
//!
//! carts.put("cart:1001", "milk").content_type("text/plain").await?;
//!
//! // Read, change, write: the context says what the new value replaces.
//! let cart = carts.get("cart:1001").await?;
//! let items: Vec<&[u8]> = cart.values.iter().map(|value| &value.bytes[..]).collect();
//! let all = [&items.join(&b","[..])[..], b",eggs"].concat();
//! let written = carts.put("cart:1001", all).context(&cart.context).await?;
//!
//! carts.delete("cart:1001", &written.context).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it does
//!
//! - Many requests are under way on few connections and answered in any order; a [`Client`] is
//!   cheap to clone and meant to be shared.
//! - Every request has a deadline and ends before it: with an answer or a typed [`Error`].
//! - A request that meets a broken connection, an overloaded node or a missing quorum is sent
//!   again, to another endpoint where there is one, within its deadline and under the same
//!   request id, so that a write that was kept already is not kept twice.
//! - A write may be given its request id ([`Put::request_id`]), for who tries again by itself.
//! - When a write fails, [`Error::outcome_is_unknown`] tells whether it may be kept all the same.
//!
//! # What it leaves to you
//!
//! - *Siblings.* Values that no known write has replaced come back together, and
//!   [`RequestError::TooManySiblings`] and [`RequestError::RecordTooLarge`] as what they are:
//!   only you know how to make one of several.
//!   The client never writes with a context whose values nobody has read.
//! - *Caching.* A read is a read.
//!
//! # In a simulation
//!
//! Network and random numbers are parameters ([`ClientBuilder::connect`],
//! [`ClientBuilder::entropy`]) and time is tokio's: the same seed gives the same run.

#![warn(missing_docs)]

mod attempts;
mod batch;
mod bucket;
mod builder;
mod client;
mod connect;
mod connection;
mod connection_error;
mod delays;
mod delete;
mod entropy;
mod error;
mod exchange;
mod get;
mod lane;
mod list;
mod object;
mod options;
mod pauses;
mod pool;
mod put;
mod settings;
mod time_limit;

pub use batch::{DeleteBatch, DeleteItem, GetBatch, PutBatch, PutItem};
pub use bucket::Bucket;
pub use builder::ClientBuilder;
pub use client::Client;
pub use connect::{Connect, Streams, TcpConnect};
pub use connection_error::{BadAnswer, ConnectionError};
pub use delete::Delete;
pub use error::Error;
pub use get::Get;
pub use list::{List, Page};
pub use object::{Context, Object, Value, Written};
pub use put::Put;

pub use cartwheel::bucket::{Bucket as BucketPolicy, BucketDurability};
pub use cartwheel::entropy::Entropy;
pub use cartwheel::key::{BucketId, KeyHash, PartitionId};
pub use cartwheel::message::Message;
pub use cartwheel::message::client::{
    Explain, ExplainEvent, ExplainStep, Located, MemberDescription, PeerStatus, RequestError,
    RingDescription, ShardStatus, StatusDescription,
};
pub use cartwheel::node::{ClusterId, NodeId, StoreId};
pub use cartwheel::version::{Attributes, ConflictRule, ContextError, Dot, Origin, RequestId};
