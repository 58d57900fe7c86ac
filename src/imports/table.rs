//! Separated values (CSV, TSV, …): detects the separator and reads the rows, in the browser and on the server.

use crate::guests::cells::unescape_formula;

/// Cells of a row beyond these are dropped; the widest known export has 92.
pub const MOST_CELLS: usize = 200;
/// Characters kept of a cell: more than any field takes, so that a text too long is refused rather than cut.
pub const MOST_CHARACTERS: usize = 1_200;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows from which the separator and the columns are detected.
pub const SAMPLE: usize = 50;

/// A row of a file before it is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// The line on which it begins, from 1.
    pub line: u32,
    pub cells: Vec<String>,
}

/// The first `most` rows of a text of separated values, without empty ones.
pub fn read(text: &str, most: usize) -> Vec<RawRow> {
    // Old Macs end lines by `\r` alone. The last line needs an end as well, for the line numbers below.
    let text = text.replace("\r\n", "\n").replace('\r', "\n") + if text.ends_with(['\n', '\r']) { "" } else { "\n" };
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    let mut record = csv::ByteRecord::new();
    let (mut rows, mut before) = (Vec::new(), 0);
    // Bytes in memory, of any number of cells a row: reading them cannot fail.
    while rows.len() < most && csv.read_byte_record(&mut record).unwrap_or(false) {
        // The reader is past the row; empty lines before the row do not count as its beginning.
        let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let line = csv.position().line().saturating_sub(within + 1) as u32;
        // A quote that never ends hides where its row began.
        let line = line.max(before + 1);
        before = line;
        let cells = cells(record.iter().map(|cell| unescape_formula(String::from_utf8_lossy(cell).trim())));
        let declares_separator = line == 1 && cells.first().is_some_and(|cell| cell.to_lowercase().starts_with("sep="));
        if !cells.is_empty() && !declares_separator {
            rows.push(RawRow { line, cells });
        }
    }
    rows
}

/// Cells, trimmed, without empty ones at the end; none for an empty row.
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

/// The separator of a text: as its first line says (`sep=;`, Excel's own way), or the one that splits most rows into
/// equally many cells.
fn separator(head: &str) -> u8 {
    let first = head.lines().next().unwrap_or_default().trim_start_matches('\u{feff}').trim();
    let declared =
        first.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and_then(|_| first.as_bytes().get(4));
    match declared {
        Some(separator) if SEPARATORS.contains(separator) => *separator,
        _ => SEPARATORS.into_iter().rev().max_by_key(|separator| agreement(head, *separator)).unwrap_or(b','),
    }
}

/// The number of first rows that a separator splits into as many cells as the very first, and the number of cells.
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

    fn cells_of(text: &str) -> Vec<Vec<String>> {
        read(text, 100).into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn separators_are_detected() {
        for separator in [",", ";", "\t", "|"] {
            let text =
                ["name", "email"].join(separator) + "\r\n" + &["Ada", "ada@example.org"].join(separator) + "\r\n";
            assert_eq!(cells_of(&text), [["name", "email"], ["Ada", "ada@example.org"]], "{separator:?}");
        }
        assert_eq!(cells_of("Name;Note\nAda;\"a, b, c\"\nBo;\"d, e, f\"\n")[1], ["Ada", "a, b, c"]);
        assert_eq!(cells_of("sep=|\nName|Note\nAda;x|b\n"), [["Name", "Note"], ["Ada;x", "b"]]);
        assert_eq!(cells_of("just names\nAda\nBo"), [["just names"], ["Ada"], ["Bo"]]);
    }

    #[test]
    fn line_ends_quotes_and_empty_rows() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["Name,Note", "", "Ada,\"two", "lines \"\"quoted\"\"\"", ",,", "Bo,"].join(end);
            let lines: Vec<_> = read(&text, 100).iter().map(|row| row.line).collect();
            assert_eq!(lines, [1, 3, 6], "{end:?}");
            assert_eq!(
                cells_of(&text),
                [vec!["Name", "Note"], vec!["Ada", "two\nlines \"quoted\""], vec!["Bo"]],
                "{end:?}"
            );
        }
    }

    #[test]
    fn formula_escapes_are_removed() {
        assert_eq!(cells_of("'=1+1,'+44 7911,'tis,@home,''=x"), [["=1+1", "+44 7911", "'tis", "@home", "'=x"]]);
    }
}
