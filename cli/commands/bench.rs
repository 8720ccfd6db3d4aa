//! `cartwheel bench`.

use std::time::Duration;

use cartwheel::limits::VALUE_LEN_CEILING;
use clap::Args;

use crate::arguments::Target;
use crate::bench::{self, Values, Workload, WorkloadKind};
use crate::connection;
use crate::failure::{Failure, UsageError};
use crate::output::{self, Format};

/// The most connections, and the most operations under way on one: a node takes no more.
const CONNECTIONS_MAX: i64 = 4096;
const DEPTH_MAX: i64 = 1024;

/// Measure a running cluster
///
/// In a closed loop each of connections × depth workers asks again once it is answered. With
/// --rate, operations start when they are due, whether or not the cluster keeps up, and their
/// latency counts from then; those that were due and never started are errors.
#[derive(Debug, Args)]
pub struct Bench {
    /// What to do
    #[arg(long, value_enum, default_value_t = WorkloadKind::Mixed)]
    workload: WorkloadKind,
    /// The length of the values, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(..=i64::from(VALUE_LEN_CEILING)))]
    value_size: u32,
    /// How many keys; names are new in every run
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1..=10_000_000_000))]
    keys: u64,
    /// How many connections
    #[arg(long, value_name = "NUMBER", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    connections: u32,
    /// How many operations are under way on each connection
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=DEPTH_MAX))]
    depth: u32,
    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Operations a second, for an open loop
    #[arg(long, value_name = "OPS_PER_SECOND",
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rate: Option<u32>,
    /// The bucket, which has to exist
    #[arg(long, value_name = "NAME", default_value = "default")]
    bucket: String,
}

impl Bench {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let workload = self.workload()?;
        let run = bench::run(target, &workload, output::note);
        let report = connection::block_on(run)?;
        output::show(format, &report, |report| report.as_text())
    }

    fn workload(self) -> Result<Workload, Failure> {
        let workload = Workload {
            kind: self.workload,
            bucket: self.bucket,
            keys: self.keys,
            connections: self.connections,
            depth: self.depth,
            length: Duration::from_secs(self.seconds.into()),
            rate: self.rate.map(f64::from),
            values: Values::new(usize::try_from(self.value_size).unwrap_or(usize::MAX)),
        };
        let (keys, workers) = (workload.keys, workload.workers());
        match keys >= workers {
            true => Ok(workload),
            // Every worker writes keys of its own.
            false => Err(UsageError::FewKeys { keys, workers }.into()),
        }
    }
}
