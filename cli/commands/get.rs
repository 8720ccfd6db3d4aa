//! `cartwheel get BUCKET KEY`.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use cartwheel_client::{Object, Value};
use clap::Args;
use serde::Serialize;

use crate::arguments::Target;
use crate::connection;
use crate::failure::{Failure, FailureKind};
use crate::output::{self, Format};
use crate::request_options::ReadOptions;
use crate::tokens;

/// Read a key
///
/// Prints the value as it is; of several siblings each, behind a header line. With -o json:
/// {"values":[base64, …],"content_types":[TYPE or null, …],"context":TOKEN}, a content type for
/// each value. The context, handed to `put` or `delete`, says what was seen. Ends with 1 if there
/// is no such key; the JSON has no values then.
#[derive(Debug, Args)]
pub struct Get {
    /// The bucket
    bucket: String,
    /// The key, any bytes
    key: OsString,
    #[command(flatten)]
    options: ReadOptions,
}

#[derive(Serialize)]
struct Report {
    values: Vec<String>,
    /// One for each value.
    content_types: Vec<Option<String>>,
    context: String,
}

impl Get {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let key = tokens::word(self.key.clone());
        let object = connection::block_on(self.read(target, &key))?;
        match format {
            Some(Format::Json) => output::json(&report(&object))?,
            Some(Format::Table) => output::line(&as_table(&object))?,
            None => print_values(&object)?,
        }
        match (object.is_absent(), format) {
            (false, _) => Ok(()),
            // A script reads one value of JSON, and finds no values in it.
            (true, Some(Format::Json)) => Err(Failure::Shown(FailureKind::NotFound)),
            (true, _) => Err(Failure::NotFound {
                bucket: self.bucket,
                key: output::readable(&key),
            }),
        }
    }

    async fn read(&self, target: &Target, key: &[u8]) -> Result<Object, Failure> {
        let client = target.connect().await?;
        let request = client.bucket(&self.bucket).get(key);
        Ok(self.options.read(request).send().await?)
    }
}

fn report(object: &Object) -> Report {
    let values = object.values.iter();
    let content_type = |value: &Value| {
        let content_type = value.attributes.content_type.clone();
        Some(content_type).filter(|content_type| !content_type.is_empty())
    };
    Report {
        content_types: values.clone().map(content_type).collect(),
        values: values.map(|value| tokens::base64(&value.bytes)).collect(),
        context: tokens::token(&object.context),
    }
}

fn as_table(object: &Object) -> String {
    let mut table = output::table(&["value", "bytes", "content type"]);
    for value in &object.values {
        table.add_row([
            output::readable(&value.bytes),
            value.bytes.len().to_string(),
            value.attributes.content_type.clone(),
        ]);
    }
    format!("{table}\ncontext {}", tokens::token(&object.context))
}

/// One value as it is; several, each behind a header that says how long it is.
fn print_values(object: &Object) -> Result<(), Failure> {
    let count = object.values.len();
    for (index, value) in object.values.iter().enumerate() {
        if count > 1 {
            let (number, bytes) = (index + 1, value.bytes.len());
            let header = format!("--- sibling {number} of {count}, {bytes} bytes\n");
            output::raw(header.as_bytes())?;
        }
        output::raw(&value.bytes)?;
        // A file gets the bytes alone, a person gets the prompt on a line of its own.
        if count > 1 || io::stdout().is_terminal() && !value.bytes.ends_with(b"\n") {
            output::raw(b"\n")?;
        }
    }
    if count > 1 {
        let token = tokens::token(&object.context);
        output::note(&format!(
            "To replace all {count}: put with --context {token}"
        ));
    }
    Ok(())
}
