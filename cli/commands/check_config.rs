//! `cartwheel check-config FILE`: would a node start with this?

use std::path::PathBuf;

use cartwheel::config::Config;
use cartwheel_actors::extension::Extension;
use clap::{Args, ValueHint};
use serde::Serialize;

use crate::configuration::Sources;
use crate::failure::Failure;
use crate::output::{self, Format};

/// Check a configuration file: names the setting and the rule it breaks
///
/// The environment (CARTWHEEL_SECTION__KEY) is laid over the file, as `serve` does it.
/// Ends with 0 if a node could start with it, else with 2.
#[derive(Debug, Args)]
pub struct CheckConfig {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// What the node would be.
#[derive(Serialize)]
struct Report {
    file: String,
    node: u64,
    members: usize,
    client: String,
    bridge: String,
    data_dir: String,
}

impl CheckConfig {
    pub fn run(self, format: Option<Format>, extensions: &[Extension]) -> Result<(), Failure> {
        let mut sources = Sources::default();
        sources.file(&self.file)?;
        sources.environment(crate::configuration::variables())?;
        let report = self.report(&sources.load_for(extensions)?);
        output::show(format, &report, as_text)
    }

    fn report(&self, config: &Config) -> Report {
        Report {
            file: self.file.display().to_string(),
            node: config.node.id.0,
            members: config.cluster.members.len(),
            client: config.client_address().to_owned(),
            bridge: config.bridge_address().to_owned(),
            data_dir: config.node.data_dir.clone(),
        }
    }
}

fn as_text(report: &Report) -> String {
    format!(
        "{}: ok: node-{} of {} members, for clients on {}, for nodes on {}, data in {}",
        report.file, report.node, report.members, report.client, report.bridge, report.data_dir
    )
}
