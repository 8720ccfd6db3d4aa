//! Cases that a campaign would meet too seldom, as runs of any seed.

pub mod corruption;
pub mod credits;
pub mod dead_clients;
pub mod deletes;
pub mod flood;
pub mod forgotten;
pub mod last_writers;
pub mod late_answers;
pub mod listings;
pub mod power_cuts;
pub mod repeats;
pub mod stragglers;
pub mod twins;
pub mod unsynced_answers;
