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
    csv: csv::Reader<Lines<R>>,
    record: csv::ByteRecord,
    /// Where the row before began.
    before: u32,
}

impl<R: Read> Rows<R> {
    /// The rows of `text`, which is UTF-8 and begins with `head`: so much of it that its separator can be told.
    pub fn new(head: &str, text: R) -> Self {
        let mut csv = csv::ReaderBuilder::new();
        csv.has_headers(false).flexible(true).delimiter(separator(head)).terminator(csv::Terminator::Any(b'\n'));
        let csv = csv.from_reader(Lines { text, after: b'\n' });
        Self { csv, record: csv::ByteRecord::new(), before: 0 }
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
            // The reader stands behind the row; empty lines before it do not count as its beginning.
            let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = self.csv.position().line().saturating_sub(within + 1) as u32;
            // A quote that never ends hides where its row began.
            let line = line.max(self.before + 1);
            self.before = line;
            let cells = cells(self.record.iter().map(|cell| unguarded(String::from_utf8_lossy(cell).trim())));
            let declares_separator =
                line == 1 && cells.first().is_some_and(|cell| cell.to_lowercase().starts_with("sep="));
            if !cells.is_empty() && !declares_separator {
                return Some(Ok(Row { line, cells }));
            }
        }
    }
}

/// A text whose lines all end by `\n` alone, the last one too.
struct Lines<R> {
    text: R,
    /// The byte before.
    after: u8,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.text.read(buffer)?;
            if read == 0 {
                return Ok(match (std::mem::replace(&mut self.after, b'\n'), buffer.first_mut()) {
                    (b'\n' | b'\r', _) | (_, None) => 0,
                    (_, Some(first)) => {
                        *first = b'\n';
                        1
                    }
                });
            }
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                if !(byte == b'\n' && self.after == b'\r') {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
                self.after = byte;
            }
            if kept > 0 {
                return Ok(kept);
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

/// The text of a cell, without control characters.
fn clean(cell: &str) -> String {
    let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
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

/// How many of the first rows a separator parts into as many cells as the very first, and how many those are.
fn agreement(head: &str, separator: u8) -> (usize, usize) {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(head.as_bytes());
    let widths: Vec<usize> = reader.byte_records().take(SAMPLE).flatten().map(|record| record.len()).collect();
    match widths.first() {
        Some(1) | None => (0, 0),
        Some(first) => (widths.iter().filter(|width| *width == first).count(), *first),
    }
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
            let lines: Vec<_> = Rows::new(&text, text.as_bytes()).map(|row| row.unwrap().line).collect();
            assert_eq!(lines, [1, 3, 6], "{end:?}");
            assert_eq!(
                read(&text),
                [vec!["Name", "Note"], vec!["Ada", "two\nlines \"quoted\""], vec!["Bo"]],
                "{end:?}"
            );
        }
    }

    #[test]
    fn what_keeps_spreadsheets_from_running_a_cell_is_taken_off_again() {
        assert_eq!(read("'=1+1,'+44 7911,'tis,@home,''=x"), [["=1+1", "+44 7911", "'tis", "@home", "'=x"]]);
    }
}
