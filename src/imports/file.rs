//! File formats: detects the kind and encoding of a guest list, and reads its rows.

use std::io::{self, Cursor, Read};

use calamine::{Reader, SheetVisible, Xlsx};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{
    MOST_ROWS,
    columns::{Column, Layout},
    table::{self, RawRow},
};
use crate::problem::FileError;

/// Bytes, or characters, from which kind and encoding are detected.
const HEAD: usize = 64 * 1024;
/// Most bytes that a workbook may unpack to; a small file can claim gigabytes.
const MOST_UNPACKED: u64 = 60_000_000;
/// Most different texts in a workbook.
const MOST_TEXTS: u64 = 1_000_000;
/// Most bytes of cells that are kept of a workbook.
const MOST_KEPT: usize = 20_000_000;

/// A file's rows, up to one too many, with the layout if its kind prescribes one.
pub(super) struct RawTable {
    pub layout: Option<Layout>,
    pub rows: Vec<RawRow>,
}

/// Reads a guest list: text of separated values, an Excel workbook, or contacts (vCard).
pub(super) fn read(file: &[u8]) -> Result<RawTable, FileError> {
    match file {
        [] => Err(FileError::Empty),
        [b'P', b'K', 3 | 5, ..] => workbook(file),
        _ => text(file),
    }
}

fn text(file: &[u8]) -> Result<RawTable, FileError> {
    let (text, ..) = encoding(file).decode(file);
    // Text has no zeros, and hardly any other control characters.
    let head = || text.chars().take(HEAD);
    if head().any(|c| c == '\0')
        || head().filter(|c| c.is_control() && !c.is_whitespace()).count() * 50 > text.len().min(HEAD)
    {
        return Err(FileError::NotATable);
    }
    if text.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD")) {
        return contacts(&text);
    }
    Ok(RawTable { layout: None, rows: table::read(&text, MOST_ROWS + 2) })
}

/// The encoding to decode a text with. A byte order mark decides by itself (`decode` reads it again); without one: UTF-16 if every other byte is zero; UTF-8 if all of it is;
/// otherwise Windows-1252, which Excel writes in the west.
fn encoding(file: &[u8]) -> &'static Encoding {
    let head = &file[..file.len().min(HEAD)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count() * 4;
    match () {
        () if Encoding::for_bom(file).is_some() => UTF_8,
        () if zeros(1) > head.len() => UTF_16LE,
        () if zeros(0) > head.len() => UTF_16BE,
        () if std::str::from_utf8(file).is_ok() => UTF_8,
        () => WINDOWS_1252,
    }
}

/// The first visible sheet, cell by cell.
fn workbook(file: &[u8]) -> Result<RawTable, FileError> {
    unpack(file)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).map_err(damaged)?;
    let shown = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible);
    let name = shown.map(|sheet| sheet.name.clone()).ok_or(FileError::Empty)?;
    let mut rows: Vec<RawRow> = Vec::new();
    let mut reader = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut row: (u32, Vec<String>) = (0, Vec::new());
    let (mut leading, mut kept) = (usize::MAX, 0);
    while let Some(cell) = reader.next_cell().map_err(damaged)? {
        let (line, column) = cell.get_position();
        if line != row.0 {
            push(&mut rows, std::mem::take(&mut row));
            row.0 = line;
        }
        let text = cell_text(cell.get_value());
        let column = column as usize;
        if text.is_empty() || column >= table::MOST_CELLS {
            continue;
        }
        leading = leading.min(column);
        kept += text.len();
        if kept > MOST_KEPT {
            return Err(FileError::TooLarge);
        }
        row.1.resize(column, String::new());
        row.1.push(text);
        if rows.len() > MOST_ROWS + 1 {
            return Err(FileError::TooManyRows);
        }
    }
    push(&mut rows, row);
    for row in &mut rows {
        row.cells.drain(..leading.min(row.cells.len()));
    }
    Ok(RawTable { layout: None, rows })
}

/// Unpacks a workbook once only to measure it: the sizes that an archive declares can be wrong, and so can a workbook's
/// number of texts, for which calamine allocates at once.
fn unpack(file: &[u8]) -> Result<(), FileError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(damaged)?;
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(damaged)?;
        let mut head = Vec::new();
        entry.by_ref().take(left.min(4096)).read_to_end(&mut head).map_err(damaged)?;
        left -= head.len() as u64;
        if declared_texts(&head) > MOST_TEXTS {
            return Err(FileError::TooLarge);
        }
        left -= io::copy(&mut entry.by_ref().take(left), &mut io::sink()).map_err(damaged)?;
        if left == 0 {
            return Err(FileError::TooLarge);
        }
    }
    Ok(())
}

/// The largest number of texts that the head of a part declares (`count`, `uniqueCount`; ECMA-376, 18.4.9).
fn declared_texts(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let number = |rest: &str| {
        let digits: String =
            rest.trim_start_matches(['=', '"', '\'', ' ']).chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX })
    };
    head.split("count").skip(1).map(number).max().unwrap_or_default()
}

fn push(rows: &mut Vec<RawRow>, (line, cells): (u32, Vec<String>)) {
    let cells = table::cells(cells.iter());
    if !cells.is_empty() {
        rows.push(RawRow { line: line + 1, cells });
    }
}

/// Numbers as people wrote them: `447911123456`, not `447911123456.0`.
fn cell_text(cell: &calamine::DataRef<'_>) -> String {
    match cell {
        calamine::DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        calamine::DataRef::Float(number) => number.to_string(),
        calamine::DataRef::Int(number) => number.to_string(),
        calamine::DataRef::Bool(yes) => yes.to_string(),
        calamine::DataRef::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year}-{month:02}-{day:02}")
        }
        calamine::DataRef::String(text)
        | calamine::DataRef::DateTimeIso(text)
        | calamine::DataRef::DurationIso(text) => clipped(text),
        calamine::DataRef::SharedString(text) => clipped(text),
        calamine::DataRef::Empty | calamine::DataRef::Error(_) => String::new(),
    }
}

fn clipped(text: &str) -> String {
    text.trim().chars().take(table::MOST_CHARACTERS).collect()
}

/// Contacts (vCard, RFC 6350 and its predecessors).
fn contacts(text: &str) -> Result<RawTable, FileError> {
    use calcard::{Entry, Parser, vcard::VCardProperty};
    let mut parser = Parser::new(text);
    let mut rows = Vec::new();
    loop {
        let card = match parser.entry() {
            Entry::VCard(card) => card,
            Entry::Eof => break,
            _ => continue,
        };
        let values = |property: VCardProperty| -> Vec<String> {
            let of = card.entries.iter().filter(move |entry| entry.name == property);
            of.map(|entry| entry.values.iter().filter_map(|value| value.as_text()).collect::<Vec<_>>().join(", "))
                .collect()
        };
        let first = |property| values(property).into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        // Family name, given name and what else there is, in this order.
        let parts = card.entries.iter().find(|entry| entry.name == VCardProperty::N).map(|entry| &entry.values);
        let parts: Vec<&str> = parts.into_iter().flatten().filter_map(|part| part.as_text()).collect();
        let full_name = parts.iter().skip(1).take(2).chain(parts.first()).filter(|part| !part.is_empty());
        let names =
            [first(VCardProperty::Fn), full_name.copied().collect::<Vec<_>>().join(" "), first(VCardProperty::Org)];
        let raw = [
            names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            first(VCardProperty::Email),
            first(VCardProperty::Tel),
            values(VCardProperty::Categories).join(", "),
            values(VCardProperty::Note).join("\n"),
        ];
        let cells = table::cells(raw.iter());
        if !cells.is_empty() {
            rows.push(RawRow { line: rows.len() as u32 + 1, cells });
        }
        if rows.len() > MOST_ROWS {
            return Err(FileError::TooManyRows);
        }
    }
    let columns = vec![Column::Name, Column::Email, Column::Phone, Column::Tags, Column::Note];
    Ok(RawTable { layout: Some(Layout { header: false, columns, last_name_first: false }), rows })
}

fn damaged(_: impl std::fmt::Debug) -> FileError {
    FileError::Damaged
}
