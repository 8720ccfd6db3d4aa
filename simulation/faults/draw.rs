//! One thing that goes wrong, from its beginning to its end.

use std::time::Duration;

use cartwheel::store::StoreOperation;

use super::{Fault, FaultKind, KeyChoice, Pair, Planned, links};
use crate::dice::Dice;

/// The longest time that a fault lasts, in milliseconds.
const LENGTH_MS_MAX: u64 = 2_500;

/// For how long disks are stuck before their nodes crash, in milliseconds.
const STUCK_MS_MAX: u64 = 300;

/// For how long a node works alone at most, in milliseconds: its links hold for longer.
const ALONE_MS_MAX: u64 = 900;

/// How often a record can't be read, at most.
const FAILED_READS_MAX: u64 = 3;

/// What an episode is drawn from.
pub struct Drawing<'a> {
    pub dice: &'a mut Dice,
    pub nodes: u64,
    /// The nodes first, then the clients.
    pub hosts: &'a [String],
}

impl Drawing<'_> {
    /// All of one episode of a kind.
    pub fn episode(&mut self, kind: FaultKind, at: Duration) -> Vec<Planned> {
        match kind {
            FaultKind::CrashOne => {
                let node = self.node();
                self.crash(vec![node], at)
            }
            FaultKind::CrashAll => self.crash((1..=self.nodes).collect(), at),
            FaultKind::Cut => {
                let pair = vec![self.pair()];
                self.while_it_lasts(at, Fault::Cut(pair.clone()), Fault::Mend(pair))
            }
            FaultKind::Hold => {
                let pair = vec![self.pair()];
                self.while_it_lasts(at, Fault::Hold(pair.clone()), Fault::Release(pair))
            }
            FaultKind::Wipe => {
                let node = self.node();
                self.while_it_lasts(at, Fault::Wipe(node), Fault::Restart(vec![node]))
            }
            FaultKind::FailWrite => vec![(at, Fault::Fail(self.node(), StoreOperation::Write))],
            FaultKind::FailSync => vec![(at, Fault::Fail(self.node(), StoreOperation::Sync))],
            FaultKind::Corrupt => vec![(at, self.corrupt())],
            FaultKind::Unreadable => vec![(at, self.unreadable())],
            FaultKind::Ambush => self.ambush(at),
        }
    }

    fn while_it_lasts(&mut self, at: Duration, begin: Fault, end: Fault) -> Vec<Planned> {
        vec![(at, begin), (at + self.length(), end)]
    }

    fn crash(&mut self, nodes: Vec<u64>, at: Duration) -> Vec<Planned> {
        let stuck = Duration::from_millis(self.dice.below(STUCK_MS_MAX));
        let back = at + stuck + self.length();
        vec![
            (at, Fault::Stick(nodes.clone())),
            (at + stuck, Fault::Crash(nodes.clone())),
            (back, Fault::Restart(nodes)),
        ]
    }

    fn corrupt(&mut self) -> Fault {
        Fault::Corrupt {
            node: self.node(),
            key: self.key(),
            at: usize::try_from(self.dice.below(1 << 16)).unwrap_or(0),
        }
    }

    fn unreadable(&mut self) -> Fault {
        Fault::Unreadable {
            node: self.node(),
            key: self.key(),
            times: u32::try_from(self.dice.between(1, FAILED_READS_MAX + 1)).unwrap_or(1),
        }
    }

    /// A node works alone, and knows nothing of what the others write; what it has written
    /// reaches one of them in the moment in which that one has lost what it knows.
    fn ambush(&mut self, at: Duration) -> Vec<Planned> {
        if self.nodes < 2 {
            return Vec::new();
        }
        let lacking = self.node();
        let node = 1 + (lacking + self.dice.below(self.nodes - 1)) % self.nodes;
        let end = at + Duration::from_millis(self.dice.between(100, ALONE_MS_MAX));
        let others: Vec<_> = (1..=self.nodes).filter(|other| *other != lacking).collect();
        let pairs = links(&[lacking], &others);
        vec![
            (at, Fault::Hold(pairs.clone())),
            (end, Fault::CorruptUnshared { node, lacking }),
            (end, Fault::Release(pairs)),
        ]
    }

    fn length(&mut self) -> Duration {
        Duration::from_millis(self.dice.between(50, LENGTH_MS_MAX))
    }

    fn node(&mut self) -> u64 {
        self.dice.between(1, self.nodes + 1)
    }

    fn key(&mut self) -> KeyChoice {
        KeyChoice::Drawn(self.dice.below(1 << 32))
    }

    /// A node, and another node or a client.
    fn pair(&mut self) -> Pair {
        let all = self.hosts.len() as u64;
        let node = self.dice.below(self.nodes);
        let other = (node + self.dice.between(1, all.max(2))) % all;
        let host = |at: u64| self.hosts[usize::try_from(at).unwrap_or(0)].clone();
        (host(node), host(other))
    }
}
