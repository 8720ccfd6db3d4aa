//! Why a command was not done, as a sentence and as an exit code.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cartwheel::message::client::RequestError;
use serde_json::json;

use crate::advice;
use crate::configuration::ConfigurationError;
use crate::local_cluster::{ClusterFileError, PortError, ProcessError};
use crate::node::ServeError;
use crate::output::{self, Format};
use crate::transfer::JournalError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The key has no value.
    #[error("not found: bucket {bucket:?} has no key {key:?}")]
    NotFound { bucket: String, key: String },
    /// It went as the output says, which needs no more words.
    #[error("the output says it")]
    Shown(FailureKind),
    /// The configuration is refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The cluster did not do it, and it would have changed nothing.
    #[error("{0}")]
    Request(#[from] cartwheel_client::Error),
    /// The cluster did not write, or is not known to have.
    #[error("{0}")]
    Write(cartwheel_client::Error),
    /// A bucket of that name has another policy.
    #[error("a bucket named {name:?} exists already, {differences}")]
    BucketDiffers { name: String, differences: String },
    /// A node does not run.
    #[error("{0}")]
    Serve(#[from] ServeError),
    /// The data of a local cluster can't be used.
    #[error("{0}")]
    ClusterFile(#[from] ClusterFileError),
    /// A local cluster can't have its ports.
    #[error("{0}")]
    Port(#[from] PortError),
    /// A node of a local cluster does not run.
    #[error("{0}")]
    Process(#[from] ProcessError),
    /// A node of a local cluster runs, and does not serve.
    #[error("{node} did not serve within {waited:?}: see its log")]
    NeverServed { node: String, waited: Duration },
    /// No node of a local cluster is left.
    #[error("every node has ended")]
    AllEnded,
    /// The figures can't be kept.
    #[error("can't keep latencies: {0}")]
    Histogram(#[from] hdrhistogram::errors::CreationError),
    /// Standard output is closed or broken.
    #[error("can't print: {0}")]
    Output(#[from] io::Error),
    /// Words that can't stand together.
    #[error("{0}")]
    Usage(#[from] UsageError),
    /// A file or directory can't be used.
    #[error("can't {action} {}: {cause}", .path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        cause: io::Error,
    },
    /// A value that no bucket takes.
    #[error("{} has more than {limit} bytes, and no bucket takes longer values", .path.display())]
    EndlessValue { path: PathBuf, limit: u64 },
    /// The system gives no timers or no sockets.
    #[error("can't start: {cause}")]
    Runtime { cause: io::Error },
    /// A listing without every partition.
    #[error(
        "incomplete: fewer than r owners answered for {} partitions, the first is {}: their keys may be missing",
        .partitions.len(), .partitions.first().copied().unwrap_or_default()
    )]
    Incomplete { partitions: Vec<u16> },
    /// A node that knows no explain.
    #[error("the node answered without an account of the request")]
    NotExplained,
    /// Who read an export left in the middle.
    #[error("stopped: the reader went away before everything was exported")]
    ReaderGone,
    /// The journal of an import can't be this one's.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// A transfer of which something is missing; the summary says what.
    #[error("{failed} of {items} items failed")]
    Transfer { failed: u64, items: u64 },
    /// A transfer that was given up.
    #[error("stopped after {failed} failures, the rest was not looked at: see --failures-max")]
    TransferStopped { failed: u64 },
}

/// Words that clap can't judge alone.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("no value: give it as an argument, with --file PATH, or on standard input")]
    NoValue,
    #[error(
        "no value: standard input is closed; give it as an argument (\"\" for an empty one), with --file PATH, or on standard input"
    )]
    StdinClosed,
    #[error("nothing to import: standard input is closed; give a path, or lines on standard input")]
    ImportClosed,
    #[error("a tree is a directory, and `-` is a standard stream: ./- is a directory of that name")]
    TreeOfStream,
    #[error(
        "{keys} keys are too few for {workers} workers (connections × depth): each writes keys of its own"
    )]
    FewKeys { keys: u64, workers: u64 },
    #[error("{nodes} nodes from port {port} on would need ports over 65535")]
    PortsOver { nodes: u8, port: u16 },
    #[error("--set {key}: `cartwheel dev` gives every node its own")]
    OwnSetting { key: String },
}

/// What went wrong, by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    NotFound,
    Usage,
    Refused,
    Unreachable,
}

impl FailureKind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::NotFound => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Unreachable => 4,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Failure {
    /// Which exit code it means.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotFound { .. } => FailureKind::NotFound,
            Self::Shown(kind) => *kind,
            Self::Configuration(_) | Self::Usage(_) | Self::Journal(_) => FailureKind::Usage,
            // A node that `dev` has started says what its settings lack as it would by itself.
            Self::Process(error) if error.is_usage() => FailureKind::Usage,
            Self::Request(error) | Self::Write(error) => kind_of(error),
            _ => FailureKind::Refused,
        }
    }

    /// What can be done about it.
    fn advice(&self) -> Option<String> {
        match self {
            Self::Request(error) => advice::on(error),
            Self::Write(error) => advice::on_write(error),
            Self::Serve(error) => error.advice().map(str::to_owned),
            Self::Configuration(error) => error.advice().map(str::to_owned),
            Self::BucketDiffers { .. } => Some(
                "A policy does not change: take another name, or the bucket as it is.".to_owned(),
            ),
            Self::ClusterFile(error) => error.advice().map(str::to_owned),
            Self::Port(error) => Some(error.advice().to_owned()),
            Self::Journal(error) => Some(error.advice().to_owned()),
            _ => None,
        }
    }

    /// Says it on standard error, in the form asked for.
    pub fn report(&self, format: Option<Format>) -> ExitCode {
        // Who closed the pipe has read all they wanted.
        if matches!(self, Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        if let Self::Shown(kind) = self {
            return ExitCode::from(kind.code());
        }
        let (kind, message, advice) = (self.kind(), self.to_string(), self.advice());
        match (format, &advice) {
            (Some(Format::Json), _) => {
                let error = json!({ "kind": kind.name(), "message": message, "advice": advice });
                output::note(&json!({ "error": error }).to_string());
            }
            (_, Some(advice)) => output::note(&format!("cartwheel: {message}\n  {advice}")),
            (_, None) => output::note(&format!("cartwheel: {message}")),
        }
        ExitCode::from(kind.code())
    }
}

fn kind_of(error: &cartwheel_client::Error) -> FailureKind {
    use cartwheel_client::Error;
    match error {
        Error::Unreachable { .. } | Error::TimedOut { .. } => FailureKind::Unreachable,
        Error::NoEndpoints => FailureKind::Usage,
        _ => match error.refusal() {
            Some(RequestError::TimedOut { .. }) => FailureKind::Unreachable,
            _ => FailureKind::Refused,
        },
    }
}
