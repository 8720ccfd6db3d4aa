//! `cartwheel explain BUCKET KEY`.

use std::ffi::OsString;

use cartwheel::message::client::{Explain as Account, ExplainEvent, ExplainStep};
use cartwheel::node::NodeId;
use cartwheel::version::Dot;
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::request_options::RequestOptions;
use crate::tokens;

/// Read a key, and tell how the answer came about
///
/// Which replicas were asked, who answered when and with which dots, who was stale, whether
/// another was asked because one was slow. With --put, the same of a write.
#[derive(Debug, Args)]
pub struct Explain {
    /// The bucket
    bucket: String,
    /// The key, any bytes
    key: OsString,
    /// Write this value instead of reading
    #[arg(long, value_name = "VALUE")]
    put: Option<OsString>,
    #[command(flatten)]
    options: RequestOptions,
}

/// The account, with dots as text: their origins are too large for the numbers of JSON.
#[derive(Serialize)]
struct Report {
    coordinator: NodeId,
    forwarded_by: Option<NodeId>,
    partition: u16,
    epoch: u64,
    owners: Vec<NodeId>,
    required: u8,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    at_us: u64,
    node: NodeId,
    what: &'static str,
    dots: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Explain {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let account = connection::block_on(self.ask(target))?;
        let account = account.ok_or(Failure::NotExplained)?;
        output::show(format, &Report::from(*account), as_text)
    }

    async fn ask(&self, target: &Target) -> Result<Option<Box<Account>>, Failure> {
        let bucket = target.connect().await?.bucket(&self.bucket);
        let key = tokens::word(self.key.clone());
        match &self.put {
            None => {
                let request = self.options.read(bucket.get(key)).explain();
                Ok(request.send().await?.explain)
            }
            Some(value) => {
                let value = tokens::word(value.clone());
                let request = self.options.put(bucket.put(key, value)).explain();
                let written = request.send().await.map_err(Failure::Write)?;
                Ok(written.explain)
            }
        }
    }
}

impl From<Account> for Report {
    fn from(account: Account) -> Self {
        Self {
            coordinator: account.coordinator,
            forwarded_by: account.forwarded_by,
            partition: account.partition,
            epoch: account.epoch,
            owners: account.owners,
            required: account.required,
            events: account.events.into_iter().map(Event::from).collect(),
        }
    }
}

impl From<ExplainEvent> for Event {
    fn from(event: ExplainEvent) -> Self {
        let (what, dots, reason) = parts(event.step);
        Self {
            at_us: event.at_us,
            node: event.node,
            what,
            dots: dots.iter().map(ToString::to_string).collect(),
            reason,
        }
    }
}

fn parts(step: ExplainStep) -> (&'static str, Vec<Dot>, Option<String>) {
    match step {
        ExplainStep::Asked => ("asked", vec![], None),
        ExplainStep::Hedged => ("asked since others were slow", vec![], None),
        ExplainStep::Same => ("has the same record", vec![], None),
        ExplainStep::Answered(dots) => ("answered", dots, None),
        ExplainStep::Absent => ("has no record", vec![], None),
        ExplainStep::Stale => ("was stale", vec![], None),
        ExplainStep::Repaired => ("was sent the merged record", vec![], None),
        ExplainStep::Stored => ("stored the record", vec![], None),
        ExplainStep::Minted(dot) => ("minted the dot", vec![dot], None),
        ExplainStep::AlreadyWritten(dot) => ("had it already", vec![dot], None),
        ExplainStep::Failed(reason) => ("failed", vec![], Some(reason)),
    }
}

fn as_text(report: &Report) -> String {
    let mut table = output::table(&["ms", "node", "what", "dots"]);
    for event in &report.events {
        let reason = event.reason.as_ref();
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        table.add_row([
            format!("{}.{:03}", event.at_us / 1000, event.at_us % 1000),
            event.node.to_string(),
            format!("{}{reason}", event.what),
            event.dots.join(" "),
        ]);
    }
    let owners: Vec<String> = report.owners.iter().map(ToString::to_string).collect();
    let forwarded = report.forwarded_by;
    let forwarded = forwarded.map_or(String::new(), |node| format!(", forwarded by {node}"));
    format!(
        "coordinator {}{forwarded}, partition {}, epoch {}, owners {}, {} required\n{table}",
        report.coordinator,
        report.partition,
        report.epoch,
        owners.join(" "),
        report.required,
    )
}
