//! The reasons for a node to stop.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Why a node stops.
#[derive(Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked to, by a signal.
    Asked(&'static str),
    /// Who started it has gone.
    Orphaned,
    /// It can't go on.
    Fatal(String),
}

/// Waits for a reason to stop.
pub struct Stopping {
    reasons: Receiver<StopReason>,
    sender: Sender<StopReason>,
    interrupt: Signal,
    terminate: Signal,
}

impl Stopping {
    /// Begins to listen for signals; needs a runtime.
    pub fn new() -> io::Result<Self> {
        // The first reason is the one that counts.
        let (sender, reasons) = channel(1);
        Ok(Self {
            reasons,
            sender,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// What the node calls when it can't go on.
    pub fn fatal(&self) -> Arc<dyn Fn(&str) + Send + Sync> {
        let sender = self.sender.clone();
        Arc::new(move |cause| {
            let _ = sender.try_send(StopReason::Fatal(cause.to_owned()));
        })
    }

    /// Stops, too, when standard input ends: who holds the other end has gone, however it
    /// ended.
    pub fn with_stdin(&self) -> io::Result<()> {
        let sender = self.sender.clone();
        let watch = thread::Builder::new().name("stdin".to_owned());
        watch.spawn(move || {
            let mut ignored = [0; 256];
            while matches!(io::stdin().read(&mut ignored), Ok(1..)) {}
            let _ = sender.try_send(StopReason::Orphaned);
        })?;
        Ok(())
    }

    /// Waits for the first reason.
    pub async fn reason(&mut self) -> StopReason {
        tokio::select! {
            biased;
            Some(reason) = self.reasons.recv() => reason,
            _ = self.interrupt.recv() => StopReason::Asked("SIGINT"),
            _ = self.terminate.recv() => StopReason::Asked("SIGTERM"),
        }
    }
}
