use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
};

use calamine::{Reader, SheetVisible, Xlsx};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{
    columns::{Column, Layout},
    table::{self, Row, Rows},
};
use crate::problem::FileError;

/// Bytes from which kind and encoding are told.
const HEAD: usize = 64 * 1024;
/// Most bytes that a workbook may unfold to; a small file can claim gigabytes.
const MOST_UNFOLDED: u64 = 60_000_000;
/// Most different texts in a workbook.
const MOST_TEXTS: u64 = 1_000_000;
/// Most bytes of cells that are kept of a workbook.
const MOST_KEPT: usize = 20_000_000;

/// A file's rows, with the layout where its kind prescribes one.
pub(super) struct Table {
    pub layout: Option<Layout>,
    pub rows: Box<dyn Iterator<Item = Result<Row, FileError>> + Send>,
}

/// Opens a guest list: text of separated values, an Excel workbook, or a list of contacts (vCard).
pub(super) fn open(mut file: File) -> Result<Table, FileError> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(damaged)?;
    file.rewind().map_err(damaged)?;
    match head.as_slice() {
        [] => Err(FileError::Empty),
        [b'P', b'K', 3 | 5, ..] => workbook(file),
        _ => text(file, &head),
    }
}

fn text(mut file: File, head: &[u8]) -> Result<Table, FileError> {
    let encoding = encoding(&mut file, head).map_err(damaged)?;
    file.rewind().map_err(damaged)?;
    let (head, _) = encoding.decode_with_bom_removal(head);
    // Text has no zeros, and hardly any other control characters.
    if head.contains('\0') || head.chars().filter(|c| c.is_control() && !c.is_whitespace()).count() * 50 > head.len() {
        return Err(FileError::NotATable);
    }
    let decoded = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(file);
    if head.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD")) {
        return contacts(decoded);
    }
    let rows = Rows::new(&head, decoded).map(|row| row.map_err(|_| FileError::NotATable));
    Ok(Table { layout: None, rows: Box::new(rows) })
}

/// The encoding of a text: as its byte order mark says; UTF-16 where every other byte is zero; UTF-8 where all of it is;
/// otherwise what Excel writes in the west, Windows-1252.
fn encoding(file: &mut File, head: &[u8]) -> io::Result<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(encoding);
    }
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count() * 4;
    if zeros(1) > head.len() {
        return Ok(UTF_16LE);
    }
    if zeros(0) > head.len() {
        return Ok(UTF_16BE);
    }
    Ok(if is_utf8(BufReader::with_capacity(HEAD, file))? { UTF_8 } else { WINDOWS_1252 })
}

/// Whether all of a text is UTF-8, without holding all of it.
fn is_utf8(mut text: impl BufRead) -> io::Result<bool> {
    let mut open: Vec<u8> = Vec::new();
    loop {
        let piece = text.fill_buf()?;
        let (read, end) = (piece.len(), piece.is_empty());
        open.extend_from_slice(piece);
        match std::str::from_utf8(&open) {
            Ok(_) => open.clear(),
            // A character that the next piece may complete.
            Err(cause) if cause.error_len().is_none() && !end => drop(open.drain(..cause.valid_up_to())),
            Err(_) => return Ok(false),
        }
        if end {
            return Ok(true);
        }
        text.consume(read);
    }
}

/// The first sheet that is shown, cell by cell.
fn workbook(file: File) -> Result<Table, FileError> {
    unfold(&file)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(BufReader::new(file)).map_err(damaged)?;
    let shown = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible);
    let name = shown.map(|sheet| sheet.name.clone()).ok_or(FileError::Empty)?;
    let mut rows: Vec<Result<Row, FileError>> = Vec::new();
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
        if rows.len() > super::MOST_ROWS + 1 {
            return Err(FileError::TooManyRows);
        }
    }
    push(&mut rows, row);
    for row in rows.iter_mut().flatten() {
        row.cells.drain(..leading.min(row.cells.len()));
    }
    Ok(Table { layout: None, rows: Box::new(rows.into_iter()) })
}

/// Unfolds a workbook once for nothing: sizes that an archive declares can be lies, and so can the number of texts that a
/// workbook says it has, for which its reader makes room at once.
fn unfold(file: &File) -> Result<(), FileError> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let mut left = MOST_UNFOLDED;
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

fn push(rows: &mut Vec<Result<Row, FileError>>, (line, cells): (u32, Vec<String>)) {
    let cells = table::cells(cells.iter());
    if !cells.is_empty() {
        rows.push(Ok(Row { line: line + 1, cells }));
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

/// Contacts as an address book exports them (RFC 6350 and its forerunners).
fn contacts(mut text: impl Read) -> Result<Table, FileError> {
    use calcard::{Entry, Parser, vcard::VCardProperty};
    let mut all = String::new();
    text.read_to_string(&mut all).map_err(|_| FileError::NotATable)?;
    let mut parser = Parser::new(&all);
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
        let turned = parts.iter().skip(1).take(2).chain(parts.first()).filter(|part| !part.is_empty());
        let names =
            [first(VCardProperty::Fn), turned.copied().collect::<Vec<_>>().join(" "), first(VCardProperty::Org)];
        let raw = [
            names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            first(VCardProperty::Email),
            first(VCardProperty::Tel),
            values(VCardProperty::Categories).join(", "),
            values(VCardProperty::Note).join("\n"),
        ];
        let cells = table::cells(raw.iter());
        if !cells.is_empty() {
            rows.push(Ok(Row { line: rows.len() as u32 + 1, cells }));
        }
        if rows.len() > super::MOST_ROWS {
            return Err(FileError::TooManyRows);
        }
    }
    let columns = vec![Column::Name, Column::Email, Column::Phone, Column::Tags, Column::Note];
    Ok(Table { layout: Some(Layout { header: false, columns, turned: false }), rows: Box::new(rows.into_iter()) })
}

fn damaged(_: impl std::fmt::Debug) -> FileError {
    FileError::Damaged
}
