//! Whether examples show every variant of an enum, as its own decoder lists them.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Fails unless every variant of the enum is among the values.
pub fn assert_all_shown<T: DeserializeOwned + Debug>(values: &[T]) {
    let shown: BTreeSet<String> = values.iter().map(name).collect();
    assert_eq!(shown, variants::<T>(), "left: shown, right: there are");
}

/// The name of a value's variant; stored names may differ from it in their case.
fn name<T: Debug>(value: &T) -> String {
    let written = format!("{value:?}");
    let name = written.split(|c: char| !c.is_alphanumeric()).next();
    name.unwrap_or_default().to_lowercase()
}

/// Every variant, from what the decoder says of one that does not exist.
fn variants<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    let unknown: StrDeserializer<'_, Error> = "?".into_deserializer();
    let refused = T::deserialize(unknown).expect_err("there is no such variant");
    let refused = refused.to_string();
    let quoted = refused.split('`').skip(1).step_by(2).skip(1);
    quoted.map(str::to_lowercase).collect()
}

#[test]
fn the_variants_of_an_enum_are_found() {
    let found = variants::<Result<(), ()>>();
    assert_eq!(found, BTreeSet::from(["ok".to_owned(), "err".to_owned()]));
}
