//! The configuration of a node.
//!
//! ```text
//!   default.toml ─┐
//!   a file       ─┤ layers of tables ─► overlay ─► rules ─► sections ─► checks ─► Config
//!   environment  ─┤ (joined by the shell)
//!   flags        ─┘
//! ```
//!
//! `config/default.toml` is compiled in and holds every setting with its default, unit and
//! reason; `rules.rs` holds what each may be. Nothing is read here: texts and tables come from
//! the shell. A [`Config`] that exists is one that a node can start with.

mod checks;
mod error;
mod hex;
mod overlay;
mod rules;
mod sections;
mod written;

use crate::node::NodeId;

pub use error::ConfigError;
pub use overlay::setting_from_text;
pub use rules::Rule;
pub use sections::{
    ClusterSection, Config, CoordinationSection, LinksSection, ListenSection, LwwSection, Member,
    NodeSection, ReadFanout, RingSection, StorageKind, StorageSection, SupervisionSection,
};
pub use written::settings_of_extension;

/// Every setting with its default, its unit and its reason.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

impl Config {
    /// The configuration of one file's text over the defaults.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_table(text.parse::<toml::Table>()?)
    }

    /// The configuration of these settings over the defaults.
    pub fn from_table(settings: toml::Table) -> Result<Self, ConfigError> {
        let whole = overlay::over_defaults(settings)?;
        let config: Self = whole.try_into()?;
        checks::check(&config)?;
        Ok(config)
    }

    /// This node's entry among the members.
    pub fn member(&self) -> Option<&Member> {
        self.cluster.members.iter().find(|m| m.id == self.node.id)
    }

    /// Every member but this node.
    pub fn peers(&self) -> impl Iterator<Item = &Member> {
        let own = self.node.id;
        self.cluster.members.iter().filter(move |m| m.id != own)
    }

    /// The ids of all members.
    pub fn member_ids(&self) -> Vec<NodeId> {
        self.cluster.members.iter().map(|m| m.id).collect()
    }

    /// Whether every section of an extension is one of these extensions'.
    pub fn check_extensions<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ConfigError> {
        let section = |name: &str| format!("[extensions.{name}]");
        let known: Vec<String> = names.into_iter().map(section).collect();
        let mut sections = self.extensions.keys().map(|name| section(name));
        match sections.find(|section| !known.contains(section)) {
            Some(key) => Err(ConfigError::UnknownSetting { key, known }),
            None => Ok(()),
        }
    }

    /// Where to listen for clients.
    pub fn client_address(&self) -> &str {
        let own = self.member().map_or("", |member| &member.client);
        or_else(&self.listen.client, own)
    }

    /// Where to listen for other nodes.
    pub fn bridge_address(&self) -> &str {
        let own = self.member().map_or("", |member| &member.bridge);
        or_else(&self.listen.bridge, own)
    }
}

fn or_else<'a>(given: &'a str, otherwise: &'a str) -> &'a str {
    if given.is_empty() { otherwise } else { given }
}

#[cfg(test)]
mod tests;
