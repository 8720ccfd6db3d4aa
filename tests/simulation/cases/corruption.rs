//! Records that are corrupt all the time, some of them in the moment in which somebody hands them
//! less than they held.

use cartwheel_simulation::{FaultKind, Mix, Notebook, Simulation, Temper, secs, work};

/// How long clients work.
const WORK_SECS: u64 = 20;

/// The work of every campaign, on disks that do nothing but this.
pub fn simulation(seed: u64) -> Simulation {
    let mix = Mix::empty().weight(FaultKind::Corrupt, 1);
    let mix = mix.weight(FaultKind::Ambush, 2).until(secs(WORK_SECS));
    let mut simulation = Simulation::from_seed(seed).named("corruption");
    for (name, temper) in [("patient", Temper::Patient), ("hasty", Temper::Hasty)] {
        let notebook = Notebook::default();
        simulation = simulation.client(name, move |cluster| {
            work(cluster, temper, Vec::new(), secs(WORK_SECS), notebook)
        });
    }
    simulation.faults(mix)
}
