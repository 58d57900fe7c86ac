//! Guest list export: CSV and Excel.

use std::io::{Seek, Write};

use async_stream::try_stream;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::{Stream, StreamExt};
use sqlx::PgPool;

use super::{GuestStatus, cells::escape_formula};
use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    error::{Error, Result},
    events::{self, Event},
    ids::{EventId, UserId},
};

/// Headings of an export. An import maps the first six and skips the others.
pub const HEADINGS: [&str; 14] = [
    "Name",
    "Email",
    "Phone",
    "Party size",
    "Tags",
    "Note",
    "Status",
    "Attending",
    "Companions",
    "Message to the host",
    "Replied",
    "Invited",
    "Last opened",
    "Delivery problem",
];
/// The import template: headings and an example.
pub const TEMPLATE: [[&str; 6]; 2] = [
    ["Name", "Email", "Phone", "Party size", "Tags", "Note"],
    ["Ada Lovelace", "ada@example.org", "+44 7911 123456", "2", "Family, Table 4", "Vegetarian"],
];

struct ExportRow {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    party_size: i32,
    tags: Vec<String>,
    note: String,
    status: GuestStatus,
    heads: Option<i32>,
    companions: Option<Vec<String>>,
    message: Option<String>,
    replied_at: Option<DateTime<Utc>>,
    issued_at: Option<DateTime<Utc>>,
    last_opened_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
}

impl ExportRow {
    fn cells(self, zone: Tz) -> [String; HEADINGS.len()] {
        let at = |time: Option<DateTime<Utc>>| {
            time.map(|time| time.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
        };
        [
            self.name,
            self.email.unwrap_or_default(),
            self.phone.unwrap_or_default(),
            self.party_size.to_string(),
            self.tags.join(", "),
            self.note,
            self.status.label().to_owned(),
            self.heads.map(|heads| heads.to_string()).unwrap_or_default(),
            self.companions.unwrap_or_default().join(", "),
            self.message.unwrap_or_default(),
            at(self.replied_at),
            at(self.issued_at),
            at(self.last_opened_at),
            self.last_error.unwrap_or_default(),
        ]
    }
}

/// Audits an export of the guest list, and returns the event.
pub async fn begin(backend: &Backend, host: &Host, event: EventId) -> Result<Event> {
    let event = events::queries::event(&backend.db, host, event).await?;
    let now = backend.clock.now();
    audit::record(&mut *backend.db.acquire().await?, now, host.actor(), AuditEvent::GuestsExported, &event.title)
        .await?;
    Ok(event)
}

/// The guest list as lines of CSV (RFC 4180), one at a time, so that it may be of any length.
pub fn csv(db: PgPool, host: UserId, event: Event) -> impl Stream<Item = Result<Vec<u8>>> {
    try_stream! {
        yield [b"\xef\xbb\xbf".as_slice(), &line(&HEADINGS)?].concat();
        let mut rows = Box::pin(rows(db, host, event));
        while let Some(row) = rows.next().await {
            yield line(&row?)?;
        }
    }
}

/// Buffers an export in a file, so that a slow download does not hold a database connection.
pub async fn file(lines: impl Stream<Item = Result<Vec<u8>>>) -> Result<std::fs::File> {
    let mut file = std::io::BufWriter::new(tempfile::tempfile().map_err(anyhow::Error::from)?);
    let mut lines = std::pin::pin!(lines);
    while let Some(line) = lines.next().await {
        file.write_all(&line?).map_err(anyhow::Error::from)?;
    }
    let mut file = file.into_inner().map_err(|cause| anyhow::anyhow!("an export could not be buffered: {cause}"))?;
    file.rewind().map_err(anyhow::Error::from)?;
    Ok(file)
}

/// One line of CSV, with formulas escaped.
pub fn line(cells: &[impl AsRef<str>]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| escape_formula(cell.as_ref()))).map_err(anyhow::Error::from)?;
    writer.into_inner().map_err(|cause| Error::Unexpected(anyhow::anyhow!("{cause}")))
}

/// The guest list as an Excel workbook in a file. Rows go to disk one by one.
pub async fn workbook(db: PgPool, host: UserId, event: Event) -> Result<std::fs::File> {
    let (sender, receiver) = tokio::sync::mpsc::channel(256);
    let writing = tokio::task::spawn_blocking(move || write_workbook(receiver));
    let mut rows = Box::pin(rows(db, host, event));
    while let Some(row) = rows.next().await {
        if sender.send(row?.map(String::from).to_vec()).await.is_err() {
            break;
        }
    }
    drop(sender);
    Ok(writing.await.map_err(anyhow::Error::from)??)
}

/// Text cells throughout: a workbook keeps what a cell is apart from how it looks, so nothing in it is run.
fn write_workbook(mut rows: tokio::sync::mpsc::Receiver<Vec<String>>) -> anyhow::Result<std::fs::File> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("Guests")?.set_freeze_panes(1, 0)?;
    let bold = rust_xlsxwriter::Format::new().set_bold();
    for (column, (heading, width)) in
        HEADINGS.iter().zip([24, 28, 18, 7, 20, 30, 14, 8, 24, 30, 16, 16, 16, 24]).enumerate()
    {
        sheet.set_column_width(column as u16, width)?;
        sheet.write_string_with_format(0, column as u16, *heading, &bold)?;
    }
    let mut at = 1;
    while let Some(cells) = rows.blocking_recv() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            match cell.parse::<u32>() {
                Ok(number) if matches!(HEADINGS[column], "Party size" | "Attending") => {
                    sheet.write_number(at, column as u16, number)?;
                }
                _ => {
                    sheet.write_string(at, column as u16, cell)?;
                }
            }
        }
        at += 1;
    }
    finish(book)
}

/// The import template as a workbook.
pub fn template() -> anyhow::Result<std::fs::File> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Guests")?;
    for (line, cells) in TEMPLATE.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(line as u32, column as u16, *cell)?;
            sheet.set_column_width(column as u16, 22)?;
        }
    }
    finish(book)
}

fn finish(mut book: rust_xlsxwriter::Workbook) -> anyhow::Result<std::fs::File> {
    let mut file = tempfile::tempfile()?;
    book.save_to_writer(&mut file)?;
    file.rewind()?;
    Ok(file)
}

/// All guests of an event, by name, as one statement sees them.
fn rows(db: PgPool, host: UserId, event: Event) -> impl Stream<Item = Result<[String; HEADINGS.len()]>> {
    try_stream! {
        let zone = event.zone();
        let mut rows = sqlx::query_as!(
            ExportRow,
            r#"
            select g.name, g.email, g.phone, g.party_size, g.tags, g.note, s.status as "status: GuestStatus", s.heads,
                r.companions as "companions?", r.message as "message?", r.changed_at as "replied_at?",
                i.issued_at as "issued_at?", i.last_opened_at as "last_opened_at?", n.last_error as "last_error?"
            from guests g
            join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id
            left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
            left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
            left join notifications n
                on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest and s.status = 'failed'
            where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null
            order by g.name_key, g.id
            "#,
            host.0,
            event.id.0,
        )
        .fetch(&db);
        while let Some(row) = rows.next().await {
            yield row?.cells(zone);
        }
    }
}
