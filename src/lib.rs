//! The core of Cartwheel: it decides, and does nothing else.
//!
//! No IO, no clock, no threads, no randomness of its own: time and random numbers are
//! arguments, and every machine in here takes inputs and gives effects.

#![warn(missing_docs)]

pub mod bucket;
pub mod clock_offset;
pub mod config;
pub mod coordination;
pub mod entropy;
pub mod extension;
pub mod greeting;
pub mod key;
pub mod layout;
pub mod limits;
pub mod listing;
mod lookup;
pub mod message;
mod messagepack;
pub mod node;
pub mod planted_bug;
pub mod quorum;
pub mod replica;
pub mod restarts;
pub mod ring;
pub mod second_opening;
pub mod store;
pub mod time;
pub mod version;
