//! The settings of an extension, some of which were written as bare text.
//!
//! The environment and flags give nothing but text, and only the extension knows what it takes: where
//! it wants text, `123` is text, and where it wants a number it is one. So text is kept as it is
//! until the extension's own type asks for something.

use std::vec::IntoIter;

use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use toml::de::Error;
use toml::{Table, Value};

/// What an extension makes of its section.
pub fn settings_of_extension<S: DeserializeOwned>(section: Table) -> Result<S, Error> {
    S::deserialize(Written(Value::Table(section)))
}

/// A value, whose text may stand for what it says.
struct Written(Value);

impl Written {
    /// The value that its text says, where no text is wanted.
    fn said(self) -> Self {
        let Value::String(text) = self.0 else {
            return self;
        };
        Self(text.parse().unwrap_or(Value::String(text)))
    }
}

macro_rules! said {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.said().deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Written {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Table(fields) => visitor.visit_map(Fields {
                left: fields.into_iter().collect::<Vec<_>>().into_iter(),
                next: None,
            }),
            Value::Array(items) => {
                let items = items.into_iter().map(Self);
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            other => other.deserialize_any(visitor),
        }
    }

    said! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_seq deserialize_map
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            // A point in time is a struct to serde, with a name of its own.
            time @ Value::Datetime(_) => time.deserialize_struct(name, fields, visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // The name of a variant is text, one with a payload is a table.
        self.said().0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Written {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The settings of a section, one after the other.
struct Fields {
    left: IntoIter<(String, Value)>,
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next = self.left.next();
        let key = self.next.as_ref().map(|(key, _)| key.clone());
        key.map(|key| seed.deserialize(key.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.next.take() else {
            return Err(Error::custom("a value without its key"));
        };
        let value = seed.deserialize(Written(value));
        value.map_err(|error| Error::custom(format!("{key}: {}", error.message())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        name: String,
        keep: u64,
        #[serde(default)]
        share: f64,
        #[serde(default)]
        eager: bool,
        nick: Option<String>,
        limit: Option<u8>,
        #[serde(default)]
        names: Vec<String>,
        mode: Option<Mode>,
        #[serde(default)]
        inner: BTreeMap<String, u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Slow,
        Fast { times: u8 },
    }

    fn text(settings: &[(&str, &str)]) -> Table {
        let value = |text: &str| Value::String(text.to_owned());
        let settings = settings.iter();
        settings
            .map(|(name, text)| ((*name).to_owned(), value(text)))
            .collect()
    }

    fn refused(section: Table) -> String {
        let refused = settings_of_extension::<Settings>(section).unwrap_err();
        refused.message().to_owned()
    }

    #[test]
    fn text_is_what_the_extension_wants_it_to_be() {
        let section = text(&[
            ("name", "123"),
            ("keep", "123"),
            ("share", "0.5"),
            ("eager", "true"),
            ("nick", "true"),
            ("limit", "7"),
            ("names", "[\"1\", \"two\"]"),
            ("mode", "{ fast = { times = 2 } }"),
            ("inner", "{ one = 1 }"),
        ]);
        let expected = Settings {
            name: "123".to_owned(),
            keep: 123,
            share: 0.5,
            eager: true,
            nick: Some("true".to_owned()),
            limit: Some(7),
            names: vec!["1".to_owned(), "two".to_owned()],
            mode: Some(Mode::Fast { times: 2 }),
            inner: BTreeMap::from([("one".to_owned(), 1)]),
        };
        assert_eq!(settings_of_extension(section), Ok(expected));
    }

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let section = "name = '1'\nkeep = 2\nshare = 3\nmode = 'slow'\nnames = ['4']";
        let read: Settings = settings_of_extension(section.parse().unwrap()).unwrap();
        assert_eq!((&*read.name, read.keep, read.share), ("1", 2, 3.0));
        assert_eq!(
            (read.mode, read.names),
            (Some(Mode::Slow), vec!["4".to_owned()])
        );
    }

    #[test]
    fn what_it_does_not_take_is_refused_with_the_name_of_the_setting() {
        let three = refused(text(&[("name", "x"), ("keep", "three")]));
        assert_eq!(three, "keep: invalid type: string \"three\", expected u64");
        let number = refused("name = 123\nkeep = 1".parse().unwrap());
        assert_eq!(
            number,
            "name: invalid type: integer `123`, expected a string"
        );
        assert_eq!(refused(text(&[("keep", "1")])), "missing field `name`");
        let more = refused(text(&[("volume", "11")]));
        assert!(more.starts_with("unknown field `volume`"), "{more}");
    }
}
