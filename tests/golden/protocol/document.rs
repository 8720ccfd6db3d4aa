//! The page: its sections, its tables, its blocks of bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// docs/PROTOCOL.md.
pub struct Document(String);

/// The cells of one table, without its head.
pub type Rows = Vec<Vec<String>>;

impl Document {
    pub fn read() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = tests.join("../docs/PROTOCOL.md");
        let text = fs::read_to_string(&path);
        Self(text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// Every section by its heading, in order.
    pub fn sections(&self) -> Vec<(&str, Vec<&str>)> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut in_block = false;
        for line in self.0.lines() {
            in_block ^= line.starts_with("```");
            let heading = line.trim_start_matches('#');
            match sections.last_mut() {
                _ if heading.len() < line.len() && !in_block => {
                    sections.push((heading.trim(), Vec::new()));
                }
                Some((_, lines)) => lines.push(line),
                None => {}
            }
        }
        sections
    }

    /// The rows of the one table whose first column has this head.
    pub fn table(&self, head: &str) -> Rows {
        let sections = self.sections();
        let found = sections.iter().filter_map(|(_, lines)| table(lines, head));
        let found: Vec<Rows> = found.collect();
        assert_eq!(found.len(), 1, "tables with a column {head:?}");
        found.into_iter().flatten().collect()
    }

    /// The named blocks of bytes.
    pub fn hex_blocks(&self) -> BTreeMap<String, Vec<u8>> {
        let mut blocks = BTreeMap::new();
        let mut lines = self.0.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("```hex ") {
                let block = lines.by_ref().take_while(|line| *line != "```");
                let block: Vec<u8> = block.flat_map(hex_bytes).collect();
                let twice = blocks.insert(name.to_owned(), block);
                assert!(twice.is_none(), "two blocks are named {name}");
            }
        }
        blocks
    }

    /// The targets of links within the page.
    pub fn own_links(&self) -> Vec<&str> {
        let links = self.0.split("](#").skip(1);
        links.filter_map(|link| link.split(')').next()).collect()
    }
}

/// The bytes of one line, up to a remark.
fn hex_bytes(line: &str) -> Vec<u8> {
    let bytes = line.split('#').next().unwrap_or_default();
    let byte = |digits| u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{line:?}"));
    bytes.split_whitespace().map(byte).collect()
}

/// The rows of the table of these lines whose first column has this head.
pub fn table(lines: &[&str], head: &str) -> Option<Rows> {
    let is_head = |pair: &[&str]| pair[1].starts_with("|---") && cells(pair[0])[..1] == [head];
    let at = lines.windows(2).position(is_head)?;
    let rows = lines[at + 2..].iter().map(|line| cells(line));
    Some(rows.take_while(|cells| !cells.is_empty()).collect())
}

/// The cells of a line, if it is one of a table.
fn cells(line: &str) -> Vec<String> {
    let Some(line) = line.strip_prefix('|') else {
        return Vec::new();
    };
    let line = line.trim_end().trim_end_matches('|');
    let plain = |cell: &str| cell.trim().trim_matches('`').to_owned();
    line.split('|').map(plain).collect()
}

/// As links name a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || *c == '-' || *c == ' ' || *c == '_';
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>();
    kept.replace(' ', "-")
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    let document = Document::read();
    let headings = document.sections();
    let anchors: Vec<String> = headings
        .iter()
        .map(|(heading, _)| anchor(heading))
        .collect();
    for link in document.own_links() {
        assert!(anchors.contains(&link.to_owned()), "#{link}");
    }
    assert!(!document.own_links().is_empty());
}
