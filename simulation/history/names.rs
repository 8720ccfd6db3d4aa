//! The names of values: every put of a run has its own, kept beside the value, so that two puts
//! of the same bytes are told apart.

use cartwheel::version::Attributes;

/// What a value's name is called among its metadata.
pub const NAME: &str = "simulation-put";

/// The name of a value; of one that was not put through a recording client, its text.
pub fn name_of(attributes: Option<&Attributes>, bytes: &[u8]) -> String {
    let mut metadata = attributes.into_iter().flat_map(|a| &a.metadata);
    let name = metadata.find_map(|(own, name)| (own == NAME).then(|| name.clone()));
    name.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}
