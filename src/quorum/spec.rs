//! The numbers of one request.

/// How many owners there are and how many of them one request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Owners of the key.
    pub n: u8,
    /// Answers that a read needs.
    pub r: u8,
    /// Acknowledgements that a write needs.
    pub w: u8,
    /// Acknowledgements of a write that must be synced to disk.
    pub dw: u8,
}

/// The least number of which any two share a member.
pub const fn majority(n: u8) -> u8 {
    n / 2 + 1
}
