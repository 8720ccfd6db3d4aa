//! What a key holds, and what was seen of it.

use bytes::Bytes;
use cartwheel::message::client::{Explain, Got, Sibling};
use cartwheel::version::Attributes;

/// What was seen of a key: opaque, made by a cluster for this one key.
///
/// A read or write answers one; a write hands it back to say what it replaces. It may be kept
/// as bytes, for as long as one likes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(Bytes);

impl Context {
    /// A context that was kept as bytes.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl From<&Context> for Context {
    fn from(context: &Context) -> Self {
        context.clone()
    }
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its content type and metadata; empty if it was written with none.
    pub attributes: Attributes,
}

impl From<Sibling> for Value {
    fn from(sibling: Sibling) -> Self {
        let attributes = sibling.attributes.map(|attributes| *attributes);
        Self {
            bytes: sibling.value,
            attributes: attributes.unwrap_or_default(),
        }
    }
}

/// What a key holds: nothing, a value, or several that no known write has replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The siblings; none if the key does not exist.
    pub values: Vec<Value>,
    /// Covers them all: a put with it replaces them.
    pub context: Context,
    /// How the answer came about, where asked for.
    pub explain: Option<Box<Explain>>,
}

impl Object {
    /// Whether the key holds nothing.
    pub fn is_absent(&self) -> bool {
        self.values.is_empty()
    }

    /// The value, if there is exactly one.
    pub fn value(&self) -> Option<&Bytes> {
        match &self.values[..] {
            [value] => Some(&value.bytes),
            _ => None,
        }
    }
}

impl From<Got> for Object {
    fn from(got: Got) -> Self {
        Self {
            values: got.values.into_iter().map(Value::from).collect(),
            context: Context(got.context),
            explain: got.explain,
        }
    }
}

/// A write that is kept, as durably as its bucket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Covers what the write replaced and, of a put, the value put.
    pub context: Context,
    /// How the answer came about, where asked for.
    pub explain: Option<Box<Explain>>,
    /// Whether an attempt before the one that was answered may have been kept too: it is a version
    /// of its own then, until the two meet.
    pub in_doubt: bool,
}

impl Written {
    pub(crate) fn new(context: Bytes, explain: Option<Box<Explain>>, in_doubt: bool) -> Self {
        let context = Context(context);
        Self {
            context,
            explain,
            in_doubt,
        }
    }
}
