//! What a run does.

use std::time::Duration;

use bytes::Bytes;
use clap::ValueEnum;
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

/// The most puts under way while the keys are loaded: enough to keep the nodes busy.
const LOAD_PUTS_MAX: usize = 512;

/// The most bytes of values under way while the keys are loaded.
const LOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What the workers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WorkloadKind {
    /// Write each key in turn, with the context of its last write
    Put,
    /// Read any key; all are written before
    Get,
    /// Half of each
    Mixed,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Put,
    Get,
}

/// Everything about a run but its cluster.
pub struct Workload {
    pub kind: WorkloadKind,
    pub bucket: String,
    pub keys: u64,
    pub connections: u32,
    /// Operations under way on one connection.
    pub depth: u32,
    pub length: Duration,
    /// Operations a second, for an open loop.
    pub rate: Option<f64>,
    /// How much more often keys of low rank are asked for.
    pub zipf: Option<f64>,
    pub values: Values,
}

/// Values that don't compress: slices of one random block.
#[derive(Clone)]
pub struct Values {
    block: Bytes,
    len: usize,
}

impl WorkloadKind {
    /// What comes next.
    pub fn operation(self, random: &mut SmallRng) -> Operation {
        match self {
            Self::Put => Operation::Put,
            Self::Get => Operation::Get,
            Self::Mixed if random.random() => Operation::Put,
            Self::Mixed => Operation::Get,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Mixed => "mixed",
        }
    }
}

impl Workload {
    /// Whether all keys have to be there before the run: to be read, or to be written out of
    /// turn.
    pub fn loads_first(&self) -> bool {
        self.kind != WorkloadKind::Put || self.zipf.is_some()
    }

    /// How many operations are under way at once.
    pub fn workers(&self) -> u64 {
        u64::from(self.connections) * u64::from(self.depth)
    }

    /// How many puts each worker has under way while the keys are loaded.
    pub fn load_depth(&self) -> usize {
        let fit = LOAD_BYTES_MAX / self.values.len().max(1);
        let workers = usize::try_from(self.workers()).unwrap_or(usize::MAX);
        (fit.min(LOAD_PUTS_MAX) / workers).max(1)
    }
}

impl Values {
    /// How many different values there are.
    const VARIETY: usize = 64 * 1024;

    /// Values of this length.
    pub fn new(len: usize) -> Self {
        let mut block = vec![0; len + Self::VARIETY];
        SmallRng::seed_from_u64(0).fill_bytes(&mut block);
        let block = block.into();
        Self { block, len }
    }

    /// One of them.
    pub fn any(&self, random: &mut SmallRng) -> Bytes {
        let from = random.random_range(0..Self::VARIETY);
        self.block.slice(from..from + self.len)
    }

    /// Their length.
    pub fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixed_workload_is_half_reads() {
        let mut random = SmallRng::seed_from_u64(1);
        let operations = (0..1000).map(|_| WorkloadKind::Mixed.operation(&mut random));
        let puts = operations
            .filter(|operation| *operation == Operation::Put)
            .count();
        assert!((400..600).contains(&puts), "{puts}");
    }

    #[test]
    fn values_differ_and_have_their_length() {
        let mut random = SmallRng::seed_from_u64(1);
        let values = Values::new(100);
        let (one, other) = (values.any(&mut random), values.any(&mut random));
        assert_eq!((one.len(), other.len()), (100, 100));
        assert_ne!(one, other);
        assert_eq!(Values::new(0).any(&mut random).len(), 0);
    }
}
