//! Connections that break while both hosts live.
//!
//! One end breaks: at once, or as its host writes to it the next time, of which a part is sent then.
//! The other end finds that the connection was closed, or reset where it was being read: a reset may
//! overtake what was sent before, as TCP's does.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

use crate::dice::Dice;

/// What an end takes that nobody breaks.
const WHOLE: usize = usize::MAX;

/// The most that an end which breaks as it is written to still takes, in bytes: a frame has a
/// header of 20, and mostly a body of less than a hundred.
const TORN_LEN_MAX: u64 = 120;

/// Both ends of all connections of a run.
#[derive(Clone, Default)]
pub struct Wires(Arc<Shared>);

/// By whose end it is, and who is at the other.
type Ends = BTreeMap<(String, String), Vec<Weak<Cut>>>;

#[derive(Default)]
struct Shared {
    ends: Mutex<Ends>,
    broken: AtomicU64,
    torn: AtomicU64,
}

/// How much more an end takes before it is broken.
struct Cut {
    left: AtomicUsize,
    reader: AtomicWaker,
    writer: AtomicWaker,
    shared: Arc<Shared>,
}

impl Wires {
    /// One end of a connection, as the host has it that calls.
    pub(super) fn end(&self, stream: TcpStream) -> io::Result<Wire> {
        let ends = (host(stream.local_addr()?)?, host(stream.peer_addr()?)?);
        let cut = Arc::new(Cut {
            left: AtomicUsize::new(WHOLE),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            shared: Arc::clone(&self.0),
        });
        let mut all = self.0.ends();
        let cuts = all.entry(ends).or_default();
        cuts.retain(|cut| cut.strong_count() > 0);
        cuts.push(Arc::downgrade(&cut));
        Ok(Wire { stream, cut })
    }

    /// Breaks each connection between two hosts at the end of one of them: now, or as it is written
    /// to the next time.
    pub(crate) fn cut(&self, one: &str, other: &str, dice: &mut Dice) {
        let (own, peer) = match dice.one_in(2) {
            true => (one, other),
            false => (other, one),
        };
        let ends = (own.to_owned(), peer.to_owned());
        let cuts = self.0.ends().get(&ends).cloned();
        for cut in cuts.iter().flatten().filter_map(Weak::upgrade) {
            match dice.one_in(2) {
                true => cut.now(),
                false => cut.after(dice.between(1, TORN_LEN_MAX)),
            }
        }
    }

    /// Nothing breaks any more that has not yet.
    pub(crate) fn mend(&self) {
        for cut in self.0.ends().values().flatten().filter_map(Weak::upgrade) {
            if !cut.is_broken() {
                cut.left.store(WHOLE, Ordering::Relaxed);
            }
        }
    }

    /// How many ends have broken, and how many of them as they were written to.
    pub(crate) fn broken(&self) -> [(&'static str, u64); 2] {
        let Shared { broken, torn, .. } = &*self.0;
        [
            (
                "a connection that was broken",
                broken.load(Ordering::Relaxed),
            ),
            (
                "a connection that broke as it was written to",
                torn.load(Ordering::Relaxed),
            ),
        ]
    }
}

fn host(address: SocketAddr) -> io::Result<String> {
    let host = turmoil::reverse_lookup(address.ip());
    host.ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

impl Shared {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cut {
    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    fn is_broken(&self) -> bool {
        self.left() == 0
    }

    fn now(&self) {
        if self.left.swap(0, Ordering::Relaxed) > 0 {
            self.shared.broken.fetch_add(1, Ordering::Relaxed);
        }
        self.reader.wake();
        self.writer.wake();
    }

    fn after(&self, bytes: u64) {
        if !self.is_broken() {
            let bytes = usize::try_from(bytes).unwrap_or(1);
            self.left.store(bytes, Ordering::Relaxed);
        }
    }

    fn has_written(&self, bytes: usize) {
        match self.left() {
            WHOLE => {}
            left if left <= bytes => {
                self.now();
                self.shared.torn.fetch_add(1, Ordering::Relaxed);
            }
            left => self.left.store(left - bytes, Ordering::Relaxed),
        }
    }
}

/// One end of a connection.
pub(super) struct Wire {
    stream: TcpStream,
    cut: Arc<Cut>,
}

impl Wire {
    /// How much it takes.
    fn takes(&self) -> io::Result<usize> {
        match self.cut.left() {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            left => Ok(left),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.cut.reader.register(context.waker());
        self.takes()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.cut.writer.register(context.waker());
        let takes = self.takes()?.min(bytes.len());
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..takes]);
        if let Poll::Ready(Ok(written)) = written {
            self.cut.has_written(written);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
