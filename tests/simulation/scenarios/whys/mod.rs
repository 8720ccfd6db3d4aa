//! The executions by which the rules of replication are explained, as far as the code goes; those
//! that need what is not built yet are ignored, with the reason.
//!
//! Those of last writer wins and of flow control (rules 8 and 11) are among the cases, with bugs
//! that they show; those of layout epochs (rule 9) need layouts that change.

mod contexts;
mod forgetting;
mod gets;
mod origins;
mod places;
mod puts;

use std::collections::BTreeSet;

use cartwheel_client::Object;

fn values(object: &Object) -> BTreeSet<String> {
    let values = object.values.iter();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    values.map(|value| text(&value.bytes)).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}
