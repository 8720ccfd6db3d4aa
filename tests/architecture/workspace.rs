//! What the checks read: the workspace's folders, sources and manifests.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what was built or written by a run, not what we wrote.
const NOT_OURS: [&str; 2] = ["target", "data"];

/// The folder of the root manifest.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests/ lies in the workspace")
        .to_path_buf()
}

/// The text of a file, given from the root.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A manifest, given by its folder.
pub fn manifest(folder: &str) -> toml::Table {
    let path = Path::new(folder).join("Cargo.toml");
    read(&path)
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of all packages, the root's (".") first.
pub fn packages() -> Vec<String> {
    let manifest = manifest(".");
    let members = manifest["workspace"]["members"]
        .as_array()
        .expect("members is a list");
    let members = members
        .iter()
        .map(|member| member.as_str().expect("a folder").to_owned());
    std::iter::once(".".to_owned()).chain(members).collect()
}

/// Every Rust source of the workspace, from the root, in order.
pub fn sources() -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &mut found);
    let mut found: Vec<_> = found
        .iter()
        .map(|path| {
            path.strip_prefix(&root)
                .expect("lies below the root")
                .to_path_buf()
        })
        .collect();
    found.sort();
    assert!(
        found.contains(&PathBuf::from("src/lib.rs")),
        "the walk missed the core"
    );
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&&*name) {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
