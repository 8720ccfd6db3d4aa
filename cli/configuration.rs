//! The configuration of a node in layers: file under environment under flags. The defaults
//! below them all, and every rule, are the core's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cartwheel::config::{Config, ConfigError, setting_from_text};
use cartwheel_actors::extension::{Extension, ExtensionError, check};
use toml::{Table, Value};

use crate::failure::Failure;
use crate::node::ServeError;

const PREFIX: &str = "CARTWHEEL_";
const SEPARATOR: &str = "__";

/// Where settings come from, the last one winning.
#[derive(Default)]
pub struct Sources {
    layers: Vec<Layer>,
}

/// The settings of one source.
struct Layer {
    origin: String,
    settings: Table,
}

/// One setting of the command line.
#[derive(Clone, Debug)]
pub struct Setting {
    pub key: String,
    pub value: String,
}

/// A text that sets nothing.
#[derive(Debug, thiserror::Error)]
#[error("not SECTION.KEY=VALUE, as in coordination.read_fanout=all")]
pub struct NoSetting;

impl FromStr for Setting {
    type Err = NoSetting;

    fn from_str(text: &str) -> Result<Self, NoSetting> {
        let (key, value) = text.split_once('=').ok_or(NoSetting)?;
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        Ok(Self { key, value })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value } = self;
        write!(out, "{key}={value}")
    }
}

/// Settings that no node can start with, and where they came from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file can't be read.
    #[error("can't read the configuration file {}: {cause}", .path.display())]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    /// A rule is broken.
    #[error("{origin}: {cause}")]
    Refused {
        origin: String,
        cause: Box<ConfigError>,
    },
    /// The layers can't be joined.
    #[error("can't join the configuration: {0}")]
    Layers(#[from] config::ConfigError),
}

impl ConfigurationError {
    /// What can be done about it.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Refused { cause, .. } if matches!(**cause, ConfigError::Missing { .. }) => Some(
                "Settings come from a file (--config FILE), the environment or --set; `cartwheel dev` needs none.",
            ),
            _ => None,
        }
    }
}

impl Sources {
    /// Adds a file.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigurationError> {
        let text = std::fs::read_to_string(path).map_err(|cause| {
            let path = path.to_owned();
            ConfigurationError::Unreadable { path, cause }
        })?;
        self.text(path, &text)
    }

    /// Adds the text of a file, which need not be there yet.
    pub fn text(&mut self, path: &Path, text: &str) -> Result<(), ConfigurationError> {
        let origin = path.display().to_string();
        let settings = text.parse::<Table>().map_err(ConfigError::from);
        let settings = settings.map_err(|cause| refused(&origin, cause))?;
        self.layers.push(Layer { origin, settings });
        Ok(())
    }

    /// Adds the variables CARTWHEEL_SECTION__KEY of an environment; others are not settings.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigurationError> {
        for (name, text) in variables {
            if let Some(key) = setting_of(&name) {
                self.setting(&format!("{name} in the environment"), &key, &text)?;
            }
        }
        Ok(())
    }

    /// Adds one setting from text.
    pub fn setting(
        &mut self,
        origin: &str,
        key: &str,
        text: &str,
    ) -> Result<(), ConfigurationError> {
        let value = setting_from_text(key, text).map_err(|cause| refused(origin, cause))?;
        let mut names = key.rsplit('.');
        let innermost = names.next().unwrap_or(key).to_owned();
        let settings = names.fold(Table::from_iter([(innermost, value)]), |inner, name| {
            Table::from_iter([(name.to_owned(), inner.into())])
        });
        let origin = origin.to_owned();
        self.layers.push(Layer { origin, settings });
        Ok(())
    }

    /// Joins the layers, and holds the result to the rules.
    pub fn load(&self) -> Result<Config, ConfigurationError> {
        let mut builder = config::Config::builder();
        for layer in &self.layers {
            builder = builder.add_source(config::Config::try_from(&layer.settings)?);
        }
        let joined: Table = builder.build()?.try_deserialize()?;
        Config::from_table(joined).map_err(|cause| refused(&self.origin_of(&cause), cause))
    }

    /// Joins the layers, and holds the result to the rules of these extensions, too.
    pub fn load_for(&self, extensions: &[Extension]) -> Result<Config, Failure> {
        let config = self.load()?;
        match check(extensions, &config) {
            Ok(()) => Ok(config),
            Err(ExtensionError::Settings(cause)) => {
                Err(refused(&self.origin_of(&cause), cause).into())
            }
            Err(cause) => Err(ServeError::Start(cause.into()).into()),
        }
    }

    /// The last layer that gave the setting an error speaks of.
    fn origin_of(&self, error: &ConfigError) -> String {
        let gave = |layer: &&Layer| error.key().is_some_and(|key| has(&layer.settings, key));
        match self.layers.iter().rev().find(gave) {
            Some(layer) => layer.origin.clone(),
            None => "the configuration".to_owned(),
        }
    }
}

/// The setting that a variable of the environment gives, if it gives one.
pub fn setting_of(variable: &str) -> Option<String> {
    let setting = variable.strip_prefix(PREFIX)?.to_lowercase();
    let (section, key) = setting.split_once(SEPARATOR)?;
    // An extension's setting has two: CARTWHEEL_EXTENSIONS__NAME__KEY.
    Some(format!("{section}.{}", key.replacen(SEPARATOR, ".", 1)))
}

/// The environment of this process. What is no text breaks the rule of its setting.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (lossy(name), lossy(value)))
}

/// Whether a table holds a setting such as `node.id` or `cluster.members[1].client`, or a
/// section such as `[node]`.
fn has(settings: &Table, key: &str) -> bool {
    if let Some(section) = key.strip_prefix('[') {
        let mut names = section.trim_end_matches(']').split('.');
        let table = |value: &Value| value.as_table().cloned();
        let found = names.try_fold(settings.clone(), |inner, name| table(inner.get(name)?));
        return found.is_some();
    }
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    let name = rest.split(['[', '.']).next().unwrap_or_default();
    let section = settings.get(section).and_then(toml::Value::as_table);
    section.is_some_and(|section| section.contains_key(name))
}

fn refused(origin: &str, cause: ConfigError) -> ConfigurationError {
    ConfigurationError::Refused {
        origin: origin.to_owned(),
        cause: Box::new(cause),
    }
}

#[cfg(test)]
mod tests {
    use cartwheel::config::settings_of_extension;

    use super::*;

    const LOCAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/local/node-1.toml");

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.file(Path::new(LOCAL)).unwrap();
        sources
    }

    fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        list.iter().map(own).collect()
    }

    #[test]
    fn flags_come_over_the_environment_and_that_over_the_file() {
        let mut sources = sources();
        assert_eq!(sources.load().unwrap().node.id.0, 1);
        let environment = variables(&[
            ("CARTWHEEL_NODE__ID", "2"),
            ("CARTWHEEL_NODE__DATA_DIR", "/tmp/two"),
            ("CARTWHEEL_ENDPOINTS", "no setting"),
        ]);
        sources.environment(environment).unwrap();
        assert_eq!(sources.load().unwrap().node.id.0, 2);
        sources.setting("--set", "node.id", "3").unwrap();
        let config = sources.load().unwrap();
        assert_eq!(
            (config.node.id.0, config.node.data_dir.as_str()),
            (3, "/tmp/two")
        );
        assert_eq!(config.cluster.members.len(), 3);
        assert_eq!(config.coordination.request_timeout_ms, 5000);
    }

    #[test]
    fn settings_of_an_extension_come_from_all_layers() {
        let mut sources = sources();
        let environment = variables(&[("CARTWHEEL_EXTENSIONS__CHANGE_FEED__KEEP", "7")]);
        sources.environment(environment).unwrap();
        sources
            .setting("--set", "extensions.expiry.bucket", "123")
            .unwrap();
        sources
            .setting("--set", "extensions.expiry.after_ms", "9")
            .unwrap();
        let extensions = sources.load().unwrap().extensions;
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Expiry {
            bucket: String,
            after_ms: u64,
        }
        assert_eq!(extensions["change_feed"]["keep"].as_str(), Some("7"));
        let expiry: Expiry = settings_of_extension(extensions["expiry"].clone()).unwrap();
        let (bucket, after_ms) = ("123".to_owned(), 9);
        assert_eq!(expiry, Expiry { bucket, after_ms });
    }

    #[test]
    fn digits_stay_what_they_are_on_their_way_through_the_layers() {
        let digits = "00000000000000000000000000000012";
        let mut sources = sources();
        sources
            .environment(variables(&[("CARTWHEEL_CLUSTER__ID", digits)]))
            .unwrap();
        assert_eq!(sources.load().unwrap().cluster.id.to_string(), digits);
    }

    #[test]
    fn an_error_says_where_its_setting_came_from() {
        let mut sources = sources();
        sources
            .environment(variables(&[("CARTWHEEL_NODE__ID", "9")]))
            .unwrap();
        assert_eq!(
            sources.load().unwrap_err().to_string(),
            "CARTWHEEL_NODE__ID in the environment: node.id = 9 is not among cluster.members: they are 1, 2, 3"
        );
        let unknown = sources
            .setting("--set", "node.name", "x")
            .unwrap_err()
            .to_string();
        assert!(
            unknown.starts_with("--set: unknown setting \"node.name\""),
            "{unknown}"
        );
        let missing = Sources::default().load().unwrap_err().to_string();
        assert!(
            missing.starts_with("the configuration: node.id is missing"),
            "{missing}"
        );
        let absent = Sources::default()
            .file(Path::new("/no/such/file"))
            .unwrap_err();
        assert!(
            absent
                .to_string()
                .starts_with("can't read the configuration file /no/such/file")
        );
    }

    #[test]
    fn a_setting_is_found_in_its_layer() {
        let settings = "[cluster]\nmembers = []\n[extensions.expiry]\n";
        let settings: Table = settings.parse().unwrap();
        for key in [
            "cluster.members",
            "cluster.members[1].client",
            "[cluster]",
            "[extensions.expiry]",
        ] {
            assert!(has(&settings, key), "{key}");
        }
        assert!(!has(&settings, "cluster.id"));
        assert!(!has(&settings, "[node]"));
        assert!(!has(&settings, "[extensions.feed]"));
    }
}
