use std::collections::HashSet;

use guestguard::{
    imports::{
        MOST_ROWS,
        columns::{self, Column, Layout},
        row,
        table::{Row, Rows, SAMPLE},
    },
    problem::{FileError, is_email},
};

/// Rows that are shown before the file is sent.
const SHOWN: usize = 5;

/// A file as the server will read it: the same parser, the same rules for columns.
pub struct Table {
    pub layout: Layout,
    rows: Vec<Row>,
}

/// What a table means, column by column as they are chosen now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub rows: usize,
    pub addresses: usize,
    pub phones: usize,
    /// Rows whose address stands further up.
    pub repeated: usize,
    pub bad_addresses: usize,
    pub nameless: usize,
    /// Name, address and number of the first rows.
    pub first: Vec<[String; 3]>,
}

/// Reads a table; `None` for kinds that only the server reads.
pub fn read(bytes: &[u8]) -> Result<Option<Table>, FileError> {
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
    let rows: Vec<Row> = Rows::new(&text, text.as_bytes()).flatten().take(MOST_ROWS + 2).collect();
    let sample: Vec<Vec<String>> = rows.iter().take(SAMPLE).map(|row| row.cells.clone()).collect();
    let table = Table { layout: columns::detect(&sample), rows };
    match table.data().len() {
        0 => Err(FileError::Empty),
        n if n > MOST_ROWS => Err(FileError::TooManyRows),
        _ => Ok(Some(table)),
    }
}

impl Table {
    fn data(&self) -> &[Row] {
        &self.rows[usize::from(self.layout.header).min(self.rows.len())..]
    }

    /// What the first row calls a column.
    pub fn heading(&self, at: usize) -> Option<String> {
        let heading = self.rows.first().filter(|_| self.layout.header)?.cells.get(at)?;
        (!heading.is_empty()).then(|| heading.clone())
    }

    /// What stands in a column of the first rows.
    pub fn sample(&self, at: usize) -> Vec<String> {
        let cells = self.data().iter().take(3).filter_map(|row| row.cells.get(at));
        cells.filter(|cell| !cell.is_empty()).cloned().collect()
    }

    /// Takes a column for something else.
    pub fn choose(&mut self, at: usize, column: Column) {
        if let Some(chosen) = self.layout.columns.get_mut(at) {
            *chosen = column;
        }
    }

    /// What it means now.
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

/// The text of a file, by its byte order mark, as UTF-8, or else as Windows-1252; the browser's own decoders do it.
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
