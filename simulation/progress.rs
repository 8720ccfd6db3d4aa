//! How far a run is: its clients work, then all is healed and settles, then everything is looked
//! at.

use std::cell::Cell;
use std::time::Duration;

use crate::trace::now;

/// What a healed cluster gets before the last look: broken links are made again, requests under
/// way are over.
const SETTLING: Duration = Duration::from_secs(12);

/// How often those who wait for the next phase look for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The progress of a run.
pub struct Progress {
    /// How many clients are at work.
    working: Cell<usize>,
    healed_at: Cell<Option<Duration>>,
}

impl Progress {
    /// So many clients begin.
    pub fn new(clients: usize) -> Self {
        Self {
            working: Cell::new(clients),
            healed_at: Cell::new(None),
        }
    }

    /// A client is done.
    pub fn client_is_done(&self) {
        self.working.set(self.working.get().saturating_sub(1));
    }

    /// Whether all is done, and nothing is healed yet.
    pub fn is_work_done(&self) -> bool {
        !self.is_healed() && self.working.get() == 0
    }

    /// All is healed.
    pub fn heal(&self, at: Duration) {
        self.healed_at.set(Some(at));
    }

    /// Whether all is healed.
    pub fn is_healed(&self) -> bool {
        self.healed_at.get().is_some()
    }

    /// Whether the last look is due.
    pub fn is_settled(&self) -> bool {
        let healed = self.healed_at.get();
        healed.is_some_and(|healed| now() >= healed + SETTLING)
    }

    /// Waits for the last look.
    pub async fn settled(&self) {
        while !self.is_settled() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
