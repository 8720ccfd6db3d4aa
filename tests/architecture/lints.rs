//! The nearest clippy.toml wins and inherits nothing, so a folder that forgets a line is unlimited
//! in silence; a package that forgets `lints.workspace` is not linted at all.

use crate::workspace;

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    for package in workspace::packages() {
        let manifest = workspace::manifest(&package);
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace")?.as_bool());
        assert_eq!(
            inherits,
            Some(true),
            "{package}/Cargo.toml needs `[lints] workspace = true`"
        );
    }
}

#[test]
fn every_package_has_its_clippy_toml_with_the_common_lines() {
    for package in workspace::packages() {
        let path = format!("{package}/clippy.toml");
        let settings: toml::Table = workspace::read(&path).parse().expect("TOML");
        let lines = settings
            .get("too-many-lines-threshold")
            .and_then(toml::Value::as_integer);
        assert_eq!(lines, Some(70), "{path}: too-many-lines-threshold = 70");
        let unwrap = settings
            .get("allow-unwrap-in-tests")
            .and_then(toml::Value::as_bool);
        assert_eq!(unwrap, Some(true), "{path}: allow-unwrap-in-tests = true");
    }
}
