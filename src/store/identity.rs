//! Whose store it is: the first thing that a store says about itself.
//!
//! ```text
//!   meta family, key "identity":
//!   format u32 | store u64 | node u64 | cluster u128 | crc32c u32      all big-endian
//! ```
//!
//! The format covers everything in the store, so it comes first and its place never changes.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::node::{ClusterId, NodeId, StoreId};

/// The format of everything that this version stores.
pub const STORE_FORMAT: u32 = 1;

/// The bytes before the checksum.
const BODY_LEN: usize = 4 + 8 + 8 + 16;

/// The checksum itself.
const CHECKSUM_LEN: usize = 4;

/// A store, and the node and cluster whose data is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name minted inside the store when it was created.
    pub store: StoreId,
    /// The only node that may open it.
    pub node: NodeId,
    /// The only cluster that node may belong to.
    pub cluster: ClusterId,
}

impl Identity {
    /// Where it is stored, in the meta family.
    pub const KEY: &'static [u8] = b"identity";

    /// The stored form.
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(BODY_LEN + CHECKSUM_LEN);
        bytes.put_u32(STORE_FORMAT);
        bytes.put_u64(self.store.0);
        bytes.put_u64(self.node.0);
        bytes.put_u128(self.cluster.0);
        bytes.put_u32(crc32c::crc32c(&bytes));
        bytes.freeze()
    }

    /// Reads the stored form.
    pub fn decode(mut stored: &[u8]) -> Result<Self, IdentityError> {
        let whole = stored;
        let len = stored.len();
        let format = stored.try_get_u32().unwrap_or(STORE_FORMAT);
        if format != STORE_FORMAT {
            let (found, supported) = (format, STORE_FORMAT);
            return Err(IdentityError::UnknownFormat { found, supported });
        }
        if len != BODY_LEN + CHECKSUM_LEN {
            return Err(IdentityError::Damaged { len });
        }
        let store = StoreId(stored.get_u64());
        let node = NodeId(stored.get_u64());
        let cluster = ClusterId(stored.get_u128());
        if stored.get_u32() != crc32c::crc32c(&whole[..BODY_LEN]) {
            return Err(IdentityError::Damaged { len });
        }
        Ok(Self {
            store,
            node,
            cluster,
        })
    }

    /// Whether this store, found where `wanted` is to be opened, is of the same node and
    /// cluster. The store's own name is what it is: nobody can want another.
    pub fn check(&self, wanted: &Self) -> Result<(), IdentityError> {
        if self.cluster != wanted.cluster {
            let (found, wanted) = (self.cluster, wanted.cluster);
            return Err(IdentityError::AnotherCluster { found, wanted });
        }
        if self.node != wanted.node {
            let (found, wanted) = (self.node, wanted.node);
            return Err(IdentityError::AnotherNode { found, wanted });
        }
        Ok(())
    }
}

/// A store that is not the wanted one, or can't be read by this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It holds another node's data.
    #[error("the store belongs to {found}, not to {wanted}")]
    AnotherNode {
        /// Whose it is.
        found: NodeId,
        /// Who wants to open it.
        wanted: NodeId,
    },
    /// It holds another cluster's data.
    #[error("the store belongs to cluster {found}, not to {wanted}")]
    AnotherCluster {
        /// Whose it is.
        found: ClusterId,
        /// Who wants to open it.
        wanted: ClusterId,
    },
    /// It was written by a version with another format.
    #[error("the store has format {found}, this version reads {supported}")]
    UnknownFormat {
        /// The store's.
        found: u32,
        /// This version's.
        supported: u32,
    },
    /// The identity has a wrong length or checksum.
    #[error("the store's identity ({len} bytes) is damaged")]
    Damaged {
        /// How long it is.
        len: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        store: StoreId(0x0102_0304_0506_0708),
        node: NodeId(3),
        cluster: ClusterId(0xc1),
    };

    #[test]
    fn an_identity_is_read_as_it_was_written() {
        assert_eq!(Identity::decode(&IDENTITY.encode()), Ok(IDENTITY));
    }

    #[test]
    fn golden_bytes_of_the_identity() {
        let hex: String = IDENTITY
            .encode()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "00000001\
             0102030405060708\
             0000000000000003\
             000000000000000000000000000000c1\
             06594c95"
        );
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = IDENTITY.encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Identity::decode(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_shorter_or_longer_form_is_refused() {
        let mut long = IDENTITY.encode().to_vec();
        long.push(0);
        for len in (0..long.len() - 1).chain([long.len()]) {
            let refused = Identity::decode(&long[..len]);
            assert_eq!(refused, Err(IdentityError::Damaged { len }));
        }
    }

    #[test]
    fn a_later_format_is_refused_by_its_number() {
        let mut later = IDENTITY.encode().to_vec();
        later[3] = 2;
        later.extend_from_slice(b"a field that this version does not know");
        let (found, supported) = (2, STORE_FORMAT);
        let expected = Err(IdentityError::UnknownFormat { found, supported });
        assert_eq!(Identity::decode(&later), expected);
    }

    #[test]
    fn another_node_and_another_cluster_are_refused() {
        let node = NodeId(4);
        let cluster = ClusterId(0xc2);
        let other = Identity { node, ..IDENTITY };
        let (found, wanted) = (IDENTITY.node, node);
        let refused = IDENTITY.check(&other);
        assert_eq!(refused, Err(IdentityError::AnotherNode { found, wanted }));
        let other = Identity {
            cluster,
            ..IDENTITY
        };
        let (found, wanted) = (IDENTITY.cluster, cluster);
        let refused = IDENTITY.check(&other);
        assert_eq!(
            refused,
            Err(IdentityError::AnotherCluster { found, wanted })
        );
    }

    #[test]
    fn the_name_of_the_store_is_not_compared() {
        let store = StoreId(9);
        let wanted = Identity { store, ..IDENTITY };
        assert_eq!(IDENTITY.check(&wanted), Ok(()));
    }
}
