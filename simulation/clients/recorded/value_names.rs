//! The names of the values that a read has found.

use cartwheel_client::Object;

use crate::history::{NAME, name_of};

/// The names of what was found, in order; one that is there twice is there twice.
pub(super) fn names(object: &Object) -> Vec<String> {
    let values = object.values.iter();
    let mut names: Vec<String> = values
        .map(|value| name_of(Some(&value.attributes), &value.bytes))
        .collect();
    names.sort_unstable();
    names
}

/// The names are ours alone.
pub(super) fn without_names(object: &mut Object) {
    for value in &mut object.values {
        value.attributes.metadata.retain(|(own, _)| own != NAME);
    }
}
