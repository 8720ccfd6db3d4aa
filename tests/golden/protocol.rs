//! Holds docs/PROTOCOL.md to the code: its tables, its types and its bytes.
//!
//! A client author in another language has nothing else to go by, so the page is read here as
//! that author would: types out of its tables, bodies decoded by them.

mod document;
mod exchange;
mod schema;
mod serde_names;
mod tables;
mod types;
