//! How far the log was synced, kept beside it.
//!
//! RocksDB replays its log up to the first damage and drops what is behind it: right for the torn
//! end that a crash leaves, and silent where a disk has damaged the middle, behind which synced
//! writes lie. The number of the last synced write tells the two apart.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The file, in the store's directory.
const FILE: &str = "cartwheel.synced";

/// The number, and the checksum of its bytes.
const LEN: usize = 12;

/// The open file.
pub(crate) struct SyncedMark {
    file: File,
}

impl SyncedMark {
    /// Opens the mark of a store, or makes one, and says what it has been set to.
    ///
    /// One that was not written whole says nothing: it has no sync of its own, and what a power
    /// cut leaves of it is an earlier number or none.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<u64>)> {
        let mut options = File::options();
        let options = options.create(true).truncate(false).read(true).write(true);
        let file = options.open(path.join(FILE))?;
        let mut bytes = [0; LEN];
        let known = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => decode(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok((Self { file }, known))
    }

    /// Every write up to this one is on the disk.
    pub(crate) fn set(&self, number: u64) -> io::Result<()> {
        self.file.write_all_at(&encode(number), 0)
    }
}

fn encode(number: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let (digits, checksum) = bytes.split_at_mut(8);
    digits.copy_from_slice(&number.to_be_bytes());
    checksum.copy_from_slice(&crc32c::crc32c(digits).to_be_bytes());
    bytes
}

fn decode(bytes: [u8; LEN]) -> Option<u64> {
    let digits = bytes[..8].try_into().ok()?;
    let number = u64::from_be_bytes(digits);
    (encode(number) == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_not_whole_says_nothing() {
        let whole = encode(0x0102_0304_0506_0708);
        assert_eq!(decode(whole), Some(0x0102_0304_0506_0708));
        for at in 0..LEN {
            let mut damaged = whole;
            damaged[at] ^= 0x10;
            assert_eq!(decode(damaged), None, "byte {at}");
        }
        assert_eq!(decode([0; LEN]), None, "what a hole in a file reads as");
    }
}
