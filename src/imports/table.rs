use std::io::Read;

use crate::guests::cells::unguarded;

/// Cells of a row beyond these are dropped; the widest known export has 92.
pub const MOST_CELLS: usize = 200;
/// Characters of a cell that are kept: more than any field takes, so that what is too long is told so.
pub const MOST_CHARACTERS: usize = 1_200;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that are looked at to tell how a file is made.
pub const SAMPLE: usize = 50;

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u32,
    pub cells: Vec<String>,
}

/// The rows of a table of separated values, one at a time; empty ones are left out.
pub struct Rows<R> {
    csv: csv::Reader<R>,
    record: csv::ByteRecord,
}

impl<R: Read> Rows<R> {
    /// The rows of `text`, which is UTF-8 and begins with `head`: so much of it that its separator can be told.
    pub fn new(head: &str, text: R) -> Self {
        let csv =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator(head)).from_reader(text);
        Self { csv, record: csv::ByteRecord::new() }
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = std::io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.csv.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(cause) => return Some(Err(std::io::Error::other(cause))),
            }
            let line = self.record.position().map_or(0, |position| position.line() as u32);
            let cells = cells(self.record.iter().map(String::from_utf8_lossy));
            let declares_separator =
                line == 1 && cells.first().is_some_and(|cell| cell.to_lowercase().starts_with("sep="));
            if !cells.is_empty() && !declares_separator {
                return Some(Ok(Row { line, cells }));
            }
        }
    }
}

/// Cells as they are kept: without what surrounds them, without empty ones at the end; nothing for an empty row.
pub fn cells(raw: impl Iterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut cells: Vec<String> = raw.take(MOST_CELLS).map(|cell| clean(cell.as_ref())).collect();
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

/// The text of a cell: without control characters, and without what exports, ours among them, put before a formula.
fn clean(cell: &str) -> String {
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let cell = unguarded(cell);
    let text = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    cell.replace("\r\n", "\n").replace('\r', "\n").chars().filter(text).take(MOST_CHARACTERS).collect()
}

/// The separator of a table that begins with `head`: as its first line says (`sep=;`, Excel's own way), or the one
/// that parts most rows into equally many cells.
fn separator(head: &str) -> u8 {
    let first = head.lines().next().unwrap_or_default().trim_start_matches('\u{feff}').trim();
    let declared =
        first.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and_then(|_| first.as_bytes().get(4));
    match declared {
        Some(separator) if SEPARATORS.contains(separator) => *separator,
        _ => SEPARATORS.into_iter().rev().max_by_key(|separator| agreement(head, *separator)).unwrap_or(b','),
    }
}

/// How many cells a separator makes of the first rows, where as many rows as possible have equally many.
fn agreement(head: &str, separator: u8) -> usize {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(head.as_bytes());
    let mut widths = [0; MOST_CELLS + 1];
    for record in reader.byte_records().take(SAMPLE).flatten() {
        widths[record.len().min(MOST_CELLS)] += 1;
    }
    let alike = |width: &usize| widths[*width] * (width - 1);
    (2..=MOST_CELLS).map(|width| alike(&width)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        Rows::new(text, text.as_bytes()).map(|row| row.unwrap().cells).collect()
    }

    #[test]
    fn separators_are_told() {
        for separator in [",", ";", "\t", "|"] {
            let text =
                ["name", "email"].join(separator) + "\r\n" + &["Ada", "ada@example.org"].join(separator) + "\r\n";
            assert_eq!(read(&text), [["name", "email"], ["Ada", "ada@example.org"]], "{separator:?}");
        }
        assert_eq!(read("Name;Note\nAda;\"a, b, c\"\nBo;\"d, e, f\"\n")[1], ["Ada", "a, b, c"]);
        assert_eq!(read("sep=|\nName|Note\nAda;x|b\n"), [["Name", "Note"], ["Ada;x", "b"]]);
        assert_eq!(read("just names\nAda\nBo"), [["just names"], ["Ada"], ["Bo"]]);
    }

    #[test]
    fn line_ends_quotes_and_empty_rows() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["Name,Note", "", "Ada,\"two", "lines \"\"quoted\"\"\"", ",,", "Bo,"].join(end);
            assert_eq!(
                read(&text),
                [vec!["Name", "Note"], vec!["Ada", "two\nlines \"quoted\""], vec!["Bo"]],
                "{end:?}"
            );
        }
        let rows: Vec<_> =
            Rows::new("a\n\n\"b\nc\"\nd", "a\n\n\"b\nc\"\nd".as_bytes()).map(|row| row.unwrap().line).collect();
        assert_eq!(rows, [1, 3, 5]);
    }

    #[test]
    fn what_keeps_spreadsheets_from_running_a_cell_is_taken_off_again() {
        assert_eq!(read("'=1+1,'+44 7911,'tis,@home,''=x"), [["=1+1", "+44 7911", "'tis", "@home", "'=x"]]);
    }
}
