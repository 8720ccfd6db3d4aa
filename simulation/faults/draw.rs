//! One thing that goes wrong, from its beginning to its end.

use std::time::Duration;

use cartwheel::store::StoreOperation;

use super::machine::MachineFault;
use super::{Fault, FaultKind, KeyChoice, Pair, Planned, links, shapes};
use crate::dice::Dice;
use crate::network::LATENCY_MAX;

/// The longest time that a fault lasts, in milliseconds.
const LENGTH_MS_MAX: u64 = 2_500;

/// For how long disks are stuck before their nodes crash, in milliseconds.
const STUCK_MS_MAX: u64 = 300;

/// For how long a node works alone at most, in milliseconds: its links hold for longer.
const ALONE_MS_MAX: u64 = 900;

/// The longest that a message takes over a slow link, in milliseconds.
const SLOW_MS_MAX: u64 = 300;

/// For how long a node is down whose directory changes.
const DOWN: Duration = Duration::from_millis(100);

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
            FaultKind::CrashMinority => {
                let first = self.node();
                let some =
                    (0..self.nodes.div_ceil(2) - 1).map(|next| (first + next) % self.nodes + 1);
                self.crash(some.collect(), at)
            }
            FaultKind::Cut
            | FaultKind::CutOneWay
            | FaultKind::Isolate
            | FaultKind::Halves
            | FaultKind::MajorityRing
            | FaultKind::Bridge => self.partition(kind, at),
            FaultKind::SlowLinks
            | FaultKind::Pause
            | FaultKind::SlowNode
            | FaultKind::SlowDisk
            | FaultKind::ClockJump
            | FaultKind::ClockDrift => self.slowness(kind, at),
            FaultKind::RollBack => self.roll_back(at),
            FaultKind::OpenTwice => vec![(at, Fault::OpenTwice(self.node()))],
            FaultKind::Hold => {
                let pair = vec![self.pair()];
                self.while_it_lasts(at, Fault::Hold(pair.clone()), Fault::Release(pair))
            }
            FaultKind::Break => vec![(at, Fault::Break(vec![self.pair()]))],
            FaultKind::Wipe => {
                let node = self.node();
                self.while_it_lasts(at, Fault::Wipe(node), Fault::Restart(vec![node]))
            }
            FaultKind::FailWrite => vec![(at, Fault::Fail(self.node(), StoreOperation::Write))],
            FaultKind::FailSync => vec![(at, Fault::Fail(self.node(), StoreOperation::Sync))],
            FaultKind::Corrupt => vec![(at, self.corrupt())],
            FaultKind::Unreadable => vec![(at, self.unreadable())],
            FaultKind::Ambush => self.ambush(at),
            FaultKind::KillClient => self.kill(at),
        }
    }

    fn partition(&mut self, kind: FaultKind, at: Duration) -> Vec<Planned> {
        match kind {
            FaultKind::Cut => {
                let pair = vec![self.pair()];
                self.apart(at, pair)
            }
            FaultKind::CutOneWay => {
                let (a, b) = self.pair();
                let pair = vec![if self.dice.one_in(2) { (a, b) } else { (b, a) }];
                self.while_it_lasts(at, Fault::CutOneWay(pair.clone()), Fault::Mend(pair))
            }
            FaultKind::Isolate => {
                let node = self.node();
                let pairs = self.around(node);
                self.apart(at, pairs)
            }
            FaultKind::Halves => {
                let pairs = shapes::halves(self.dice, self.nodes);
                self.apart(at, pairs)
            }
            FaultKind::MajorityRing => {
                let pairs = shapes::majority_ring(self.dice, self.nodes);
                self.apart(at, pairs)
            }
            _ => {
                let pairs = shapes::bridge(self.dice, self.nodes);
                self.apart(at, pairs)
            }
        }
    }

    /// What is late or wrong, and loses nothing.
    fn slowness(&mut self, kind: FaultKind, at: Duration) -> Vec<Planned> {
        match kind {
            FaultKind::SlowLinks => {
                let node = self.node();
                let pairs = self.around(node);
                let slow = Duration::from_millis(self.dice.between(20, SLOW_MS_MAX));
                let slow = Fault::SlowLinks(pairs.clone(), slow);
                self.while_it_lasts(at, slow, Fault::SlowLinks(pairs, LATENCY_MAX))
            }
            FaultKind::Pause => self.machine(at, (MachineFault::Pause, MachineFault::RunAgain)),
            FaultKind::SlowNode => {
                let slow = MachineFault::slowness(self.dice);
                self.machine(at, slow)
            }
            FaultKind::SlowDisk => {
                let node = vec![self.node()];
                let stick = self.stick(node.clone());
                self.while_it_lasts(at, stick, Fault::Unstick(node))
            }
            FaultKind::ClockJump => {
                let jump = MachineFault::clock_jump(self.dice);
                self.machine(at, jump)
            }
            _ => {
                let drift = MachineFault::clock_drift(self.dice);
                self.machine(at, drift)
            }
        }
    }

    /// The links of a node to all others.
    fn around(&self, node: u64) -> Vec<Pair> {
        let others: Vec<_> = (1..=self.nodes).filter(|other| *other != node).collect();
        links(&[node], &others)
    }

    fn while_it_lasts(&mut self, at: Duration, begin: Fault, end: Fault) -> Vec<Planned> {
        vec![(at, begin), (at + self.length(), end)]
    }

    fn apart(&mut self, at: Duration, pairs: Vec<Pair>) -> Vec<Planned> {
        self.while_it_lasts(at, Fault::Cut(pairs.clone()), Fault::Mend(pairs))
    }

    fn machine(
        &mut self,
        at: Duration,
        (begin, end): (MachineFault, MachineFault),
    ) -> Vec<Planned> {
        let node = self.node();
        self.while_it_lasts(at, Fault::Machine(node, begin), Fault::Machine(node, end))
    }

    /// A copy is made, and later the node starts with it; now and then it changes back, to the
    /// directory that it had left.
    fn roll_back(&mut self, at: Duration) -> Vec<Planned> {
        let node = self.node();
        let back = at + self.length();
        let again = back + self.length();
        let mut faults = vec![
            (at, Fault::CopyDisk(node)),
            (back, Fault::RollBack(node)),
            (back + DOWN, Fault::Restart(vec![node])),
        ];
        if self.dice.one_in(2) {
            faults.push((again + DOWN, Fault::RollBack(node)));
            faults.push((again + 2 * DOWN, Fault::Restart(vec![node])));
        }
        faults
    }

    fn crash(&mut self, nodes: Vec<u64>, at: Duration) -> Vec<Planned> {
        let stuck = Duration::from_millis(self.dice.below(STUCK_MS_MAX));
        let back = at + stuck + self.length();
        vec![
            (at, self.stick(nodes.clone())),
            (at + stuck, Fault::Crash(nodes.clone())),
            (back, Fault::Restart(nodes)),
        ]
    }

    fn stick(&mut self, nodes: Vec<u64>) -> Fault {
        match self.dice.one_in(2) {
            true => Fault::Stick(nodes),
            false => Fault::StickSyncs(nodes),
        }
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

    /// Nothing where there are no clients.
    fn kill(&mut self, at: Duration) -> Vec<Planned> {
        let nodes = usize::try_from(self.nodes).unwrap_or(0);
        let clients = &self.hosts[nodes..];
        let drawn = self.dice.below(clients.len().max(1) as u64);
        let client = clients.get(usize::try_from(drawn).unwrap_or(0));
        let kill = client.map(|client| (at, Fault::kill_client(client)));
        kill.into_iter().collect()
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
