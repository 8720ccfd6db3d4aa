//! Simulation and core never see RocksDB: neither in their build time nor in their behaviour.
//! The proof is cargo's own resolution, with every feature switched on and tests included.

use std::process::Command;

use crate::workspace;

/// The packages of `make test-fast`.
const WITHOUT_ROCKSDB: [&str; 9] = [
    "cartwheel",
    "cartwheel-actors",
    "cartwheel-client",
    "cartwheel-simulation",
    "cartwheel-tests",
    "cartwheel-change-feed",
    "cartwheel-counter",
    "cartwheel-expiry",
    "cartwheel-tally",
];
/// The package that exists to see it: the check of the check.
const WITH_ROCKSDB: &str = "cartwheel-storage";
const FORBIDDEN: [&str; 3] = ["rocksdb", "librocksdb-sys", WITH_ROCKSDB];

#[test]
fn core_shell_and_simulation_never_see_rocksdb() {
    for package in WITHOUT_ROCKSDB {
        let seen: Vec<_> = tree(package)
            .into_iter()
            .filter(|name| is_forbidden(name))
            .collect();
        assert!(
            seen.is_empty(),
            "{package} sees {seen:?}: run `cargo tree -p {package} -i {}`",
            seen[0]
        );
    }
}

#[test]
fn the_tree_shows_rocksdb_where_it_is() {
    let seen = tree(WITH_ROCKSDB);
    for name in FORBIDDEN {
        assert!(
            seen.iter().any(|seen| seen == name),
            "{name} is not in the tree of {WITH_ROCKSDB}"
        );
    }
}

#[test]
fn the_fast_tests_are_exactly_these_packages() {
    let makefile = workspace::read("Makefile");
    let line = makefile
        .lines()
        .find_map(|line| line.strip_prefix("FAST := "))
        .expect("a FAST list");
    let packages: Vec<_> = line
        .split_whitespace()
        .filter(|word| *word != "-p")
        .collect();
    assert_eq!(packages, WITHOUT_ROCKSDB);
}

fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.contains(&name)
}

/// The names of all packages that `package` is built and tested with.
fn tree(package: &str) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace::root()).args([
        "tree",
        "--offline",
        "--all-features",
        "--target=all",
    ]);
    cargo.args([
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
        "--package",
        package,
    ]);
    let output = cargo.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}
