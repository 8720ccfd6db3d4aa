//! What a shell offers behind the words that were typed.

use std::fs;

use tokio::process::Command;

use crate::cluster::directory;
use crate::command::run;

/// Calls the function of the script as bash does it, and prints what it offers.
const OFFER: &str = r#"
source ./completions
# Bash has it only while it completes itself.
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_cartwheel cartwheel "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
echo "${COMPREPLY[*]}"
"#;

#[tokio::test]
async fn bash_offers_commands_choices_and_paths() {
    let place = directory();
    let script = run(&["completions", "bash"]).await.ok();
    fs::write(place.path().join("completions"), script).unwrap();
    fs::write(place.path().join("journal-1"), "").unwrap();
    for (words, offered) in [
        (&["im"][..], "import"),
        (&["bucket", "cr"], "create"),
        (&["import", "b", "x", "--format", ""], "tree jsonl"),
        (&["get", "b", "k", "--output", "j"], "json"),
        (&["import", "b", "x", "--resume", "jour"], "journal-1"),
        (&["import", "b", "x", "--prefix", "jour"], "jour"),
        (&["status", "--end"], "--endpoint"),
        (&["check-config", "--end"], ""),
        (&["completions", "--time"], ""),
    ] {
        let mut bash = Command::new("bash");
        bash.args(["-c", OFFER, "bash", "cartwheel"]).args(words);
        let output = bash.current_dir(place.path()).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.trim_end(), offered, "{words:?}");
    }
}
