//! The types of the page against those of the code: names, order, and what is on the wire.

use std::collections::BTreeSet;

use cartwheel::bucket::{Bucket, BucketDurability};
use cartwheel::listing::CursorError;
use cartwheel::message::client::{
    BucketCreate, BucketDescription, BucketList, Delete, DeleteBatch, Deleted, Explain,
    ExplainEvent, ExplainStep, ExtensionState, ExtensionStatus, Get, GetBatch, Got, List, Listed,
    Locate, Located, MemberDescription, Outcomes, PeerStatus, Put, PutBatch, PutDone,
    QuorumOptions, RequestError, Ring, RingDescription, ShardStatus, Sibling, Status,
    StatusDescription,
};
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::{Kind, TABLE};
use cartwheel::version::{Attributes, ConflictRule, ContextError, Dot};

use super::document::Document;
use super::schema::{Schema, Variant};
use super::serde_names::{Shape, shape_of, shape_of_variant};
use crate::examples::{self, Example, Part};

/// From here on kinds are for nodes, and the page does not describe them.
pub const FIRST_OF_NODES: Kind = Kind(64);

macro_rules! shapes {
    ($($name:ident),*) => { vec![$((stringify!($name), shape_of::<$name>())),*] };
}

/// Every struct that a client meets.
fn structs() -> Vec<(&'static str, Shape)> {
    let mut shapes = shapes![
        Attributes,
        Bucket,
        BucketCreate,
        BucketDescription,
        BucketList,
        Delete,
        DeleteBatch,
        Deleted,
        Dot,
        Explain,
        ExplainEvent,
        ExtensionStatus,
        Get,
        GetBatch,
        Got,
        Hello,
        List,
        Listed,
        Locate,
        Located,
        MemberDescription,
        PeerStatus,
        Put,
        PutBatch,
        PutDone,
        QuorumOptions,
        Ring,
        RingDescription,
        ShardStatus,
        Sibling,
        Status,
        StatusDescription,
        Welcome
    ];
    shapes.push(("Outcomes<T>", shape_of::<Outcomes<Got>>()));
    shapes
}

type VariantShape = fn(&str) -> Shape;

/// Every enum that a client meets, and what its variants hold.
fn enums() -> Vec<(&'static str, Shape, VariantShape)> {
    macro_rules! enums {
        ($($name:ident),*) => {
            vec![$((stringify!($name), shape_of::<$name>(), shape_of_variant::<$name>)),*]
        };
    }
    let mut shapes: Vec<(_, _, VariantShape)> = enums![
        BucketDurability,
        ConflictRule,
        ContextError,
        CursorError,
        ExplainStep,
        ExtensionState,
        RequestError,
        Speaker
    ];
    type Either = Result<Got, RequestError>;
    shapes.push((
        "Result<T>",
        shape_of::<Either>(),
        shape_of_variant::<Either>,
    ));
    shapes
}

#[test]
fn structs_have_the_fields_of_the_code_in_its_order() {
    let schema = Schema::read(&Document::read());
    for (name, shape) in structs() {
        let described = schema.structs.get(name);
        let described = described.unwrap_or_else(|| panic!("{name} is not described"));
        let names = described.iter().map(|field| field.name.clone());
        assert_eq!(Shape::Fields(names.collect()), shape, "{name}");
    }
    let known: BTreeSet<&str> = structs().iter().map(|(name, _)| *name).collect();
    let described: BTreeSet<&str> = schema.structs.keys().map(String::as_str).collect();
    assert_eq!(described, known, "left: described, right: there are");
}

#[test]
fn enums_have_the_variants_and_payloads_of_the_code() {
    let schema = Schema::read(&Document::read());
    for (name, shape, shape_of_variant) in enums() {
        let described = schema.enums.get(name);
        let described = described.unwrap_or_else(|| panic!("{name} is not described"));
        let names = described.iter().map(|variant| variant.name.clone());
        assert_eq!(Shape::Variants(names.collect()), shape, "{name}");
        for variant in described {
            let known = shape_of_variant(&variant.name);
            assert_eq!(payload_shape(variant), known, "{name}: {}", variant.name);
        }
    }
    let known: BTreeSet<&str> = enums().iter().map(|(name, _, _)| *name).collect();
    let described: BTreeSet<&str> = schema.enums.keys().map(String::as_str).collect();
    assert_eq!(described, known, "left: described, right: there are");
}

fn payload_shape(variant: &Variant) -> Shape {
    let Some(list) = variant.payload.strip_prefix('[') else {
        return match variant.payload.is_empty() {
            true => Shape::Nothing,
            false => Shape::OneValue,
        };
    };
    let names = list.trim_end_matches(']').split(", ");
    let names = names.filter_map(|part| Some(part.split_once(": ")?.0.to_owned()));
    Shape::Fields(names.collect())
}

/// What a client's decoder, written from the page, would be given.
#[test]
fn every_body_is_as_the_page_says() {
    let schema = Schema::read(&Document::read());
    let examples = examples::all();
    let meets = |example: &&Example| example.kind < FIRST_OF_NODES;
    for example in examples.iter().filter(meets) {
        let mut body = &example.bytes[..];
        let value = rmpv::decode::read_value(&mut body).expect("MessagePack");
        assert!(body.is_empty(), "{}: bytes follow", example.label);
        let of = written_type(example);
        if let Err(wrong) = schema.check(&value, &of) {
            panic!("{of}, {}: {wrong}", example.label);
        }
    }
}

/// The type of a body, as the page writes it.
fn written_type(example: &Example) -> String {
    let entry = TABLE.iter().find(|entry| entry.kind == example.kind);
    match (example.part, entry) {
        (Part::Request, Some(entry)) => entry.name.to_owned(),
        (Part::Reply, Some(entry)) => written(entry.reply),
        _ => "RequestError".to_owned(),
    }
}

/// A type of the code, as the page writes it.
pub fn written(of: &str) -> String {
    let of = of.replace(' ', "");
    match of.strip_prefix("Vec<") {
        Some(items) => format!("array of {}", items.trim_end_matches('>')),
        None => of,
    }
}
