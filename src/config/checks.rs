//! What settings must be to one another.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Config, ConfigError};

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    check_members_differ(config)?;
    if config.member().is_none() {
        let (id, members) = (config.node.id, config.member_ids());
        return Err(ConfigError::NotAMember { id, members });
    }
    check_order(config)?;
    if config.listen.insecure {
        return Ok(());
    }
    check_loopback(config)
}

/// Clients and nodes never share an address either: they speak differently.
fn check_members_differ(config: &Config) -> Result<(), ConfigError> {
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for (index, member) in config.cluster.members.iter().enumerate() {
        if !ids.insert(member.id) {
            return Err(repeated(index, "id", &member.id.0.to_string()));
        }
        for (name, address) in [("client", &member.client), ("bridge", &member.bridge)] {
            if !addresses.insert(address) {
                return Err(repeated(index, name, &format!("{address:?}")));
            }
        }
    }
    Ok(())
}

fn repeated(index: usize, name: &str, value: &str) -> ConfigError {
    let key = format!("cluster.members[{index}].{name}");
    let value = value.to_owned();
    ConfigError::Repeated { key, value }
}

fn check_order(config: &Config) -> Result<(), ConfigError> {
    let (coordination, links) = (&config.coordination, &config.links);
    at_most(
        ("coordination.hedge_min_ms", coordination.hedge_min_ms),
        ("coordination.hedge_max_ms", coordination.hedge_max_ms),
    )?;
    at_most(
        ("links.reconnect_min_ms", links.reconnect_min_ms),
        ("links.reconnect_max_ms", links.reconnect_max_ms),
    )
}

fn at_most(
    (low_key, low): (&'static str, u32),
    (high_key, high): (&'static str, u32),
) -> Result<(), ConfigError> {
    if low <= high {
        return Ok(());
    }
    Err(ConfigError::Order {
        low_key,
        low,
        high_key,
        high,
    })
}

/// The other members' addresses as well: records would travel to them in the open.
fn check_loopback(config: &Config) -> Result<(), ConfigError> {
    let own = [
        ("listen.client".to_owned(), config.client_address()),
        ("listen.bridge".to_owned(), config.bridge_address()),
    ];
    let members = config.cluster.members.iter().enumerate();
    let members = members.flat_map(|(index, member)| {
        let key = |name| format!("cluster.members[{index}].{name}");
        [
            (key("client"), member.client.as_str()),
            (key("bridge"), member.bridge.as_str()),
        ]
    });
    for (key, address) in members.chain(own) {
        if !is_loopback(address) {
            let address = address.to_owned();
            return Err(ConfigError::NotLoopback { key, address });
        }
    }
    Ok(())
}

/// Decided by the text alone: other names than `localhost` could mean anything.
fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
