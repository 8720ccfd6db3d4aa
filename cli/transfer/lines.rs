//! Items from JSON lines: the lines of one key that follow each other are one item.

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use tokio::sync::mpsc::Sender;
use xxhash_rust::xxh3::Xxh3;

use super::json_lines::{BadLine, Entry, LINE_LEN_MAX};
use super::source::Reading;
use super::{Item, Named, Outcome, Position};
use crate::output;

/// JSON lines, those of one key joined to one item.
pub struct Lines<R> {
    from: R,
    prefix: String,
    number: u64,
    /// Of all lines so far, their ends not included but for one mark each: the last line of a
    /// file may lack its end, and get it later.
    digest: Xxh3,
    pending: Option<(Item, Position)>,
}

/// A line, or why there is none.
enum Line {
    Entry(Entry),
    Bad(BadLine),
    Unreadable(io::Error),
    End,
}

/// A line as it stands there.
enum RawLine {
    Whole,
    TooLong,
    End,
}

impl<R: BufRead> Lines<R> {
    pub fn new(from: R, prefix: String) -> Self {
        Self {
            from,
            prefix,
            number: 0,
            digest: Xxh3::new(),
            pending: None,
        }
    }

    /// Leaves out the lines up to a position. Whether they are the lines that stood there.
    pub fn skip(&mut self, position: &Position) -> io::Result<bool> {
        let Position::Lines { count, .. } = position else {
            return Ok(false);
        };
        let mut line = Vec::new();
        while self.number < *count {
            match self.raw_line(&mut line)? {
                RawLine::Whole => {}
                RawLine::TooLong | RawLine::End => return Ok(false),
            }
        }
        Ok(self.position() == *position)
    }

    /// Reads to the end.
    pub fn read(mut self, to: &Sender<Reading>) {
        loop {
            let (whole, problem) = match self.next_line() {
                Line::Entry(entry) => (self.join(entry), None),
                Line::Bad(cause) => (self.take_pending(), Some(self.failed(cause))),
                Line::Unreadable(cause) => {
                    let _ = to.blocking_send(self.failed(cause));
                    break;
                }
                Line::End => break,
            };
            for reading in whole.into_iter().chain(problem) {
                if to.blocking_send(reading).is_err() {
                    return;
                }
            }
        }
        if let Some(last) = self.take_pending() {
            let _ = to.blocking_send(last);
        }
    }

    /// Adds the entry to its key's item, and gives the item before it if that is whole.
    fn join(&mut self, entry: Entry) -> Option<Reading> {
        let key: Bytes = [self.prefix.as_bytes(), &entry.key].concat().into();
        let position = self.position();
        if let Some((item, last)) = &mut self.pending
            && item.key == key
        {
            item.values.push(entry.into());
            *last = position;
            return None;
        }
        let name = output::readable(&entry.key);
        let values = vec![entry.into()];
        let before = self.take_pending();
        self.pending = Some((Item { name, key, values }, position));
        before
    }

    fn take_pending(&mut self) -> Option<Reading> {
        let (item, position) = self.pending.take()?;
        Some(Reading {
            item: Ok(item),
            position: Some(position),
        })
    }

    fn failed(&self, cause: impl ToString) -> Reading {
        let named = Named::new(format!("line {}", self.number), cause);
        Reading {
            item: Err(Outcome::Failed(named)),
            position: None,
        }
    }

    fn position(&self) -> Position {
        Position::Lines {
            count: self.number,
            digest: self.digest.digest128(),
        }
    }

    fn next_line(&mut self) -> Line {
        let mut line = Vec::new();
        loop {
            match self.raw_line(&mut line) {
                Err(cause) => return Line::Unreadable(cause),
                Ok(RawLine::End) => return Line::End,
                Ok(RawLine::TooLong) => return Line::Bad(BadLine::TooLong),
                Ok(RawLine::Whole) if line.trim_ascii().is_empty() => {}
                Ok(RawLine::Whole) => {
                    return Entry::from_line(&line).map_or_else(Line::Bad, Line::Entry);
                }
            }
        }
    }

    fn raw_line(&mut self, line: &mut Vec<u8>) -> io::Result<RawLine> {
        line.clear();
        self.number += 1;
        let limit = LINE_LEN_MAX as u64 + 1;
        match self.from.by_ref().take(limit).read_until(b'\n', line)? {
            0 => Ok(RawLine::End),
            len if len > LINE_LEN_MAX => {
                // The rest of it may be of any length.
                self.from.skip_until(b'\n')?;
                Ok(RawLine::TooLong)
            }
            _ => {
                let text = line.strip_suffix(b"\n").unwrap_or(line);
                self.digest.update(text);
                self.digest.update(b"\n");
                Ok(RawLine::Whole)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::channel;

    use super::*;

    fn lines(text: &str) -> Lines<&[u8]> {
        Lines::new(text.as_bytes(), "p/".to_owned())
    }

    fn all(lines: Lines<&[u8]>) -> Vec<Reading> {
        let (sender, mut receiver) = channel(100);
        lines.read(&sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    fn read(text: &str) -> Vec<Reading> {
        all(lines(text))
    }

    fn names(items: &[Reading]) -> Vec<String> {
        let name = |reading: &Reading| match &reading.item {
            Ok(item) => format!("{} x{}", item.name, item.values.len()),
            Err(Outcome::Failed(named)) => format!("{} failed", named.name),
            Err(other) => format!("{other:?}"),
        };
        items.iter().map(name).collect()
    }

    const FOUR_LINES: &str = "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"2\"}\n\n{\"key\":\"b\",\"value\":\"3\"}\n{\"key\":\"c\",\"value\":\"4\"}";

    #[test]
    fn lines_of_one_key_are_one_item_with_siblings() {
        let items = read(FOUR_LINES);
        assert_eq!(names(&items), ["a x1", "b x2", "c x1"]);
        assert_eq!(items[0].item.as_ref().unwrap().key, "p/a");
    }

    #[test]
    fn a_position_is_behind_the_last_line_of_its_item_and_finds_the_next() {
        let items = read(FOUR_LINES);
        let position = items[1].position.as_ref().unwrap();
        assert!(matches!(position, Position::Lines { count: 4, .. }));
        let mut rest = lines(FOUR_LINES);
        assert!(rest.skip(position).unwrap());
        let rest = all(rest);
        assert_eq!(names(&rest), ["c x1"]);
        assert_eq!(rest[0].position, items[2].position);
    }

    #[test]
    fn a_file_that_got_longer_goes_on_behind_its_old_end() {
        let items = read(FOUR_LINES);
        let longer = format!("{FOUR_LINES}\n{{\"key\":\"d\",\"value\":\"5\"}}\n");
        let mut longer = lines(&longer);
        assert!(longer.skip(items[2].position.as_ref().unwrap()).unwrap());
        assert!(matches!(longer.next_line(), Line::Entry(entry) if entry.key == b"d"));
    }

    #[test]
    fn other_lines_and_fewer_lines_are_not_those_of_a_position() {
        let items = read(FOUR_LINES);
        let position = items[1].position.as_ref().unwrap();
        for other in [&FOUR_LINES.replace('3', "7"), "", "{}\n{}\n"] {
            assert!(!lines(other).skip(position).unwrap(), "{other}");
        }
        let path = Position::Path("a".into());
        assert!(!lines(FOUR_LINES).skip(&path).unwrap());
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_the_others_are_read() {
        let items =
            read("{\"key\":\"a\",\"value\":\"1\"}\n\nnonsense\n{\"key\":\"b\",\"value\":\"2\"}\n");
        assert_eq!(names(&items), ["a x1", "line 3 failed", "b x1"]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory_without_end() {
        let long = "x".repeat(LINE_LEN_MAX + 10);
        let items = read(&format!("{long}\n{{\"key\":\"a\",\"value\":\"1\"}}\n"));
        assert_eq!(names(&items), ["line 1 failed", "a x1"]);
    }
}
