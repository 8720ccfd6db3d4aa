//! The laws of the core, checked against dumb twins: models too simple to be wrong.

mod dots;
mod encodings;
mod histories;
mod last_writers;
mod memory;
mod merging;
mod records;
mod siblings;
mod twins;
mod world;
