//! What can be wrong with a configuration: the key, the value, and the rule it breaks.

use super::Rule;
use crate::node::NodeId;

/// A configuration that no node can start with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The text is no TOML.
    #[error("not TOML: {0}")]
    Malformed(#[from] toml::de::Error),
    /// No setting of that name.
    #[error("unknown setting {key:?}: there is {}", names(.known))]
    UnknownSetting {
        /// The name, with its section.
        key: String,
        /// The names in its place.
        known: Vec<String>,
    },
    /// A setting without a default was not given.
    #[error("{key} is missing: it must be {rule}")]
    Missing {
        /// The setting.
        key: String,
        /// What it may be.
        rule: Rule,
    },
    /// A value outside its rule.
    #[error("{key} = {value} is refused: it must be {rule}")]
    Refused {
        /// The setting.
        key: String,
        /// What was given, as it would stand in the file; a secret is not shown.
        value: String,
        /// What it may be.
        rule: Rule,
    },
    /// Settings that an extension does not take.
    #[error("{key}: {}", .cause.message())]
    Extension {
        /// The section.
        key: String,
        /// What is wrong with it.
        cause: Box<toml::de::Error>,
    },
    /// Two settings in the wrong order.
    #[error("{low_key} = {low} is over {high_key} = {high}: it must be at most that")]
    Order {
        /// The setting that must not be greater.
        low_key: &'static str,
        /// Its value.
        low: u32,
        /// The setting that bounds it.
        high_key: &'static str,
        /// Its value.
        high: u32,
    },
    /// This node is not among the members.
    #[error("node.id = {} is not among cluster.members: they are {}", .id.0, ids(.members))]
    NotAMember {
        /// This node.
        id: NodeId,
        /// The members.
        members: Vec<NodeId>,
    },
    /// Two members share an id or an address.
    #[error("{key} = {value} stands for two members: each needs its own")]
    Repeated {
        /// The setting of the second.
        key: String,
        /// What it shares.
        value: String,
    },
    /// An address that others can reach, without being asked for out loud.
    #[error(
        "{key} = {address:?} is not a loopback address: nothing is encrypted, and nobody has to prove who they are; use 127.0.0.1, or say --insecure (listen.insecure = true)"
    )]
    NotLoopback {
        /// The setting.
        key: String,
        /// The address.
        address: String,
    },
}

impl ConfigError {
    /// The setting that has to change, if it is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Malformed(_) => None,
            Self::UnknownSetting { key, .. }
            | Self::Missing { key, .. }
            | Self::Refused { key, .. }
            | Self::Repeated { key, .. }
            | Self::Extension { key, .. }
            | Self::NotLoopback { key, .. } => Some(key),
            Self::Order { low_key, .. } => Some(low_key),
            Self::NotAMember { .. } => Some("node.id"),
        }
    }
}

fn names(known: &[String]) -> String {
    match known {
        [] => "none".to_owned(),
        known => known.join(", "),
    }
}

fn ids(members: &[NodeId]) -> String {
    let ids: Vec<String> = members.iter().map(|id| id.0.to_string()).collect();
    ids.join(", ")
}
