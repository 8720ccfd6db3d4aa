//! Campaigns over a few seeds of each kind of run, and runs of one's own.

mod broken_connections;
mod buckets;
mod cases;
mod dying_clients;
mod failing_extension;
mod fewer_owners;
mod first_scenario;
mod invariants;
mod request_ids;
mod same_seed;
mod scenarios;
