//! The keys of a run: every worker writes its own, all read all.
//!
//! A key is written by one worker alone, with the context of its last write: what is measured
//! is replacing values, not piling up siblings. Names carry the run's own number, so that a
//! run never meets the values of an earlier one.

use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::draw::Draw;

/// All keys of a run.
#[derive(Clone)]
pub struct KeySpace {
    run: u32,
    count: u64,
    theta: Option<f64>,
    draw: Draw,
}

/// The keys that one worker writes: from its own number on, in steps of the number of workers.
pub struct OwnKeys {
    first: u64,
    step: u64,
    count: u64,
    next: u64,
    /// With skewed keys: which comes next, in place of a turn.
    draw: Option<Draw>,
}

impl KeySpace {
    /// The keys of the run with this number; there is at least one. With a theta those of low
    /// numbers are asked for more often.
    pub fn new(run: u32, count: u64, theta: Option<f64>) -> Self {
        let count = count.max(1);
        Self {
            run,
            count,
            theta,
            draw: Draw::new(count, theta),
        }
    }

    /// What all names begin with.
    pub fn prefix(&self) -> String {
        format!("bench-{:08x}-", self.run)
    }

    /// The name of a key.
    pub fn name(&self, number: u64) -> String {
        format!("bench-{:08x}-{number:010}", self.run)
    }

    /// Any of them.
    pub fn any(&self, random: &mut SmallRng) -> u64 {
        self.draw.next(random)
    }

    /// The share of one of so many workers; there are no more workers than keys.
    pub fn share(&self, worker: u64, workers: u64) -> OwnKeys {
        let count = (self.count - worker).div_ceil(workers);
        let skewed = self.theta.is_some();
        OwnKeys {
            first: worker,
            step: workers,
            count,
            next: 0,
            draw: skewed.then(|| Draw::new(count, self.theta)),
        }
    }
}

impl OwnKeys {
    /// The number of the first.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next in turn, as its place in the share and its number among all.
    pub fn next(&mut self) -> (usize, u64) {
        let place = self.next;
        self.next = (self.next + 1) % self.count;
        self.at(place)
    }

    /// The one to write: the next in turn, unless keys are skewed.
    pub fn write_next(&mut self, random: &mut SmallRng) -> (usize, u64) {
        match &self.draw {
            None => self.next(),
            Some(draw) => self.at(draw.next(random)),
        }
    }

    fn at(&self, place: u64) -> (usize, u64) {
        let index = usize::try_from(place).unwrap_or(usize::MAX);
        (index, self.first + place * self.step)
    }
}

/// A source of random numbers of a worker's own: the same in every run.
pub fn random(worker: u64) -> SmallRng {
    SmallRng::seed_from_u64(worker)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_is_written_by_exactly_one_worker() {
        for (keys, workers) in [(100, 7), (7, 7), (8, 7), (1, 1)] {
            let space = KeySpace::new(1, keys, None);
            let mut seen = BTreeSet::new();
            for worker in 0..workers {
                let mut own = space.share(worker, workers);
                for _ in 0..own.count() {
                    assert!(seen.insert(own.next().1), "{keys} {workers}");
                }
            }
            assert_eq!(seen, (0..keys).collect());
        }
    }

    #[test]
    fn a_worker_comes_round_to_its_first_key() {
        let mut own = KeySpace::new(1, 5, None).share(1, 2);
        let turns: Vec<_> = (0..3).map(|_| own.next()).collect();
        assert_eq!(turns, [(0, 1), (1, 3), (0, 1)]);
    }

    #[test]
    fn skewed_writes_stay_within_a_share_and_favour_its_first_keys() {
        let mut own = KeySpace::new(1, 100, Some(1.0)).share(3, 10);
        let mut random = random(0);
        let mut firsts = 0;
        for _ in 0..1000 {
            let (place, number) = own.write_next(&mut random);
            assert!(place < 10 && number == 3 + 10 * place as u64);
            firsts += u32::from(place == 0);
        }
        assert!(firsts > 200, "{firsts} of 1000, where a tenth is 100");
    }

    #[test]
    fn reads_reach_every_key_and_no_other() {
        let space = KeySpace::new(1, 8, None);
        let mut random = random(0);
        let seen: BTreeSet<_> = (0..1000).map(|_| space.any(&mut random)).collect();
        assert_eq!(seen, (0..8).collect());
    }
}
