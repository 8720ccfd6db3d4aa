//! The names of fields and variants, as the code's own decoders know them.

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor, value::Error,
};
use serde::de::{Error as _, IntoDeserializer};
use serde::forward_to_deserialize_any;

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The fields of a struct, or of a variant of this form.
    Fields(Vec<String>),
    /// The names of an enum's variants.
    Variants(Vec<String>),
    /// A variant that holds one value, unnamed.
    OneValue,
    /// A variant that holds nothing.
    Nothing,
}

/// The fields or variants of a type.
pub fn shape_of<'de, T: Deserialize<'de>>() -> Shape {
    let mut recorder = Recorder {
        variant: None,
        shape: None,
    };
    // It ends with an error as soon as the shape is known.
    let _ = T::deserialize(&mut recorder);
    recorder.shape.expect("a struct or an enum")
}

/// What a variant of an enum holds.
pub fn shape_of_variant<'de, T: Deserialize<'de>>(variant: &str) -> Shape {
    let mut recorder = Recorder {
        variant: Some(variant.to_owned()),
        shape: None,
    };
    let _ = T::deserialize(&mut recorder);
    recorder.shape.expect("a variant of that name")
}

/// Gives no value, but takes down what is asked for.
struct Recorder {
    variant: Option<String>,
    shape: Option<Shape>,
}

impl Recorder {
    fn record<T>(&mut self, shape: Shape) -> Result<T, Error> {
        self.shape = Some(shape);
        Err(Error::custom("enough is known"))
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl<'de> Deserializer<'de> for &mut Recorder {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.record(Shape::Fields(owned(fields)))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.record(Shape::Fields(Vec::new()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.variant {
            None => self.record(Shape::Variants(owned(variants))),
            Some(_) => visitor.visit_enum(self),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("neither a struct nor an enum"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for &mut Recorder {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = self.variant.clone().unwrap_or_default();
        let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Recorder {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.record(Shape::Nothing)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Error> {
        self.record(Shape::OneValue)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no message has such a variant"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.record(Shape::Fields(owned(fields)))
    }
}

#[test]
fn shapes_are_told_as_they_are() {
    use cartwheel::message::hello::{Speaker, Welcome};
    let Shape::Fields(fields) = shape_of::<Welcome>() else {
        panic!("Welcome is a struct");
    };
    assert_eq!(fields[..2], ["cluster", "node"]);
    let variants = Shape::Variants(owned(&["Client", "Node"]));
    assert_eq!(shape_of::<Speaker>(), variants);
    assert_eq!(shape_of_variant::<Speaker>("Client"), Shape::OneValue);
    let node = Shape::Fields(owned(&["node", "store", "opening", "address", "lane"]));
    assert_eq!(shape_of_variant::<Speaker>("Node"), node);
}
