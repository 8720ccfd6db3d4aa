//! Real actors, real codec and real clients in one process, over loopback, on stores in memory.

mod cluster;
mod supervision;
mod three_nodes;
