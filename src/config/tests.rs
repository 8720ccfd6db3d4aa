//! The configuration as a whole: what is taken, and what each slip is answered with.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::rules::{RULES, Rule};
use super::*;

const LOCAL: [&str; 3] = [
    include_str!("../../config/local/node-1.toml"),
    include_str!("../../config/local/node-2.toml"),
    include_str!("../../config/local/node-3.toml"),
];

/// A valid configuration with some settings replaced.
fn with(changes: &[(&str, Value)]) -> Result<Config, ConfigError> {
    let mut settings: Table = LOCAL[0].parse().unwrap();
    for (key, value) in changes {
        let (section, name) = key.split_once('.').unwrap();
        let section = settings.entry(section).or_insert(Table::new().into());
        let section = section.as_table_mut().unwrap();
        section.insert(name.to_owned(), value.clone());
    }
    Config::from_table(settings)
}

fn refusal(key: &str, value: impl Into<Value>) -> String {
    with(&[(key, value.into())]).unwrap_err().to_string()
}

#[test]
fn every_setting_has_a_field_a_default_and_a_rule() {
    // Exact in both directions: a field without a default and a default without a field fail.
    let mut whole: Table = DEFAULT_TOML.parse().unwrap();
    for key in ["id", "secret"] {
        whole["cluster"][key] = "00".repeat(16).into();
    }
    let _: Config = whole.clone().try_into().unwrap();
    let names = whole.iter().flat_map(|(section, settings)| {
        let settings = settings.as_table().unwrap().keys();
        settings.map(move |name| format!("{section}.{name}"))
    });
    let with_rules = RULES.iter().map(|(key, _)| (*key).to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), with_rules.collect());
}

#[test]
fn every_setting_says_its_reason_in_the_default_file() {
    let mut above = "";
    for line in DEFAULT_TOML.lines().filter(|line| !line.is_empty()) {
        let has_reason = above.starts_with('#')
            || above.starts_with("hedge_min_ms")
            || above.starts_with("reconnect_min_ms");
        let is_setting = !line.starts_with(['#', '[']);
        assert!(!is_setting || has_reason, "{line}");
        above = line;
    }
}

#[test]
fn every_bound_of_a_rule_fits_its_field() {
    let pairs = ["coordination.hedge_min_ms", "links.reconnect_min_ms"];
    for (key, rule) in RULES {
        let (Rule::Between(least, most) | Rule::PowerOfTwo(least, most)) = rule else {
            continue;
        };
        for bound in [least, most] {
            let mut changes = vec![(key, bound.into())];
            if pairs.contains(&key) || key.ends_with("_max_ms") {
                changes.push(("coordination.hedge_max_ms", i64::from(3_600_000).into()));
                changes.push(("links.reconnect_max_ms", i64::from(3_600_000).into()));
            }
            if key == "node.id" {
                changes.push((
                    "cluster.members",
                    members(&[(bound, "127.0.0.1:1", "127.0.0.1:2")]),
                ));
            }
            assert!(
                with(&changes).is_ok(),
                "{key} = {bound}: {:?}",
                with(&changes)
            );
        }
    }
}

fn members(list: &[(i64, &str, &str)]) -> Value {
    let members = list.iter().map(|(id, client, bridge)| {
        let mut member = Table::new();
        member.insert("id".to_owned(), (*id).into());
        member.insert("client".to_owned(), (*client).into());
        member.insert("bridge".to_owned(), (*bridge).into());
        Value::Table(member)
    });
    Value::Array(members.collect())
}

#[test]
fn the_three_local_nodes_are_one_cluster() {
    let nodes = LOCAL.map(|text| Config::from_toml(text).unwrap());
    for (index, node) in nodes.iter().enumerate() {
        assert_eq!(node.cluster, nodes[0].cluster);
        assert_eq!(node.node.id, NodeId(index as u64 + 1));
        assert_eq!(node.client_address(), format!("127.0.0.1:74{index}0"));
        assert_eq!(node.bridge_address(), format!("127.0.0.1:74{index}1"));
        assert_eq!(node.peers().count(), 2);
    }
}

#[test]
fn what_has_no_default_is_asked_for() {
    let empty = Config::from_toml("").unwrap_err().to_string();
    assert_eq!(
        empty,
        "node.id is missing: it must be a whole number from 1"
    );
    let secret =
        Config::from_toml("[node]\nid = 1\n[cluster]\nid = \"00112233445566778899aabbccddeeff\"");
    let secret = secret.unwrap_err().to_string();
    assert!(
        secret.starts_with("cluster.secret is missing: it must be 32 hex digits"),
        "{secret}"
    );
}

#[test]
fn an_unknown_setting_is_named_beside_the_known_ones() {
    let setting = refusal("coordination.read_fan_out", "all");
    assert_eq!(
        setting,
        "unknown setting \"coordination.read_fan_out\": there is hedge_max_ms, hedge_min_ms, read_fanout, request_timeout_ms, sweep_ms"
    );
    let section = Config::from_toml("[storag]\nkind = \"memory\"").unwrap_err();
    assert!(
        section
            .to_string()
            .starts_with("unknown setting \"[storag]\": there is [cluster], ")
    );
    assert!(Config::from_toml("node = 1").is_err());
    let member = LOCAL[0].replace("bridge =", "bridg =");
    let member = Config::from_toml(&member).unwrap_err().to_string();
    assert_eq!(
        member,
        "unknown setting \"cluster.members[0].bridg\": there is id, client, bridge"
    );
}

#[test]
fn a_bad_value_is_answered_with_its_key_and_its_rule() {
    let cases = [
        (
            "ring.partitions",
            100.into(),
            "ring.partitions = 100 is refused: it must be a power of two from 1 to 32768",
        ),
        (
            "coordination.request_timeout_ms",
            60_001.into(),
            "coordination.request_timeout_ms = 60001 is refused: it must be a whole number from 1 to 60000",
        ),
        (
            "coordination.request_timeout_ms",
            Value::from("5s"),
            "coordination.request_timeout_ms = \"5s\" is refused: it must be a whole number from 1 to 60000",
        ),
        (
            "storage.kind",
            "sqlite".into(),
            "storage.kind = \"sqlite\" is refused: it must be one of rocksdb, memory",
        ),
        (
            "listen.insecure",
            "yes".into(),
            "listen.insecure = \"yes\" is refused: it must be true or false",
        ),
        (
            "listen.client",
            "127.0.0.1".into(),
            "listen.client = \"127.0.0.1\" is refused: it must be an address as host:port, or empty",
        ),
        (
            "node.data_dir",
            "".into(),
            "node.data_dir = \"\" is refused: it must be a path",
        ),
    ];
    for (key, value, sentence) in cases {
        assert_eq!(refusal(key, value), sentence);
    }
}

#[test]
fn a_secret_is_never_shown() {
    let refusal = refusal("cluster.secret", "hunter2");
    assert!(
        refusal.starts_with("cluster.secret = … is refused"),
        "{refusal}"
    );
    let config = Config::from_toml(LOCAL[0]).unwrap();
    assert!(!format!("{config:?}").contains("aabbcc"));
}

#[test]
fn members_differ_in_id_and_address() {
    let twins = members(&[
        (1, "127.0.0.1:1", "127.0.0.1:2"),
        (1, "127.0.0.1:3", "127.0.0.1:4"),
    ]);
    assert_eq!(
        refusal("cluster.members", twins),
        "cluster.members[1].id = 1 stands for two members: each needs its own"
    );
    let shared = members(&[(1, "127.0.0.1:1", "127.0.0.1:1")]);
    assert!(
        refusal("cluster.members", shared)
            .starts_with("cluster.members[0].bridge = \"127.0.0.1:1\" stands for two")
    );
    assert_eq!(
        refusal("node.id", 4),
        "node.id = 4 is not among cluster.members: they are 1, 2, 3"
    );
    let port = members(&[(1, "127.0.0.1:1", "127.0.0.1:70000")]);
    assert!(
        refusal("cluster.members", port)
            .starts_with("cluster.members[0].bridge = \"127.0.0.1:70000\" is refused")
    );
}

#[test]
fn an_address_that_others_reach_needs_to_be_asked_for_out_loud() {
    for (key, address) in [
        ("listen.client", "0.0.0.0:7400"),
        ("listen.bridge", "192.168.0.7:7401"),
        ("listen.client", "example.org:7400"),
        ("listen.client", "[::]:7400"),
    ] {
        assert!(
            matches!(
                with(&[(key, address.into())]),
                Err(ConfigError::NotLoopback { .. })
            ),
            "{address}"
        );
        assert!(with(&[(key, address.into()), ("listen.insecure", true.into())]).is_ok());
    }
    let elsewhere = members(&[
        (1, "127.0.0.1:1", "127.0.0.1:2"),
        (2, "10.0.0.1:1", "10.0.0.1:2"),
    ]);
    assert!(
        refusal("cluster.members", elsewhere)
            .starts_with("cluster.members[1].client = \"10.0.0.1:1\" is not a loopback")
    );
    for address in ["127.9.9.9:7400", "[::1]:7400", "localhost:7400"] {
        assert!(
            with(&[("listen.client", address.into())]).is_ok(),
            "{address}"
        );
    }
}

#[test]
fn bounds_come_in_order() {
    assert_eq!(
        refusal("links.reconnect_min_ms", 3000),
        "links.reconnect_min_ms = 3000 is over links.reconnect_max_ms = 2000: it must be at most that"
    );
    assert!(
        refusal("coordination.hedge_max_ms", 1)
            .starts_with("coordination.hedge_min_ms = 5 is over")
    );
}

#[test]
fn text_of_the_environment_becomes_what_its_setting_is() {
    let digits = "00000000000000000000000000000012";
    assert_eq!(
        setting_from_text("cluster.id", digits).unwrap(),
        digits.into()
    );
    assert_eq!(setting_from_text("node.id", "3").unwrap(), 3.into());
    // What it is only the extension knows.
    let name = setting_from_text("extensions.expiry.bucket", "123");
    assert_eq!(name.unwrap(), "123".into());
    assert_eq!(
        setting_from_text("listen.insecure", "true").unwrap(),
        true.into()
    );
    let word = setting_from_text("node.id", "three")
        .unwrap_err()
        .to_string();
    assert!(word.starts_with("node.id = \"three\" is refused"), "{word}");
    assert!(setting_from_text("node.id", "3\nid = 4").is_err());
    assert!(setting_from_text("node.name", "x").is_err());
}
