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

/// The least and the most skew of keys.
const THETA_MIN: f64 = 0.01;
const THETA_MAX: f64 = 10.0;

/// Measure a running cluster
///
/// In a closed loop each of connections × depth workers asks again once it is answered. With
/// --rate, operations start when they are due, whether or not the cluster keeps up, and their
/// latency counts from then; those that were due and never started are errors. Errors are part of
/// what is measured: they are counted by their kind, and the exit code is 0 all the same.
///
/// The keys stay where they were written: in the bucket `cartwheel-bench` unless --bucket names
/// another. It is created if it is missing, as `cartwheel bucket create` does without more words,
/// for which every member must be up.
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
    /// Ask for some keys more often: for the one of rank k with a weight of 1/k^THETA, as 0.99;
    /// of puts each worker's own keys have ranks of their own, and all keys are written before
    #[arg(long, value_name = "THETA", value_parser = theta)]
    zipf: Option<f64>,
    /// The bucket: the default is made if it is not there, another has to exist
    #[arg(long, value_name = "NAME", default_value = bench::OWN_BUCKET)]
    bucket: String,
}

/// A skew that is still one, and leaves other keys than the first.
fn theta(text: &str) -> Result<f64, String> {
    let theta = text.parse::<f64>().ok();
    let theta = theta.filter(|theta| (THETA_MIN..=THETA_MAX).contains(theta));
    theta.ok_or_else(|| format!("a number from {THETA_MIN} to {THETA_MAX} is wanted"))
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
            zipf: self.zipf,
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
