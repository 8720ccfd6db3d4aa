//! What makes the data of several starts one cluster: its id, its secret, its number of nodes.

use std::io;
use std::path::{Path, PathBuf};

use cartwheel::node::ClusterId;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::files;

const FILE: &str = "cluster.toml";

/// A cluster's own, made at its first start.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    #[serde(deserialize_with = "cluster_id")]
    pub id: ClusterId,
    pub secret: String,
    pub nodes: u8,
}

fn cluster_id<'de, D: Deserializer<'de>>(input: D) -> Result<ClusterId, D::Error> {
    let digits = String::deserialize(input)?;
    let id = u128::from_str_radix(&digits, 16);
    id.map(ClusterId).map_err(D::Error::custom)
}

/// A data directory that can't be this cluster's.
#[derive(Debug, thiserror::Error)]
pub enum ClusterFileError {
    #[error("{} holds a cluster of {found} nodes, not {wanted}: their number is fixed when the data is made; use --nodes {found}, or another --data", .path.display())]
    OtherSize {
        path: PathBuf,
        found: u8,
        wanted: u8,
    },
    #[error("{} is in use by process {process_id}, a `cartwheel dev` that runs", .data.display())]
    InUse { data: PathBuf, process_id: String },
    #[error("{} is damaged: {cause}", .path.display())]
    Damaged {
        path: PathBuf,
        cause: toml::de::Error,
    },
    #[error("can't use {}: {cause}", .path.display())]
    Io { path: PathBuf, cause: io::Error },
}

impl ClusterFileError {
    /// What can be done about it.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::InUse { .. } => Some("Stop it, or give this one a directory of its own: --data."),
            _ => None,
        }
    }
}

impl Identity {
    /// The identity kept in a data directory, or a new one that is kept from now on.
    pub fn of(data: &Path, nodes: u8) -> Result<Self, ClusterFileError> {
        let path = data.join(FILE);
        let failed = |cause| ClusterFileError::Io {
            path: path.clone(),
            cause,
        };
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new = Self::random(nodes);
                std::fs::create_dir_all(data).map_err(failed)?;
                files::replace(&path, &new.to_toml()).map_err(failed)?;
                new
            }
            Err(error) => return Err(failed(error)),
        };
        match kept.nodes == nodes {
            true => Ok(kept),
            false => Err(ClusterFileError::OtherSize {
                path,
                found: kept.nodes,
                wanted: nodes,
            }),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ClusterFileError> {
        let parsed = toml::from_str(text);
        parsed.map_err(|cause| ClusterFileError::Damaged {
            path: path.to_owned(),
            cause,
        })
    }

    /// A new one, which is not kept yet.
    pub fn random(nodes: u8) -> Self {
        Self {
            id: ClusterId(rand::random()),
            secret: format!("{:032x}", rand::random::<u128>()),
            nodes,
        }
    }

    fn to_toml(&self) -> String {
        let Self { id, secret, nodes } = self;
        format!(
            "# Made by `cartwheel dev` for the data beside it, which can't be read without it.\n\
             id = \"{id}\"\nsecret = \"{secret}\"\nnodes = {nodes}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_identity_is_made_once_and_kept() {
        let data = tempfile::tempdir().unwrap();
        let place = data.path().join("new");
        let made = Identity::of(&place, 3).unwrap();
        let kept = Identity::of(&place, 3).unwrap();
        assert!(made == kept);
        assert!(made != Identity::random(3));
        let mode = std::fs::metadata(place.join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_number_of_nodes_is_refused() {
        let data = tempfile::tempdir().unwrap();
        Identity::of(data.path(), 3).unwrap();
        let refusal = Identity::of(data.path(), 5).err().unwrap().to_string();
        assert!(
            refusal.contains("holds a cluster of 3 nodes, not 5"),
            "{refusal}"
        );
    }

    #[test]
    fn a_damaged_identity_is_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(FILE);
        for damaged in ["id = 7", "id = 'seven'\nsecret = ''\nnodes = 3"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(
                Identity::of(data.path(), 3),
                Err(ClusterFileError::Damaged { .. })
            ));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }
}
