//! The run itself: workers that ask, and what they saw.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cartwheel::bucket::Bucket as Policy;
use cartwheel::message::client::RequestError;
use cartwheel_client::{Bucket, Client, Context, Error};
use futures::future::{join_all, try_join_all};
use rand::rngs::SmallRng;

use super::cluster_time::Nodes;
use super::keys::{KeySpace, OwnKeys, random};
use super::load::load;
use super::recorder::Recorder;
use super::report::{Measured, Report};
use super::schedule::Schedule;
use super::workload::{Operation, Workload};
use crate::arguments::Target;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::policy::{default_policy, policy};
use crate::process_time;

/// The bucket of a run that names none: no key of anybody else's is in it.
pub const OWN_BUCKET: &str = "cartwheel-bench";

/// One of the operations under way at once.
struct Worker {
    bucket: Bucket,
    space: KeySpace,
    own: OwnKeys,
    /// Of the own keys that were written, by their place in the share.
    contexts: Vec<Context>,
    random: SmallRng,
}

/// Runs a workload against a cluster.
pub async fn run(
    target: &Target,
    workload: &Workload,
    note: impl Fn(&str),
) -> Result<Report, Failure> {
    let client = target.connect().await?;
    let policy = bucket(&client, workload).await?;
    let nodes = Nodes::of(&client, target.timeout()).await?;
    let space = KeySpace::new(rand::random(), workload.keys, workload.zipf);
    let mut workers = workers(target, workload, &space).await?;
    if workload.loads_first() {
        note(&format!("loading {} keys", workload.keys));
        load_all(workload, &mut workers).await?;
    }
    note(&format!(
        "{} for {:?}",
        workload.kind.name(),
        workload.length
    ));
    let (before, own_before) = (nodes.status().await, process_time::cpu_us());
    let (recorder, elapsed) = measure(workload, workers).await?;
    let own_after = process_time::cpu_us();
    let after = nodes.status().await;
    let (prefix, bucket) = (space.prefix(), &workload.bucket);
    note(&format!("keys {prefix}* stay in the bucket {bucket}"));
    Ok(Report::new(
        workload,
        &policy,
        &recorder,
        Measured {
            elapsed,
            nodes: nodes.count(),
            client_cpu_us: own_after.saturating_sub(own_before),
            server_cpu_us: after.cpu_us_since(&before),
            file_systems: after.file_systems(),
        },
    ))
}

/// The policy of the bucket; the benchmark's own is created if it is missing.
async fn bucket(client: &Client, workload: &Workload) -> Result<Policy, Failure> {
    match policy(client, &workload.bucket).await {
        Err(error) if workload.bucket == OWN_BUCKET && is_unknown(&error) => Ok(client
            .create_bucket(default_policy(client, OWN_BUCKET).await?)
            .await?),
        known => Ok(known?),
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error.refusal(), Some(RequestError::UnknownBucket { .. }))
}

/// A connection each for `depth` workers.
async fn workers(
    target: &Target,
    workload: &Workload,
    space: &KeySpace,
) -> Result<Vec<Worker>, Failure> {
    let connections = (0..workload.connections).map(|number| connection(target, number));
    let clients = try_join_all(connections).await?;
    let total = workload.workers();
    let workers = (0..total).zip(clients.iter().cycle());
    let workers = workers.map(|(number, client)| Worker {
        bucket: client.bucket(&workload.bucket),
        own: space.share(number, total),
        space: space.clone(),
        contexts: Vec::new(),
        random: random(number),
    });
    Ok(workers.collect())
}

/// One connection, to the endpoints in turn; to the others when that one fails.
async fn connection(target: &Target, number: u32) -> Result<Client, Failure> {
    let mut endpoints = target.endpoints.clone();
    let count = endpoints.len().max(1);
    endpoints.rotate_left(usize::try_from(number).unwrap_or(0) % count);
    let builder = Client::builder().endpoints(endpoints.iter().map(Endpoint::as_str));
    let builder = builder.connections(1).timeout(target.timeout());
    Ok(builder.build().await?)
}

async fn load_all(workload: &Workload, workers: &mut [Worker]) -> Result<(), Failure> {
    let total = workload.workers();
    let depth = workload.load_depth();
    let loads = (0..total).zip(workers.iter_mut());
    let loads = loads.map(async |(number, worker)| {
        let own = worker.space.share(number, total);
        let values = &workload.values;
        worker.contexts = load(&worker.bucket, &worker.space, own, values, depth).await?;
        Ok::<(), Error>(())
    });
    try_join_all(loads).await?;
    Ok(())
}

async fn measure(
    workload: &Workload,
    workers: Vec<Worker>,
) -> Result<(Recorder, Duration), Failure> {
    let recorder = Rc::new(RefCell::new(Recorder::new()?));
    let schedule = Schedule::starting_now(workload.length, workload.rate);
    let pacer = schedule
        .pace()
        .map_err(|cause| Failure::Runtime { cause })?;
    let loops = workers
        .into_iter()
        .map(|worker| worker.work(workload, &schedule, &recorder));
    join_all(loops).await;
    let elapsed = schedule.elapsed();
    // A pacer that died has released nothing more, so the figures are of what was asked.
    let due = pacer.and_then(|pacer| pacer.join().ok());
    let mut recorder = recorder.borrow_mut();
    let recorder = std::mem::replace(&mut *recorder, Recorder::new()?);
    Ok((recorder.with_due(due), elapsed))
}

impl Worker {
    async fn work(
        mut self,
        workload: &Workload,
        schedule: &Schedule,
        recorder: &RefCell<Recorder>,
    ) {
        while let Some(meant) = schedule.next().await {
            let outcome = match workload.kind.operation(&mut self.random) {
                Operation::Put => self.put(workload).await,
                Operation::Get => self.get(workload).await,
            };
            let mut recorder = recorder.borrow_mut();
            match outcome {
                Ok(()) => recorder.succeeded(Instant::now() - meant),
                Err(kind) => recorder.failed(kind),
            }
        }
    }

    async fn put(&mut self, workload: &Workload) -> Result<(), String> {
        let (place, number) = self.own.write_next(&mut self.random);
        let value = workload.values.any(&mut self.random);
        let put = self.bucket.put(self.space.name(number), value);
        let context = self.contexts.get(place).cloned().unwrap_or_default();
        let written = put.context(context).send().await;
        let context = written.map_err(|error| kind_of(&error))?.context;
        match self.contexts.get_mut(place) {
            Some(kept) => *kept = context,
            // Without skew places come in order, so the first unknown one is the next; with it
            // all were loaded.
            None => self.contexts.push(context),
        }
        Ok(())
    }

    async fn get(&mut self, workload: &Workload) -> Result<(), String> {
        let number = self.space.any(&mut self.random);
        let object = self.bucket.get(self.space.name(number)).send().await;
        let object = object.map_err(|error| kind_of(&error))?;
        let wanted = workload.values.len();
        match object.values.first() {
            None => Err("NotFound".to_owned()),
            Some(value) if value.bytes.len() != wanted => Err("OtherLength".to_owned()),
            Some(_) => Ok(()),
        }
    }
}

/// The name of what an operation ended with: of a refusal, what it was refused for.
fn kind_of(error: &Error) -> String {
    match error.refusal() {
        Some(refusal) => name_of(refusal),
        None => name_of(error),
    }
}

/// The name of a variant.
fn name_of(variant: &impl Debug) -> String {
    let text = format!("{variant:?}");
    let end = text.find(|letter: char| !letter.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_counted_under_what_it_was_refused_for() {
        let refused = Error::Refused(RequestError::Overloaded { retry_after_ms: 1 });
        assert_eq!(kind_of(&refused), "Overloaded");
        let late = Error::TimedOut {
            after: Duration::from_secs(1),
            attempts: 2,
            sent: true,
        };
        assert_eq!(kind_of(&late), "TimedOut");
        assert_eq!(kind_of(&Error::NoEndpoints), "NoEndpoints");
    }
}
