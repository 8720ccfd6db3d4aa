//! What each setting may be: one line a setting.

use std::fmt;

use toml::Value;

use super::hex;

/// The most members: every node keeps links to all others.
const MEMBERS_MAX: usize = 128;

/// The most shards: cores of the largest machines one would give to a node.
const SHARDS_MAX: i64 = 256;

/// The longest deadline: nobody waits longer, and operations hold memory as long.
const REQUEST_TIMEOUT_MS_MAX: i64 = 60_000;

/// An hour: more is a slip of the unit.
const TIME_MS_MAX: i64 = 3_600_000;

/// Smaller memtables would write a file a moment.
const MEMTABLE_BYTES_MIN: i64 = 64 * 1024;

/// A tebibyte of memory: more is a slip of the unit.
const MEMORY_BYTES_MAX: i64 = 1 << 40;

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A whole number within bounds, both included.
    Between(i64, i64),
    /// A power of two within bounds, both included.
    PowerOfTwo(i64, i64),
    /// Sixteen bytes as hex digits.
    HexDigits,
    /// The same, never shown in a message.
    Secret,
    /// Any text but none.
    Path,
    /// host:port.
    Address,
    /// host:port, or nothing.
    AddressOrEmpty,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// true or false.
    Flag,
    /// A list of members.
    Members,
    /// A table of an extension's settings.
    SectionOfAnExtension,
}

/// The rule of every setting, in the order of `default.toml`.
pub(super) const RULES: [(&str, Rule); 28] = [
    ("node.id", Rule::Between(1, i64::MAX)),
    ("node.data_dir", Rule::Path),
    ("node.shards", Rule::Between(0, SHARDS_MAX)),
    ("cluster.id", Rule::HexDigits),
    ("cluster.secret", Rule::Secret),
    ("cluster.members", Rule::Members),
    ("ring.partitions", Rule::PowerOfTwo(1, 32_768)),
    ("listen.client", Rule::AddressOrEmpty),
    ("listen.bridge", Rule::AddressOrEmpty),
    ("listen.insecure", Rule::Flag),
    (
        "coordination.request_timeout_ms",
        Rule::Between(1, REQUEST_TIMEOUT_MS_MAX),
    ),
    ("coordination.read_fanout", Rule::OneOf(&["quorum", "all"])),
    ("coordination.hedge_min_ms", Rule::Between(1, TIME_MS_MAX)),
    ("coordination.hedge_max_ms", Rule::Between(1, TIME_MS_MAX)),
    ("coordination.sweep_ms", Rule::Between(1, 1000)),
    ("links.connect_timeout_ms", Rule::Between(1, TIME_MS_MAX)),
    ("links.idle_timeout_ms", Rule::Between(1, TIME_MS_MAX)),
    ("links.reconnect_min_ms", Rule::Between(1, TIME_MS_MAX)),
    ("links.reconnect_max_ms", Rule::Between(1, TIME_MS_MAX)),
    ("storage.kind", Rule::OneOf(&["rocksdb", "memory"])),
    (
        "storage.record_cache_bytes",
        Rule::Between(0, MEMORY_BYTES_MAX),
    ),
    (
        "storage.block_cache_bytes",
        Rule::Between(0, MEMORY_BYTES_MAX),
    ),
    (
        "storage.memtable_bytes",
        Rule::Between(MEMTABLE_BYTES_MIN, MEMORY_BYTES_MAX),
    ),
    ("lww.max_offset_ms", Rule::Between(1, TIME_MS_MAX)),
    ("supervision.restarts_max", Rule::Between(0, 1_000_000)),
    (
        "supervision.restart_window_ms",
        Rule::Between(1, TIME_MS_MAX),
    ),
    (
        "supervision.extension_restarts_max",
        Rule::Between(0, 1_000_000),
    ),
    (
        "supervision.extension_window_ms",
        Rule::Between(1, TIME_MS_MAX),
    ),
];

/// The rule of each field of a member.
pub(super) const MEMBER_RULES: [(&str, Rule); 3] = [
    ("id", Rule::Between(1, i64::MAX)),
    ("client", Rule::Address),
    ("bridge", Rule::Address),
];

/// The rule of a setting, if there is one of that name.
pub(super) fn rule_of(key: &str) -> Option<Rule> {
    let found = RULES.iter().find(|(name, _)| *name == key);
    found.map(|(_, rule)| *rule)
}

impl Rule {
    /// Whether a value is what the rule says. A list of members is looked into elsewhere.
    pub(super) fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Between(least, most), Value::Integer(number)) => (least..=most).contains(number),
            (Self::PowerOfTwo(least, most), Value::Integer(number)) => {
                (least..=most).contains(number) && number.count_ones() == 1
            }
            (Self::HexDigits | Self::Secret, Value::String(text)) => hex::parse(text).is_some(),
            (Self::Path, Value::String(text)) => !text.is_empty(),
            (Self::Address, Value::String(text)) => is_address(text),
            (Self::AddressOrEmpty, Value::String(text)) => text.is_empty() || is_address(text),
            (Self::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Flag, Value::Boolean(_)) => true,
            (Self::Members, Value::Array(members)) => (1..=MEMBERS_MAX).contains(&members.len()),
            _ => false,
        }
    }

    /// Whether its values are written as text.
    pub(super) fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Between(..) | Self::PowerOfTwo(..) | Self::Flag | Self::Members
        )
    }
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"/@#?\"'".contains(&byte);
    let port = port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+');
    port && !host.is_empty() && host.bytes().all(plain)
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(least, i64::MAX) => write!(out, "a whole number from {least}"),
            Self::Between(least, most) => write!(out, "a whole number from {least} to {most}"),
            Self::PowerOfTwo(least, most) => write!(out, "a power of two from {least} to {most}"),
            Self::HexDigits | Self::Secret => {
                write!(
                    out,
                    "{} hex digits (try `openssl rand -hex 16`)",
                    hex::DIGITS
                )
            }
            Self::Path => out.write_str("a path"),
            Self::Address => out.write_str("an address as host:port, with a port from 1 to 65535"),
            Self::AddressOrEmpty => out.write_str("an address as host:port, or empty"),
            Self::OneOf(words) => write!(out, "one of {}", words.join(", ")),
            Self::Flag => out.write_str("true or false"),
            Self::SectionOfAnExtension => out.write_str("a section of its own, [extensions.NAME]"),
            Self::Members => write!(
                out,
                "a list of 1 to {MEMBERS_MAX} members, each {{ id = NUMBER, client = \"host:port\", bridge = \"host:port\" }}"
            ),
        }
    }
}
