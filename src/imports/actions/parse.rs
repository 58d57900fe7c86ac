//! Parses an uploaded file into the rows of a new import.

use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events,
    ids::{EventId, ImportId},
    imports::{
        MOST_ROWS, Upload,
        columns::{self, Column, Layout},
        file,
        validate::{self, ValidatedRow},
    },
    phone,
    problem::{FieldError, FileError, Problem, invalid},
};

/// Reads a file and stores its rows for review. Adds no guests yet.
///
/// # Errors
/// `Invalid` for the field `file` if it cannot be read; then nothing of it is stored.
pub async fn parse(backend: &Backend, host: &Host, event: EventId, file: Vec<u8>, upload: &Upload) -> Result<ImportId> {
    events::queries::event(&backend.db, host, event).await?;
    let country = phone::countries::of(&upload.country).map(|country| country.iso.as_str()).unwrap_or_default();
    let chosen = upload.columns.clone();
    let read = tokio::task::spawn_blocking(move || read(&file, country, &chosen)).await.map_err(anyhow::Error::from)?;
    let ParsedFile { layout, headings, rows } = read?;
    let import = ImportId::new();
    let columns: Vec<String> = layout.columns.iter().map(|column| column.into_str().to_owned()).collect();
    let file_name: String = upload.name.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut tx = backend.db.begin().await?;
    sqlx::query!(
        "insert into imports (host_id, event_id, id, file_name, country, header, last_name_first, columns, headings, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        host.id().0,
        event.0,
        import.0,
        file_name,
        country,
        layout.header,
        layout.last_name_first,
        &columns,
        &headings,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?;
    validate::store(&mut tx, host, import, &rows).await?;
    validate::compare(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(import)
}

struct ParsedFile {
    layout: Layout,
    headings: Vec<String>,
    rows: Vec<ValidatedRow>,
}

fn read(file: &[u8], country: &str, chosen: &[Column]) -> Result<ParsedFile, Problem> {
    let refused = |fault| invalid("file", FieldError::File(fault));
    let table = file::read(file).map_err(refused)?;
    let mut layout = table.layout.unwrap_or_else(|| columns::detect(&table.rows));
    let data_rows = table.rows.len().saturating_sub(usize::from(layout.header));
    if data_rows == 0 {
        return Err(refused(FileError::Empty));
    }
    if data_rows > MOST_ROWS {
        return Err(refused(FileError::TooManyRows));
    }
    // A mapping chosen for other columns than the file has is dropped; the review shows the detected one.
    if chosen.len() == layout.columns.len() {
        layout.columns = chosen.to_vec();
    }
    let headings = if layout.header { table.rows[0].cells.clone() } else { Vec::new() };
    let rows = table.rows.into_iter().map(|row| validate::parse(&layout, country, row, None));
    let rows = rows.collect::<Result<_, _>>()?;
    Ok(ParsedFile { layout, headings, rows })
}
