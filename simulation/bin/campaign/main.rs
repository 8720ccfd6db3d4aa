//! Runs our campaigns from a terminal, or one seed with all that happens in it.

mod process_time;
mod summary;

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread::available_parallelism;

use cartwheel_simulation::campaign::{Kind, campaign};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use summary::Summary;

/// Simulated clusters under load and faults, each run from one seed.
#[derive(Parser)]
#[command(name = "campaign")]
struct Arguments {
    /// How many seeds of each kind of run.
    #[arg(long, default_value_t = 60)]
    runs: u64,
    /// One seed alone, and all that happens in it on stdout.
    #[arg(long, conflicts_with = "runs")]
    seed: Option<u64>,
    /// One kind of run alone: three-nodes, five-nodes, bad-disks or five-bad-disks.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// How many runs at a time; as many as there are cores unless told otherwise.
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let kinds: Vec<Kind> = match arguments.kind {
        Some(kind) => vec![kind],
        None => Kind::ALL.to_vec(),
    };
    let clean = match arguments.seed {
        Some(seed) => replay(&kinds, seed),
        None => run(&kinds, &arguments),
    };
    // A closed pipe is nobody who reads, and no failure of a run.
    match clean {
        Ok(false) => ExitCode::FAILURE,
        Ok(true) | Err(_) => ExitCode::SUCCESS,
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    let mut all = Kind::ALL.into_iter();
    let kind = all.find(|kind| kind.name.replace(' ', "-") == name);
    kind.ok_or_else(|| format!("no kind of run is called {name}"))
}

/// Tells of one seed, free of the machine's time: two of them can be compared.
fn replay(kinds: &[Kind], seed: u64) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let mut clean = true;
    for kind in kinds {
        let report = kind.simulation(seed).run();
        writeln!(out, "{}, seed {seed}", kind.name)?;
        for line in &report.trace {
            writeln!(out, "{line}")?;
        }
        for complaint in report.complaints() {
            writeln!(out, "WRONG: {complaint}")?;
        }
        clean &= report.is_clean();
    }
    Ok(clean)
}

fn run(kinds: &[Kind], arguments: &Arguments) -> io::Result<bool> {
    let cores = available_parallelism().map_or(1, usize::from);
    let bar = progress_bar(arguments.runs * kinds.len() as u64);
    let threads = arguments.jobs.unwrap_or(cores);
    let totals = campaign(kinds, arguments.runs, threads, || bar.inc(1));
    bar.finish_and_clear();
    let summary = Summary::new(&totals, arguments.runs);
    write!(io::stdout(), "{summary}")?;
    Ok(summary.is_clean())
}

/// On a terminal; elsewhere it shows nothing.
fn progress_bar(runs: u64) -> ProgressBar {
    let bar = ProgressBar::new(runs);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left");
    style
        .map(|style| bar.clone().with_style(style))
        .unwrap_or(bar)
}
