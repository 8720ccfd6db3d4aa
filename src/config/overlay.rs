//! Settings over the defaults, each known by name and held to its rule.

use toml::{Table, Value};

use super::rules::{MEMBER_RULES, RULES, Rule, rule_of};
use super::{ConfigError, DEFAULT_TOML};

/// The whole configuration: every setting as given, or by default.
pub(super) fn over_defaults(settings: Table) -> Result<Table, ConfigError> {
    let mut whole: Table = DEFAULT_TOML.parse()?;
    for (section, value) in settings {
        let known = section_of(&mut whole, &section)?;
        let Value::Table(given) = value else {
            return Err(unknown(section, known));
        };
        for (name, value) in given {
            if section == EXTENSIONS {
                check_extension(&name, &value)?;
                known.insert(name, value);
                continue;
            }
            check_setting(&format!("{section}.{name}"), &value, known)?;
            known.insert(name, value);
        }
    }
    find_missing(&whole)?;
    Ok(whole)
}

/// The section whose settings are tables, one an extension.
const EXTENSIONS: &str = "extensions";

/// Its settings are the extension's own matter.
fn check_extension(name: &str, value: &Value) -> Result<(), ConfigError> {
    match value {
        Value::Table(_) => Ok(()),
        other => Err(refused(
            &format!("{EXTENSIONS}.{name}"),
            other,
            Rule::SectionOfAnExtension,
        )),
    }
}

/// The value of a setting from text, as it stands in an environment variable or a flag.
///
/// What is text in the file needs no quotes; everything else is written as in the file.
pub fn setting_from_text(key: &str, text: &str) -> Result<Value, ConfigError> {
    let as_text = Value::String(text.to_owned());
    if key
        .strip_prefix(EXTENSIONS)
        .is_some_and(|rest| rest.starts_with('.'))
    {
        // Only the extension knows what it takes, and is asked when it reads its section.
        return Ok(as_text);
    }
    let Some(rule) = rule_of(key) else {
        let known = RULES.iter().map(|(name, _)| (*name).to_owned()).collect();
        let key = key.to_owned();
        return Err(ConfigError::UnknownSetting { key, known });
    };
    if rule.is_text() {
        return Ok(as_text);
    }
    let value = text.parse::<Value>();
    value.map_err(|_| refused(key, &as_text, rule))
}

fn section_of<'a>(whole: &'a mut Table, section: &str) -> Result<&'a mut Table, ConfigError> {
    let known = whole.keys().map(|name| format!("[{name}]")).collect();
    match whole.get_mut(section) {
        Some(Value::Table(table)) => Ok(table),
        _ => Err(ConfigError::UnknownSetting {
            key: format!("[{section}]"),
            known,
        }),
    }
}

fn check_setting(key: &str, value: &Value, known: &Table) -> Result<(), ConfigError> {
    let rule = rule_of(key).ok_or_else(|| unknown(key.to_owned(), known))?;
    if !rule.holds(value) {
        return Err(refused(key, value, rule));
    }
    match (rule, value) {
        (Rule::Members, Value::Array(members)) => check_members(key, members),
        _ => Ok(()),
    }
}

fn check_members(key: &str, members: &[Value]) -> Result<(), ConfigError> {
    for (index, member) in members.iter().enumerate() {
        let key = format!("{key}[{index}]");
        let Value::Table(fields) = member else {
            return Err(refused(&key, member, Rule::Members));
        };
        check_member(&key, fields)?;
    }
    Ok(())
}

fn check_member(key: &str, fields: &Table) -> Result<(), ConfigError> {
    for name in fields.keys() {
        if !MEMBER_RULES.iter().any(|(known, _)| known == name) {
            let known = MEMBER_RULES.iter().map(|(known, _)| (*known).to_owned());
            return Err(ConfigError::UnknownSetting {
                key: format!("{key}.{name}"),
                known: known.collect(),
            });
        }
    }
    for (name, rule) in MEMBER_RULES {
        let key = format!("{key}.{name}");
        match fields.get(name) {
            None => return Err(ConfigError::Missing { key, rule }),
            Some(value) if !rule.holds(value) => return Err(refused(&key, value, rule)),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Only what has no default can break its rule here.
fn find_missing(whole: &Table) -> Result<(), ConfigError> {
    for (key, rule) in RULES {
        let (section, name) = key.split_once('.').unwrap_or((key, ""));
        let value = whole.get(section).and_then(|section| section.get(name));
        if !value.is_some_and(|value| rule.holds(value)) {
            let key = key.to_owned();
            return Err(ConfigError::Missing { key, rule });
        }
    }
    Ok(())
}

fn refused(key: &str, value: &Value, rule: Rule) -> ConfigError {
    ConfigError::Refused {
        key: key.to_owned(),
        value: shown(value, rule),
        rule,
    }
}

fn shown(value: &Value, rule: Rule) -> String {
    match value {
        _ if rule == Rule::Secret => "…".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Table(fields) => format!("a table of {}", fields.len()),
    }
}

fn unknown(key: String, known: &Table) -> ConfigError {
    let known = known.keys().cloned().collect();
    ConfigError::UnknownSetting { key, known }
}
