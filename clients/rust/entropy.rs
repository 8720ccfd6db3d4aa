//! Random numbers: request ids, and how much a delay is spread.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cartwheel::entropy::Entropy;
use cartwheel::version::RequestId;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng};

/// A generator seeded by the operating system once; what the builder takes unless told
/// otherwise.
pub(crate) struct SystemEntropy(StdRng);

impl SystemEntropy {
    /// Asks the operating system for a seed, which it may refuse.
    pub(crate) fn new() -> Option<Self> {
        StdRng::try_from_rng(&mut SysRng).ok().map(Self)
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The one source of a client, shared by all that draw from it.
pub(crate) struct SharedEntropy(Mutex<Box<dyn Entropy + Send>>);

impl SharedEntropy {
    pub(crate) fn new(source: Box<dyn Entropy + Send>) -> Self {
        Self(Mutex::new(source))
    }

    /// A name for a write: the same for all its retries, and no other's.
    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::new(self.lock().next_u128())
    }

    /// A seed for one series of delays.
    pub(crate) fn seed(&self) -> u64 {
        self.lock().next_u64()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Box<dyn Entropy + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedEntropy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SharedEntropy(…)")
    }
}
