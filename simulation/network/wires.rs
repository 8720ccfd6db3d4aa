//! Connections that break while both ends live.
//!
//! What one end has sent before arrives; of what it sends at that moment a part may. The other
//! end finds that the connection was closed.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

use crate::dice::Dice;

/// What is left of a wire that nobody has broken.
const WHOLE: usize = usize::MAX;

/// The most that a wire which breaks as it is written to still takes, in bytes: a frame has a
/// header of 20, and mostly a body of less than a hundred.
const TORN_LEN_MAX: u64 = 120;

/// The connections of a run, by who has made them and to whom.
#[derive(Clone, Default)]
pub struct Wires(Arc<Mutex<Strung>>);

#[derive(Default)]
struct Strung {
    cuts: BTreeMap<(String, String), Vec<Weak<Cut>>>,
    broken: u64,
    torn: Vec<Arc<Cut>>,
}

/// How much more may be written to a wire before it is broken.
#[derive(Default)]
struct Cut {
    left: AtomicUsize,
    reader: AtomicWaker,
}

impl Wires {
    /// A connection that this host has made.
    pub(super) fn string(&self, stream: TcpStream) -> io::Result<Wire> {
        let name = |address: std::net::SocketAddr| {
            turmoil::reverse_lookup(address.ip()).ok_or(io::ErrorKind::AddrNotAvailable)
        };
        let ends = (name(stream.local_addr()?)?, name(stream.peer_addr()?)?);
        let cut = Arc::new(Cut {
            left: AtomicUsize::new(WHOLE),
            reader: AtomicWaker::new(),
        });
        let mut strung = self.strung();
        let cuts = strung.cuts.entry(ends).or_default();
        cuts.retain(|cut| cut.strong_count() > 0);
        cuts.push(Arc::downgrade(&cut));
        Ok(Wire { stream, cut })
    }

    /// Breaks each connection between two hosts: now, or as it is written to the next time.
    pub(crate) fn cut(&self, one: &str, other: &str, dice: &mut Dice) {
        let mut strung = self.strung();
        let ends = [(one, other), (other, one)];
        for (from, to) in ends {
            let cuts = strung.cuts.remove(&(from.to_owned(), to.to_owned()));
            for cut in cuts.iter().flatten().filter_map(Weak::upgrade) {
                strung.broken += 1;
                match dice.one_in(2) {
                    true => cut.now(),
                    false => {
                        cut.after(dice.between(1, TORN_LEN_MAX));
                        strung.torn.push(cut);
                    }
                }
            }
        }
    }

    /// How many were broken, and how many of them as they were written to.
    pub(crate) fn broken(&self) -> [(&'static str, u64); 2] {
        let strung = self.strung();
        let torn = strung.torn.iter().filter(|cut| cut.left() == 0).count();
        [
            ("a connection that was broken", strung.broken),
            ("a connection that broke as it was written to", torn as u64),
        ]
    }

    fn strung(&self) -> MutexGuard<'_, Strung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cut {
    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    fn now(&self) {
        self.left.store(0, Ordering::Relaxed);
        self.reader.wake();
    }

    fn after(&self, bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(1);
        self.left.store(bytes, Ordering::Relaxed);
    }

    fn has_written(&self, bytes: usize) {
        match self.left() {
            WHOLE => {}
            left if left <= bytes => self.now(),
            left => self.left.store(left - bytes, Ordering::Relaxed),
        }
    }
}

/// One connection, as the host has it that made it.
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
        let takes = self.takes()?.min(bytes.len());
        let stream = Pin::new(&mut self.stream);
        let written = ready!(stream.poll_write(context, &bytes[..takes]))?;
        self.cut.has_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
