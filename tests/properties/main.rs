//! The laws of the core, checked against dumb twins: models too simple to be wrong.

mod dots;
mod histories;
mod last_writers;
mod merging;
mod siblings;
mod twins;
mod world;
