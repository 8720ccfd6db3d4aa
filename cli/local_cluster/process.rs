//! One node's process: started, waited for, stopped.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::{OWN_SETTINGS, PlannedNode};
use crate::configuration::{self, Setting};
use crate::failure::FailureKind;
use crate::files;

/// How long a process may take to stop by itself: its last commit has to reach the disk.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// How much of a log is shown when its process has failed.
const LOG_TAIL_BYTES: u64 = 2000;

/// A node's process, while it runs.
pub struct NodeProcess {
    pub node: PlannedNode,
    pub process_id: u32,
    child: Child,
    /// The process stops when this is dropped.
    stdin: Option<ChildStdin>,
    log_began: u64,
}

/// A process that could not be started, or that ended.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("can't start {node}: {cause}")]
    Start { node: String, cause: io::Error },
    #[error("{node} ended ({status}); the end of {}:\n{tail}", .log.display())]
    Ended {
        node: String,
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
}

impl ProcessError {
    /// Whether the process ended because it was started wrongly.
    pub fn is_usage(&self) -> bool {
        let usage = i32::from(FailureKind::Usage.code());
        matches!(self, Self::Ended { status, .. } if status.code() == Some(usage))
    }
}

/// Whether a variable of the environment would lead a node to another's settings.
pub fn is_own(variable: &str) -> bool {
    let key = configuration::setting_of(variable);
    key.is_some_and(|key| OWN_SETTINGS.contains(&key.as_str()))
}

impl NodeProcess {
    /// Starts a node with this configuration and these settings on top of it.
    pub fn start(
        node: &PlannedNode,
        config: &str,
        settings: &[Setting],
    ) -> Result<Self, ProcessError> {
        let started = Self::spawn(node, config, settings);
        started.map_err(|cause| ProcessError::Start {
            node: node.name(),
            cause,
        })
    }

    fn spawn(node: &PlannedNode, config: &str, settings: &[Setting]) -> io::Result<Self> {
        std::fs::create_dir_all(&node.folder)?;
        files::replace(&node.config_file(), config)?;
        let log = files::append(&node.log_file())?;
        let log_began = log.metadata()?.len();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--config").arg(node.config_file());
        command.arg("--stop-on-stdin-close");
        for setting in settings {
            command.arg("--set").arg(setting.to_string());
        }
        for name in std::env::vars_os().map(|(name, _)| name) {
            if is_own(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        // Ctrl-C on the terminal is for the parent, which stops its nodes in order.
        let mut child = command.process_group(0).spawn()?;
        Ok(Self {
            node: node.clone(),
            process_id: child.id().unwrap_or_default(),
            stdin: child.stdin.take(),
            child,
            log_began,
        })
    }

    /// Waits until it ends, and says how.
    pub async fn ended(&mut self) -> ProcessError {
        let status = self.child.wait().await;
        let node = self.node.name();
        match status {
            Ok(status) => ProcessError::Ended {
                node,
                status,
                log: self.node.log_file(),
                tail: self.log_tail().unwrap_or_default(),
            },
            Err(cause) => ProcessError::Start { node, cause },
        }
    }

    /// Lets it stop by itself, and kills it if it does not.
    pub async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(STOP_WAIT, self.child.wait()).await.is_err() {
            // One that has just ended can't be killed, and need not be.
            let _ = self.child.kill().await;
        }
    }

    /// The end of what this process wrote, none of an earlier one.
    fn log_tail(&self) -> io::Result<String> {
        let mut log = std::fs::File::open(self.node.log_file())?;
        let end = log.seek(SeekFrom::End(0))?;
        let tail = end.saturating_sub(LOG_TAIL_BYTES);
        log.seek(SeekFrom::Start(tail.max(self.log_began)))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_node_that_was_started_wrongly_is_told_from_one_that_failed() {
        for (code, usage) in [(2, true), (3, false)] {
            let ended = ProcessError::Ended {
                node: "node-1".to_owned(),
                status: ExitStatus::from_raw(code << 8),
                log: PathBuf::new(),
                tail: String::new(),
            };
            assert_eq!(ended.is_usage(), usage);
        }
    }
}
