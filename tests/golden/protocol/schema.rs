//! The types that the page describes, and whether a body is of one of them.

use std::collections::BTreeMap;

use rmpv::Value;

use super::document::{Document, table};

/// The structs and enums of the page, by name.
pub struct Schema {
    pub structs: BTreeMap<String, Vec<Field>>,
    pub enums: BTreeMap<String, Vec<Variant>>,
}

/// One row of a struct's table.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub of: String,
}

/// One row of an enum's table; the payload is empty for none.
pub struct Variant {
    pub name: String,
    pub payload: String,
}

impl Schema {
    pub fn read(document: &Document) -> Self {
        let (mut structs, mut enums) = (BTreeMap::new(), BTreeMap::new());
        for (heading, lines) in document.sections() {
            let Some((name, kind)) = type_heading(heading) else {
                continue;
            };
            let twice = match kind {
                "" => structs.insert(name.to_owned(), fields(&lines)).is_some(),
                _ => enums.insert(name.to_owned(), variants(&lines)).is_some(),
            };
            assert!(!twice, "{name} is described twice");
        }
        Self { structs, enums }
    }

    /// Whether the value is of this type, as the page writes types.
    pub fn check(&self, value: &Value, of: &str) -> Result<(), String> {
        let wrong = || Err(format!("{value} is not {of}"));
        if let Some(of) = of.strip_suffix(" or nil") {
            return if value.is_nil() {
                Ok(())
            } else {
                self.check(value, of)
            };
        }
        if let Some(of) = of.strip_prefix("array of ") {
            let Some(items) = value.as_array() else {
                return wrong();
            };
            return items.iter().try_for_each(|item| self.check(item, of));
        }
        if let Some(list) = of.strip_prefix('[').and_then(|of| of.strip_suffix(']')) {
            return self.check_list(value, split(list));
        }
        let of_range = |most: u64| value.as_u64().is_some_and(|number| number <= most);
        let right = match of {
            "bool" => value.is_bool(),
            "str" => value.is_str(),
            "bin" => value.is_bin(),
            "u8" => of_range(u8::MAX.into()),
            "u16" => of_range(u16::MAX.into()),
            "u32" => of_range(u32::MAX.into()),
            "u64" => of_range(u64::MAX),
            "()" => value.is_nil(),
            name => return self.check_named(value, name),
        };
        if right { Ok(()) } else { wrong() }
    }

    fn check_list<'a>(
        &self,
        value: &Value,
        types: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        let types: Vec<&str> = types.into_iter().collect();
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        if !value.is_array() || items.len() != types.len() {
            return Err(format!("{value} is not an array of {}", types.len()));
        }
        let mut pairs = items.iter().zip(types);
        pairs.try_for_each(|(item, of)| self.check(item, of))
    }

    fn check_named(&self, value: &Value, name: &str) -> Result<(), String> {
        let (name, argument) = generic(name);
        let filled = |of: &str| of.replace("<T>", &format!("<{argument}>"));
        let filled = |of: &str| {
            if of == "T" {
                argument.to_owned()
            } else {
                filled(of)
            }
        };
        if let Some(fields) = self.structs.get(&name) {
            let types: Vec<String> = fields.iter().map(|field| filled(&field.of)).collect();
            return self.check_list(value, types.iter().map(String::as_str));
        }
        let variants = self.enums.get(&name);
        let variants = variants.ok_or_else(|| format!("{name} is not described"))?;
        let (variant, payload) = written_variant(value)?;
        let known = variants.iter().find(|known| known.name == variant);
        let known = known.ok_or_else(|| format!("{name} has no variant {variant}"))?;
        match (payload, &*known.payload) {
            (None, "") => Ok(()),
            (Some(payload), of) if !of.is_empty() => self.check(payload, &filled(of)),
            _ => Err(format!("{value} does not have the payload of {variant}")),
        }
    }
}

/// "Name" or "Name (enum)", of a heading that describes a type.
fn type_heading(heading: &str) -> Option<(&str, &str)> {
    let (name, kind) = heading.strip_prefix('`')?.split_once('`')?;
    Some((name, kind.trim()))
}

fn fields(lines: &[&str]) -> Vec<Field> {
    let rows = table(lines, "field").unwrap_or_default();
    let field = |row: Vec<String>| Field {
        name: row[0].clone(),
        of: row[1].clone(),
    };
    rows.into_iter().map(field).collect()
}

fn variants(lines: &[&str]) -> Vec<Variant> {
    let rows = table(lines, "variant").expect("an enum has a table of its variants");
    let variant = |row: Vec<String>| Variant {
        name: row[0].clone(),
        payload: row[1].replace("none", ""),
    };
    rows.into_iter().map(variant).collect()
}

/// The name under which a type is described, and its argument, if it has one.
fn generic(name: &str) -> (String, &str) {
    match name.split_once('<') {
        Some((name, argument)) => (format!("{name}<T>"), argument.trim_end_matches('>')),
        None => (name.to_owned(), ""),
    }
}

/// The types of a list, with or without names before them.
pub fn split(list: &str) -> Vec<&str> {
    let parts = list.split(", ");
    parts
        .map(|part| part.split_once(": ").map_or(part, |(_, of)| of))
        .collect()
}

/// The name of a variant and its payload.
fn written_variant(value: &Value) -> Result<(&str, Option<&Value>), String> {
    let entry = value.as_map().map(Vec::as_slice);
    let (name, payload) = match entry {
        Some([(name, payload)]) => (name, Some(payload)),
        _ => (value, None),
    };
    let name = name
        .as_str()
        .ok_or_else(|| format!("{value} is no variant"))?;
    Ok((name, payload))
}

#[test]
fn values_of_another_form_are_told_apart() {
    let schema = Schema::read(&Document::read());
    let five = Value::from(5);
    assert!(schema.check(&five, "u8").is_ok());
    assert!(schema.check(&Value::from(256), "u8").is_err());
    assert!(schema.check(&five, "str or nil").is_err());
    assert!(schema.check(&Value::Nil, "str or nil").is_ok());
    let pair = Value::Array(vec![five.clone(), five.clone()]);
    assert!(schema.check(&pair, "Dot").is_ok());
    assert!(schema.check(&pair, "array of str").is_err());
    assert!(schema.check(&five, "Dot").is_err());
    let named = |name: &str, payload: &Value| Value::Map(vec![(name.into(), payload.clone())]);
    assert!(schema.check(&"Asked".into(), "ExplainStep").is_ok());
    assert!(schema.check(&named("Asked", &pair), "ExplainStep").is_err());
    assert!(schema.check(&named("Minted", &pair), "ExplainStep").is_ok());
    assert!(schema.check(&"Minted".into(), "ExplainStep").is_err());
    assert!(schema.check(&named("Ok", &pair), "Result<Dot>").is_ok());
    assert!(schema.check(&named("Ok", &five), "Result<Dot>").is_err());
    assert!(schema.check(&five, "Unheard").is_err());
}
