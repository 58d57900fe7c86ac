//! Parses a chosen file in the browser, for the preview.

use std::collections::HashSet;

use guestguard::{
    imports::{
        MOST_ROWS,
        columns::{self, Column, Layout},
        row,
        table::{self, RawRow},
    },
    problem::{FileError, is_email},
};

/// Guests shown in the preview.
const SHOWN: usize = 5;

/// A file as the server will read it, by the same parser and column detection.
pub struct PreviewTable {
    pub layout: Layout,
    rows: Vec<RawRow>,
}

/// What the table holds with its columns as mapped now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub rows: usize,
    pub addresses: usize,
    pub phones: usize,
    /// Rows with the address of an earlier one.
    pub repeated: usize,
    pub bad_addresses: usize,
    pub nameless: usize,
    /// Name, address and number of the first rows.
    pub first: Vec<[String; 3]>,
}

/// Reads a table; `None` for kinds that only the server reads.
pub fn read(bytes: &[u8]) -> Result<Option<PreviewTable>, FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty);
    }
    if bytes.starts_with(b"PK") || bytes.starts_with(b"BEGIN:VCARD") {
        return Ok(None);
    }
    let text = decode(bytes);
    if text.contains('\0') {
        return Err(FileError::NotATable);
    }
    let rows = table::read(&text, MOST_ROWS + 2);
    let table = PreviewTable { layout: columns::detect(&rows), rows };
    match table.data().len() {
        0 => Err(FileError::Empty),
        n if n > MOST_ROWS => Err(FileError::TooManyRows),
        _ => Ok(Some(table)),
    }
}

impl PreviewTable {
    fn data(&self) -> &[RawRow] {
        &self.rows[usize::from(self.layout.header).min(self.rows.len())..]
    }

    /// The heading of a column.
    pub fn heading(&self, at: usize) -> Option<String> {
        let heading = self.rows.first().filter(|_| self.layout.header)?.cells.get(at)?;
        (!heading.is_empty()).then(|| heading.clone())
    }

    /// Cells of the first rows, as examples of a column.
    pub fn sample(&self, at: usize) -> Vec<String> {
        let cells = self.data().iter().take(3).filter_map(|row| row.cells.get(at));
        cells.filter(|cell| !cell.is_empty()).cloned().collect()
    }

    /// Maps a column differently.
    pub fn map(&mut self, at: usize, column: Column) {
        if let Some(chosen) = self.layout.columns.get_mut(at) {
            *chosen = column;
        }
    }

    pub fn summary(&self) -> Summary {
        let mut seen = HashSet::new();
        let mut summary = Summary { rows: self.data().len(), ..Summary::default() };
        for row in self.data() {
            let form = row::form(&self.layout, &row.cells);
            let good = is_email(&form.email);
            summary.bad_addresses += usize::from(!good && !form.email.is_empty());
            summary.addresses += usize::from(good);
            summary.phones += usize::from(!form.phone.is_empty());
            summary.nameless += usize::from(form.name.is_empty());
            summary.repeated += usize::from(good && !seen.insert(form.email.to_lowercase()));
            if summary.first.len() < SHOWN {
                summary.first.push([form.name, form.email, form.phone]);
            }
        }
        summary
    }
}

/// Decodes a file by its byte order mark, as UTF-8, or else as Windows-1252, with the browser's decoder.
fn decode(bytes: &[u8]) -> String {
    let zeros = |from: usize| {
        bytes.iter().take(2_000).skip(from).step_by(2).filter(|byte| **byte == 0).count() > 500.min(bytes.len() / 4)
    };
    let label = match bytes {
        [0xff, 0xfe, ..] => "utf-16le",
        [0xfe, 0xff, ..] => "utf-16be",
        _ if zeros(1) => "utf-16le",
        _ if zeros(0) => "utf-16be",
        _ if std::str::from_utf8(bytes).is_ok() => "utf-8",
        _ => "windows-1252",
    };
    let decoder = web_sys::TextDecoder::new_with_label(label);
    decoder.and_then(|decoder| decoder.decode_with_u8_array(bytes)).unwrap_or_default()
}
