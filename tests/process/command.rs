//! Running the program to its end.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// No command may take longer, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command ended with.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The program, without any settings of whoever runs the tests.
pub fn program() -> Command {
    behind(&[])
}

/// The program as the last words of another command.
pub fn behind(fence: &[String]) -> Command {
    let program = env!("CARGO_BIN_EXE_cartwheel").to_owned();
    let mut words = fence.iter().chain([&program]);
    let mut command = Command::new(words.next().unwrap_or(&program));
    command.args(words);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARTWHEEL_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the program with these words.
pub async fn run(words: &[&str]) -> Ended {
    run_with_input(words, b"").await
}

/// Runs the program with these words and this on its standard input.
pub async fn run_with_input(words: &[&str], input: &[u8]) -> Ended {
    let mut command = program();
    command.args(words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // One that reads no input closes it, which is no concern of the test.
    tokio::spawn(async move { stdin.write_all(&input).await });
    let ended = timeout(PATIENCE, child.wait_with_output()).await;
    let output = ended.unwrap_or_else(|_| panic!("{words:?} took longer than {PATIENCE:?}"));
    let output = output.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ended {
    /// The output of a command that has to succeed.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The error of a command that has to end with this code.
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.stderr
    }

    /// The output as JSON.
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}
