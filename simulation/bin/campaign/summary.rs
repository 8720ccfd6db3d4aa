//! What a campaign tells at its end.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use cartwheel_simulation::campaign::{Kind, SEEDS_FOR_SOMETIMES, Totals};

use crate::process_time::cpu;

/// What a campaign tells at its end.
pub struct Summary<'a> {
    kinds: &'a [(Kind, Totals)],
    all: Totals,
    /// By kind, what must happen sometimes and never did.
    never: Vec<(Kind, Vec<&'static str>)>,
    cpu: Duration,
}

impl<'a> Summary<'a> {
    /// Of so many seeds of each kind.
    pub fn new(kinds: &'a [(Kind, Totals)], seeds: u64) -> Self {
        let mut all = Totals::default();
        let mut never = Vec::new();
        for (kind, totals) in kinds {
            all.merge(totals.clone());
            let missing = totals.never_happened(*kind);
            if seeds >= SEEDS_FOR_SOMETIMES && !missing.is_empty() {
                never.push((*kind, missing));
            }
        }
        let cpu = cpu();
        Self {
            kinds,
            all,
            never,
            cpu,
        }
    }

    /// Whether every run is clean, and what must happen sometimes has happened.
    pub fn is_clean(&self) -> bool {
        let red = self.kinds.iter().map(|(_, totals)| totals.red.len());
        self.never.is_empty() && red.sum::<usize>() == 0
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(out, "faults", &self.all.faults)?;
        list(out, "operations", &self.all.operations)?;
        list(out, "happened", &self.all.happened)?;
        let (simulated, cpu) = (self.all.simulated.as_secs_f64(), self.cpu.as_secs_f64());
        let (hours, ratio) = (simulated / 3600.0, simulated / cpu.max(0.001));
        let runs = self.all.runs;
        writeln!(
            out,
            "{runs} runs, {hours:.1} simulated hours, {ratio:.0} simulated seconds a second of CPU"
        )?;
        for (kind, totals) in self.kinds {
            for told in totals.red.values() {
                writeln!(out, "RED {told}")?;
            }
            if !totals.red.is_empty() {
                let seeds = totals.red.keys();
                writeln!(
                    out,
                    "RED seeds of {}: {:?}",
                    kind.name,
                    Vec::from_iter(seeds)
                )?;
            }
        }
        for (kind, missing) in &self.never {
            writeln!(out, "RED {} never saw {}", kind.name, missing.join(", "))?;
        }
        Ok(())
    }
}

fn list(
    out: &mut fmt::Formatter<'_>,
    title: &str,
    counts: &BTreeMap<&'static str, u64>,
) -> fmt::Result {
    writeln!(out, "{title}")?;
    for (what, count) in counts {
        writeln!(out, "{count:>10}  {what}")?;
    }
    Ok(())
}
