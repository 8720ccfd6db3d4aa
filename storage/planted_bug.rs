//! Bugs that are planted to see whether the tests notice them.
//!
//! Without the feature there is nothing here but a `false` that the compiler removes.

#[cfg(all(feature = "planted-bugs", not(debug_assertions)))]
compile_error!("planted-bugs lose acknowledged data: they are for debug builds alone");

/// What the commit thread calls synced was only written.
pub(crate) const SKIP_THE_SYNC: &str = "skip-the-sync";

/// What the commit thread calls committed is not even written.
pub(crate) const ACKNOWLEDGE_BEFORE_WRITE: &str = "acknowledge-before-write";

/// The bug this store has, if any.
#[derive(Clone, Copy, Default)]
pub(crate) struct PlantedBug {
    #[cfg(feature = "planted-bugs")]
    name: Option<&'static str>,
}

#[cfg(not(feature = "planted-bugs"))]
impl PlantedBug {
    pub(crate) fn is(self, _name: &str) -> bool {
        false
    }
}

#[cfg(feature = "planted-bugs")]
impl PlantedBug {
    pub(crate) fn is(self, name: &str) -> bool {
        self.name == Some(name)
    }

    /// The one that the environment names. A name that is none must not pass for a bug: a
    /// check that stays green without one proves nothing.
    pub(crate) fn chosen() -> Result<Self, crate::OpenError> {
        let Ok(chosen) = std::env::var("CARTWHEEL_PLANTED_BUG") else {
            return Ok(Self::default());
        };
        let known = [SKIP_THE_SYNC, ACKNOWLEDGE_BEFORE_WRITE];
        match known.into_iter().find(|name| *name == chosen) {
            Some(name) => Ok(Self { name: Some(name) }),
            None => Err(crate::OpenError::UnknownPlantedBug { name: chosen }),
        }
    }
}
