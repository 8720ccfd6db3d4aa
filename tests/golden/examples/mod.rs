//! One exchange at least for every line of the table of kinds, and every variant of every enum
//! that a message can carry: for golden bytes, and for round trips.

mod bucket;
mod clock;
mod data;
mod errors;
mod explain;
mod hello;
mod replica;
mod status;
#[cfg(test)]
mod variants;

use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::{self, DecodeError, Kind, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One body of a message.
pub struct Example {
    /// The line of the table.
    pub kind: Kind,
    /// Whether it is the question, an answer or an error.
    pub part: Part,
    /// What it shows.
    pub label: &'static str,
    /// The body.
    pub bytes: Bytes,
    /// Decodes a body of the same type and encodes it again.
    pub recode: fn(&[u8]) -> Result<Bytes, DecodeError>,
    /// Whether a body decodes to what the example was made of.
    pub is_the_same: Check,
}

/// Looks at a body.
type Check = Box<dyn Fn(&[u8]) -> Result<bool, DecodeError>>;

/// Which part of an exchange a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The question.
    Request,
    /// Its answer.
    Reply,
    /// The body of any error frame.
    Error,
}

/// Every example, by kind; errors last.
pub fn all() -> Vec<Example> {
    let mut all = hello::examples();
    all.extend(data::examples());
    all.extend(bucket::examples());
    all.extend(status::examples());
    all.extend(replica::examples());
    all.extend(clock::examples());
    all.sort_by_key(|example| example.kind);
    all.extend(errors::examples());
    all
}

/// A question.
fn request<M>(label: &'static str, message: M) -> Example
where
    M: Message + PartialEq + 'static,
{
    body(M::KIND, Part::Request, label, message)
}

/// An answer to a question of type `M`.
fn reply<M>(label: &'static str, reply: M::Reply) -> Example
where
    M: Message,
    M::Reply: PartialEq + 'static,
{
    body(M::KIND, Part::Reply, label, reply)
}

/// The body of an error frame.
fn error(label: &'static str, error: RequestError) -> Example {
    body(Kind(0), Part::Error, label, error)
}

fn body<T>(kind: Kind, part: Part, label: &'static str, value: T) -> Example
where
    T: Serialize + DeserializeOwned + PartialEq + 'static,
{
    Example {
        kind,
        part,
        label,
        bytes: message::encode(&value),
        recode: |bytes| message::decode::<T>(Kind(0), bytes).map(|value| message::encode(&value)),
        is_the_same: Box::new(move |bytes| Ok(message::decode::<T>(Kind(0), bytes)? == value)),
    }
}
