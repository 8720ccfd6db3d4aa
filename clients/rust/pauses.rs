//! How long a request waits between its attempts, and how many there are.

use std::sync::Arc;
use std::time::Duration;

use backon::ExponentialBackoff;
use cartwheel::message::client::RequestError;

use crate::delays;
use crate::settings::Settings;

/// The pauses between the attempts of one request.
#[derive(Debug)]
pub(crate) struct Pauses {
    left: u32,
    /// Made at the first pause: most requests need none.
    delays: Option<ExponentialBackoff>,
    settings: Arc<Settings>,
}

impl Pauses {
    pub(crate) fn new(settings: &Arc<Settings>) -> Self {
        Self {
            left: settings.retries,
            delays: None,
            settings: settings.clone(),
        }
    }

    /// The pause before an attempt that need not wait; none if there were enough attempts.
    pub(crate) fn none(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        Some(Duration::ZERO)
    }

    /// The pause after a refusal; none if there is to be no other attempt.
    pub(crate) fn after(&mut self, refusal: &RequestError) -> Option<Duration> {
        if !refusal.is_worth_a_retry() {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        let settings = &self.settings;
        let delays = self
            .delays
            .get_or_insert_with(|| delays::before_retrying(settings.entropy.seed()));
        let delay = delays.next().unwrap_or_default();
        match refusal {
            // Not all at once, or they would only be refused again.
            RequestError::Overloaded { retry_after_ms } => {
                Some(Duration::from_millis(u64::from(*retry_after_ms)) + delay)
            }
            _ => Some(delay),
        }
    }
}
