//! The commit thread: one write for all that is queued, one sync if anyone waits for it.
//!
//! ```text
//!   take what is queued ─► write ─► tell who needs no sync ─► sync ─► tell the rest
//! ```
//!
//! While it waits for the disk the next round gathers, so that under load a sync is shared by
//! many, and an idle store answers at once: nothing ever waits for company. A shard is told
//! at most twice a round, with one call each.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use cartwheel::store::{CompletionSink, Delivery, Durability, StoreError, Submission, Unfinished};

use crate::health::Health;
use crate::journal::Journal;
use crate::planted_bug::{ACKNOWLEDGE_BEFORE_WRITE, PlantedBug, SKIP_THE_SYNC};

/// What may be queued before a shard has to wait: far more than the credits of all shards
/// together, so that in a node whose credits hold none ever does.
pub(crate) const COMMIT_QUEUE_MAX: usize = 16 * 1024;

/// One round is one record of the log and one buffer in memory, so both its bounds hold
/// memory; measured, batches beyond a few hundred gain nothing.
const ROUND_BATCHES_MAX: usize = 1024;
const ROUND_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A marked batch is synced within this time, though nobody waits for it: the most that a
/// power cut takes from a buffered bucket. Twenty syncs a second cost a fast disk nothing,
/// and one whose sync takes 5 ms a tenth of its time.
const MARKED_SYNC_WITHIN: Duration = Duration::from_millis(50);

/// What the commit thread is told.
pub(crate) enum Command {
    Commit(Queued),
    /// The last: what is queued behind it is lost.
    Close,
}

/// A batch, and who was to be told of it when it was submitted.
pub(crate) struct Queued {
    pub(crate) submission: Submission,
    pub(crate) sink: Arc<dyn CompletionSink>,
}

impl Queued {
    /// Tells of a batch that no thread is left to commit.
    pub(crate) fn fail(self, error: &StoreError) {
        let mut alone = Unfinished::default();
        let Submission {
            shard,
            ticket,
            durability,
            ..
        } = self.submission;
        alone.add(shard, self.sink, ticket, durability);
        deliver(alone.after_failure(error));
    }
}

/// The thread's work and what it remembers between two rounds.
pub(crate) struct Committing<J> {
    journal: J,
    health: Arc<Health>,
    commands: Receiver<Command>,
    bug: PlantedBug,
    unfinished: Unfinished,
    /// Whether anything was written since the last sync.
    unsynced: bool,
    /// When the marked batches among it have to be synced.
    sync_due: Option<Instant>,
    closing: bool,
}

enum Next {
    Round(Vec<Queued>),
    MarkedAreDue,
    End,
}

impl<J: Journal> Committing<J> {
    pub(crate) fn new(
        journal: J,
        health: Arc<Health>,
        commands: Receiver<Command>,
        bug: PlantedBug,
    ) -> Self {
        Self {
            journal,
            health,
            commands,
            bug,
            unfinished: Unfinished::default(),
            unsynced: false,
            sync_due: None,
            closing: false,
        }
    }

    /// Commits until it is told to close, or nobody is left who could submit.
    pub(crate) fn run(mut self) {
        loop {
            match self.next() {
                Next::Round(round) => self.commit(round),
                Next::MarkedAreDue => self.sync(),
                Next::End => break,
            }
        }
        // A store that was closed has lost nothing, should the power fail a second later.
        if self.unsynced {
            self.sync();
        }
    }

    fn next(&mut self) -> Next {
        if self.closing {
            return Next::End;
        }
        match self.wait() {
            Ok(Command::Commit(first)) => Next::Round(self.gather(first)),
            Err(RecvTimeoutError::Timeout) => Next::MarkedAreDue,
            Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }

    fn wait(&self) -> Result<Command, RecvTimeoutError> {
        let Some(due) = self.sync_due else {
            let ended = RecvTimeoutError::Disconnected;
            return self.commands.recv().or(Err(ended));
        };
        let left = due.saturating_duration_since(Instant::now());
        self.commands.recv_timeout(left)
    }

    /// Takes what is queued behind the first batch, as far as the bounds of a round go.
    fn gather(&mut self, first: Queued) -> Vec<Queued> {
        let mut bytes = first.submission.batch.bytes();
        let mut round = vec![first];
        while round.len() < ROUND_BATCHES_MAX && bytes < ROUND_BYTES_MAX {
            match self.commands.try_recv() {
                Ok(Command::Commit(queued)) => {
                    bytes += queued.submission.batch.bytes();
                    round.push(queued);
                }
                Ok(Command::Close) => {
                    self.closing = true;
                    break;
                }
                Err(_) => break,
            }
        }
        round
    }

    fn commit(&mut self, round: Vec<Queued>) {
        let batches = || round.iter().map(|queued| &queued.submission.batch);
        if self.bug.is(ACKNOWLEDGE_BEFORE_WRITE) {
            self.note(&round);
            deliver(self.unfinished.after_sync());
            let _ = self.journal.write(batches());
            return;
        }
        let usable = self.health.check();
        let written = usable.and_then(|()| self.journal.write(batches()));
        let waited_for = self.note(&round);
        match written {
            Err(error) => self.fail(error),
            Ok(()) => {
                self.unsynced = true;
                deliver(self.unfinished.after_write());
                if waited_for || self.marked_are_due() {
                    self.sync();
                }
            }
        }
    }

    /// Remembers whom to tell, and says whether anyone waits for a sync.
    fn note(&mut self, round: &[Queued]) -> bool {
        let mut waited_for = false;
        for Queued { submission, sink } in round {
            let Submission { shard, ticket, .. } = *submission;
            let durability = submission.durability;
            self.unfinished
                .add(shard, Arc::clone(sink), ticket, durability);
            match durability {
                Durability::Buffered => {}
                Durability::Marked => {
                    let latest = || Instant::now() + MARKED_SYNC_WITHIN;
                    self.sync_due.get_or_insert_with(latest);
                }
                Durability::Synced => waited_for = true,
            }
        }
        waited_for
    }

    fn marked_are_due(&self) -> bool {
        self.sync_due.is_some_and(|due| due <= Instant::now())
    }

    fn sync(&mut self) {
        let synced = match self.bug.is(SKIP_THE_SYNC) {
            true => Ok(()),
            false => self.journal.sync(),
        };
        match synced {
            Err(error) => self.fail(error),
            Ok(()) => {
                self.sync_due = None;
                self.unsynced = false;
                deliver(self.unfinished.after_sync());
            }
        }
    }

    /// Nothing is tried again: after a failed sync the kernel may have dropped what it could
    /// not write, and a second sync that succeeds proves nothing.
    fn fail(&mut self, error: StoreError) {
        if self.health.check().is_ok() {
            tracing::error!(%error, "the store has failed: it has to be opened again");
        }
        let cause = self.health.end(error);
        self.sync_due = None;
        self.unsynced = false;
        deliver(self.unfinished.after_failure(&cause));
    }
}

fn deliver(deliveries: Vec<Delivery>) {
    deliveries.into_iter().for_each(Delivery::deliver);
}

#[cfg(test)]
mod tests;
