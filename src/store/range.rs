//! A range of keys to be read, and what was read of it.

use bytes::Bytes;

use super::Family;

/// A part of a family, read until the first of its bounds is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The family.
    pub family: Family,
    /// The first key.
    pub from: Bytes,
    /// The first key behind the last.
    pub until: Bytes,
    /// How many entries are enough.
    pub entries_max: usize,
    /// How many bytes of keys and values are enough: the entry that reaches them is the last,
    /// so that a reader always gets on.
    pub bytes_max: usize,
}

/// The beginning of a range, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeRead {
    /// Keys and values.
    pub entries: Vec<(Bytes, Bytes)>,
    /// Whether that is all of the range. A reader that had enough does not look whether there
    /// is more.
    pub whole: bool,
}

impl Range {
    /// Takes from the entries of the range as many as are enough; every store reads with it.
    pub fn read<E>(
        &self,
        entries: impl IntoIterator<Item = Result<(Bytes, Bytes), E>>,
    ) -> Result<RangeRead, E> {
        let mut read = RangeRead::default();
        let mut bytes = 0;
        for entry in entries {
            let (key, value) = entry?;
            bytes += key.len() + value.len();
            read.entries.push((key, value));
            if read.entries.len() >= self.entries_max || bytes >= self.bytes_max {
                return Ok(read);
            }
        }
        read.whole = true;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of ten bytes, and how many of them were taken.
    fn taken(available: usize, entries_max: usize, bytes_max: usize) -> (RangeRead, usize) {
        let range = Range {
            family: Family::Objects,
            from: Bytes::new(),
            until: Bytes::new(),
            entries_max,
            bytes_max,
        };
        let mut taken = 0;
        let entry = || Ok::<_, ()>((Bytes::from_static(b"key"), Bytes::from_static(b"a value")));
        let entries = (0..available).map(|_| {
            taken += 1;
            entry()
        });
        (range.read(entries).unwrap(), taken)
    }

    #[test]
    fn no_more_is_read_than_is_enough() {
        for (entries_max, bytes_max, enough) in
            [(3, 1000, 3), (100, 30, 3), (100, 31, 4), (1, 1, 1)]
        {
            let (read, taken) = taken(10, entries_max, bytes_max);
            assert_eq!((read.entries.len(), read.whole), (enough, false));
            assert_eq!(taken, enough, "not one more");
        }
    }

    #[test]
    fn one_entry_is_always_read() {
        let (read, _) = taken(10, 0, 0);
        assert_eq!(read.entries.len(), 1);
    }

    #[test]
    fn a_range_that_ends_before_its_bounds_is_whole() {
        let (read, _) = taken(3, 4, 31);
        assert_eq!((read.entries.len(), read.whole), (3, true));
        assert_eq!(
            taken(0, 4, 31).0,
            RangeRead {
                entries: vec![],
                whole: true
            }
        );
    }

    #[test]
    fn an_entry_that_can_not_be_read_fails_the_range() {
        let (range, entries) = (
            Range {
                family: Family::Objects,
                from: Bytes::new(),
                until: Bytes::new(),
                entries_max: 9,
                bytes_max: 9,
            },
            [Ok((Bytes::new(), Bytes::new())), Err("a bad block")],
        );
        assert_eq!(range.read(entries), Err("a bad block"));
    }
}
