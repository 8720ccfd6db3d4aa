//! A seed is a run: without that, no failure could be looked at twice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, process};

use cartwheel_simulation::campaign::{BAD_DISKS, FIVE_BAD_DISKS, FIVE_NODES, run_all};
use cartwheel_simulation::history::{Outcome, json_lines};

/// Where a process of our own is to write its trace to.
const TRACE_FILE: &str = "CARTWHEEL_TRACE_FILE";

#[test]
fn the_same_seed_gives_the_same_trace() {
    for kind in [FIVE_NODES, BAD_DISKS] {
        let first = kind.simulation(7).run();
        let writes = first.history.writes.iter();
        let acknowledged = writes.filter(|write| write.outcome() == Outcome::Acknowledged);
        assert!(acknowledged.count() > 100);
        let again = kind.simulation(7).run();
        let mut lines = first.trace.iter().zip(&again.trace).enumerate();
        assert_eq!(lines.find(|(_, (a, b))| a != b), None);
        assert_eq!(first.trace, again.trace);
        assert_ne!(first.trace, kind.simulation(8).run().trace);
    }
}

#[test]
fn runs_on_two_threads_at_once_are_as_they_are_alone() {
    let traces = Mutex::new(Vec::new());
    let runs = [(FIVE_NODES, 7), (FIVE_NODES, 7)];
    run_all(&runs, 2, |_, report| {
        traces.lock().unwrap().push(report.trace)
    });
    let alone = FIVE_NODES.simulation(7).run().trace;
    assert_eq!(traces.into_inner().unwrap(), [alone.clone(), alone]);
}

#[test]
fn the_same_seed_gives_the_same_trace_and_history_in_two_processes() {
    let traces = ["one", "other"].map(|name| {
        let file = format!("cartwheel-trace-{}-{name}", process::id());
        let file = env::temp_dir().join(file);
        trace_of_a_process(&file);
        let trace = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        trace
    });
    assert!(traces[0].lines().count() > 1_000);
    let mut lines = traces[0].lines().zip(traces[1].lines()).enumerate();
    assert_eq!(lines.find(|(_, (a, b))| a != b), None);
    assert!(traces[0] == traces[1]);
}

fn trace_of_a_process(file: &Path) {
    let mut process = Command::new(env::current_exe().expect("a program"));
    process.args(["--ignored", "--exact", "same_seed::writes_a_trace"]);
    let output = process.env(TRACE_FILE, file).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "the test of two processes runs it, and says where to"]
fn writes_a_trace() {
    let Some(file) = env::var_os(TRACE_FILE).map(PathBuf::from) else {
        return;
    };
    let report = FIVE_BAD_DISKS.simulation(7).run();
    let trace = report.trace.join("\n") + "\n" + &json_lines(&report.history);
    fs::write(file, trace).unwrap();
}
