//! The names of extensions.
//!
//! A name stands in the configuration, in the environment, in the store and in the status, so it
//! is made of what is plain in all four.

use std::collections::BTreeSet;

/// The longest name of an extension: it is a part of file names and of headings.
pub const EXTENSION_NAME_LEN_MAX: usize = 32;

/// Holds every name to its form, and each to be another.
pub fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), NameError> {
    let mut known = BTreeSet::new();
    for name in names {
        if !is_plain(name) {
            let name = name.to_owned();
            return Err(NameError::NotPlain { name });
        }
        if !known.insert(name) {
            let name = name.to_owned();
            return Err(NameError::Repeated { name });
        }
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    // Two of them in a row part a section from its key in the environment.
    (1..=EXTENSION_NAME_LEN_MAX).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(plain)
        && !name.contains("__")
        && !name.ends_with('_')
}

/// A name that no extension can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It does not fit where names of extensions stand.
    #[error(
        "{name:?} is no name for an extension: it takes 1 to {EXTENSION_NAME_LEN_MAX} of a to z, 0 to 9 and single _, from a letter on"
    )]
    NotPlain {
        /// The name.
        name: String,
    },
    /// Two extensions have it.
    #[error("two extensions have the name {name:?}")]
    Repeated {
        /// The name.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_wherever_it_stands() {
        let long = "a".repeat(EXTENSION_NAME_LEN_MAX + 1);
        for name in [
            "",
            "Feed",
            "change-feed",
            "_a",
            "a_",
            "a__b",
            "1a",
            "ä",
            &long,
        ] {
            let refused = NameError::NotPlain {
                name: name.to_owned(),
            };
            assert_eq!(check_names([name]), Err(refused));
        }
        assert_eq!(check_names(["change_feed", "expiry2", &long[1..]]), Ok(()));
    }

    #[test]
    fn no_two_extensions_have_one_name() {
        let refused = NameError::Repeated {
            name: "feed".to_owned(),
        };
        assert_eq!(check_names(["feed", "expiry", "feed"]), Err(refused));
    }
}
