//! A disk that fills up under a running node: the node ends and says why, the others go on, and
//! what it has acknowledged is there once the disk has room again.
//!
//! The small disk is mounted in a mount namespace of the node's own, so that nothing of it is
//! left behind; where the system gives none, the test says that it was skipped.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::cluster::Cluster;
use crate::writer::{Writing, assert_all_found};

const PATIENCE: Duration = Duration::from_secs(90);

/// Mounts the small disk on its first argument and lays something on it that takes most of it;
/// runs the rest until it ends, makes room, and runs it again. A node never outlives the shell.
const FIRST_FULL_THEN_NOT: &str = r#"
set -u
data=$1; code=$2; shift 2
mount -t tmpfs -o size=64m cartwheel "$data" || exit 9
head -c 44m /dev/zero >"$data.filler" && mkdir "$data/records" && mv "$data.filler" "$data/.filler" || exit 9
setpriv --pdeathsig KILL "$@"
echo $? >"$code.new" && mv "$code.new" "$code"
rm "$data/.filler"
exec "$@"
"#;

#[tokio::test]
async fn a_full_disk_ends_its_node_and_takes_nothing_that_was_acknowledged() {
    if !can_mount().await {
        let line = "SKIPPED a_full_disk_ends_its_node: no mount namespace for a small disk\n";
        return std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    let mut cluster = Cluster::planned();
    let code = cluster.data.path().join("code");
    cluster.start_node(1);
    cluster.start_node(3);
    let disk = cluster.data.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    cluster.start_node_behind(2, &fence(&disk, &code), &disk.join("records"));
    cluster.all_serve().await;
    let all = Writing::start(&cluster.client().await, 3);
    wait_for(&code).await;
    assert_eq!(std::fs::read_to_string(&code).unwrap().trim(), "3");
    let logged = cluster.logged(2);
    assert!(logged.contains("No space left on device"), "{logged}");
    let keys = all.stop().await;
    assert!(keys.len() > 1_000, "only {} writes filled it", keys.len());
    // It has room again, and starts. Alone it has all that it acknowledged.
    cluster.serves(2).await;
    cluster.kill(1).await;
    cluster.kill(3).await;
    assert_all_found(&cluster.client_of(2).await, 1, &keys).await;
}

fn fence(disk: &Path, code: &Path) -> Vec<String> {
    let (disk, code) = (disk.to_str().unwrap(), code.to_str().unwrap());
    let mut words = NAMESPACE.to_vec();
    words.extend(["sh", "-c", FIRST_FULL_THEN_NOT, "sh", disk, code]);
    words.into_iter().map(str::to_owned).collect()
}

const NAMESPACE: [&str; 3] = ["unshare", "--mount", "--map-root-user"];

async fn can_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let mut probe = Command::new(NAMESPACE[0]);
    probe.args(&NAMESPACE[1..]);
    probe.args(["setpriv", "--pdeathsig", "KILL", "mount"]);
    probe
        .args(["-t", "tmpfs", "-o", "size=1m", "cartwheel"])
        .arg(place.path());
    let probe = probe.stderr(Stdio::null()).status().await;
    probe.is_ok_and(|status| status.success())
}

async fn wait_for(file: &Path) {
    let appears = async {
        while !file.exists() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, appears).await.expect("the disk fills up");
}
