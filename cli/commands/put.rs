//! `cartwheel put BUCKET KEY [VALUE]`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cartwheel::limits::VALUE_LEN_CEILING;
use cartwheel_client::Written;
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::{Failure, UsageError};
use crate::output::{self, Format};
use crate::request_options::WriteOptions;
use crate::standard_input;
use crate::tokens;

/// Write a value
///
/// Without --context a put keeps what is there as a sibling, so that no write is ever lost; in a
/// bucket where the last writer wins it replaces it. With -o json: {"context":TOKEN}, which covers what was replaced and the
/// value put.
#[derive(Debug, Args)]
pub struct Put {
    /// The bucket
    bucket: String,
    /// The key, any bytes
    key: OsString,
    /// The value; without it, --file or standard input
    #[arg(allow_negative_numbers = true)]
    value: Option<OsString>,
    /// Read the value from a file; `-` is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "value")]
    file: Option<PathBuf>,
    /// The media type to keep with the value
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    #[command(flatten)]
    options: WriteOptions,
}

#[derive(Serialize)]
struct Report {
    context: String,
}

impl Put {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let value = self.value()?;
        let written = connection::block_on(self.write(target, value))?;
        let context = tokens::token(&written.context);
        match format {
            Some(Format::Json) => output::json(&Report { context }),
            Some(Format::Table) => output::line(&format!("context {context}")),
            None => Ok(()),
        }
    }

    async fn write(&self, target: &Target, value: Bytes) -> Result<Written, Failure> {
        let client = target.connect().await?;
        let key = tokens::word(self.key.clone());
        let mut request = client.bucket(&self.bucket).put(key, value);
        if let Some(content_type) = &self.content_type {
            request = request.content_type(content_type);
        }
        let written = self.options.put(request).send().await;
        written.map_err(Failure::Write)
    }

    fn value(&self) -> Result<Bytes, Failure> {
        match (&self.value, &self.file) {
            (Some(value), _) => Ok(tokens::word(value.clone())),
            (None, Some(path)) if path.as_os_str() != "-" => from_file(path),
            (None, Some(_)) => from_stdin(),
            (None, None) if io::stdin().is_terminal() => Err(UsageError::NoValue.into()),
            (None, None) => from_stdin(),
        }
    }
}

fn from_file(path: &Path) -> Result<Bytes, Failure> {
    let file = File::open(path).map_err(|cause| cannot_read(path, cause))?;
    read(file, path)
}

fn from_stdin() -> Result<Bytes, Failure> {
    if standard_input::was_closed() {
        return Err(UsageError::StdinClosed.into());
    }
    read(io::stdin().lock(), Path::new("standard input"))
}

/// Reads no further than the longest value of any bucket: what is endless would never be sent.
fn read(source: impl Read, path: &Path) -> Result<Bytes, Failure> {
    let (mut value, limit) = (Vec::new(), u64::from(VALUE_LEN_CEILING));
    let read = source.take(limit + 1).read_to_end(&mut value);
    read.map_err(|cause| cannot_read(path, cause))?;
    match value.len() as u64 > limit {
        true => Err(Failure::EndlessValue {
            path: path.to_owned(),
            limit,
        }),
        false => Ok(value.into()),
    }
}

fn cannot_read(path: &Path, cause: io::Error) -> Failure {
    Failure::File {
        action: "read",
        path: path.to_owned(),
        cause,
    }
}
