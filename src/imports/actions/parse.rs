use std::fs::File;

use tokio::sync::mpsc;

use super::judge;
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events,
    ids::{EventId, ImportId},
    imports::{
        MOST_ROWS, Upload,
        columns::{self, Layout},
        file,
        table::{Row, SAMPLE},
    },
    phone,
    problem::{FieldError, FileError, invalid},
};

/// Rows that are read before they are stored; so many at most are held in memory.
const BATCH: usize = 500;

/// Reads a file and keeps its rows, for the host to look at. Nobody is on the list yet.
///
/// # Errors
/// `Invalid` for the field `file` where it cannot be read; then nothing of it is kept.
pub async fn parse(backend: &Backend, host: &Host, event: EventId, file: File, upload: &Upload) -> Result<ImportId> {
    events::queries::event(&backend.db, host, event).await?;
    let country = phone::countries::of(&upload.country).map(|country| country.iso.as_str()).unwrap_or_default();
    let (sender, mut batches) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || read(file, &sender));
    let import = ImportId::new();
    let mut tx = backend.db.begin().await?;
    let mut begun = false;
    while let Some(Batch { layout, rows }) = batches.recv().await {
        if let Some(mut layout) = layout {
            // Where the columns are others than the host saw, what they seem to be is shown once more.
            if upload.columns.len() == layout.columns.len() {
                layout.columns.clone_from(&upload.columns);
            }
            let headings = if layout.header { rows[0].cells.clone() } else { Vec::new() };
            begin(
                &mut tx,
                backend,
                host,
                event,
                import,
                &Import { file_name: &upload.name, country, headings, layout },
            )
            .await?;
            begun = true;
        }
        store(&mut tx, host, import, &rows).await?;
    }
    let read = reading.await.map_err(anyhow::Error::from)?;
    let data_rows = read.map_err(|fault| invalid("file", FieldError::File(fault)))?;
    if !begun || data_rows == 0 {
        return Err(invalid("file", FieldError::File(FileError::Empty)).into());
    }
    judge::all(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(import)
}

/// Rows on their way into the database; the first ones tell the layout.
struct Batch {
    layout: Option<Layout>,
    rows: Vec<Row>,
}

/// Reads all rows and returns how many there are besides the headings.
fn read(file: File, sender: &mpsc::Sender<Batch>) -> Result<usize, FileError> {
    let table = file::open(file)?;
    let mut prescribed = table.layout;
    let mut batch = Vec::new();
    let (mut count, mut header) = (0, None);
    let mut send = |batch: Vec<Row>| {
        let layout = header.is_none().then(|| prescribed.take().unwrap_or_else(|| detect(&batch)));
        let header = *header.get_or_insert(layout.as_ref().is_some_and(|layout| layout.header));
        // Whoever listens has failed and tells it.
        let _ = sender.blocking_send(Batch { layout, rows: batch });
        header
    };
    for row in table.rows {
        batch.push(row?);
        count += 1;
        // One more than rows may be, for the headings.
        if count > MOST_ROWS + 1 {
            return Err(FileError::TooManyRows);
        }
        if batch.len() == BATCH {
            send(std::mem::take(&mut batch));
        }
    }
    if count == 0 {
        return Err(FileError::Empty);
    }
    let header = send(batch);
    let data = count - usize::from(header);
    if data > MOST_ROWS { Err(FileError::TooManyRows) } else { Ok(data) }
}

fn detect(rows: &[Row]) -> Layout {
    let sample: Vec<Vec<String>> = rows.iter().take(SAMPLE).map(|row| row.cells.clone()).collect();
    columns::detect(&sample)
}

struct Import<'a> {
    file_name: &'a str,
    country: &'a str,
    headings: Vec<String>,
    layout: Layout,
}

async fn begin(
    tx: &mut sqlx::PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    id: ImportId,
    import: &Import<'_>,
) -> Result<()> {
    let columns: Vec<String> = import.layout.columns.iter().map(|column| column.key().to_owned()).collect();
    let file_name: String = import.file_name.chars().filter(|c| !c.is_control()).take(200).collect();
    sqlx::query!(
        "insert into imports (host_id, event_id, id, file_name, country, header, turned, columns, headings, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        host.id().0,
        event.0,
        id.0,
        file_name,
        import.country,
        import.layout.header,
        import.layout.turned,
        &columns,
        &import.headings,
        backend.clock.now(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn store(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, rows: &[Row]) -> Result<()> {
    let lines: Vec<i32> = rows.iter().map(|row| row.line as i32).collect();
    // Arrays of arrays must be rectangular in SQL; each row travels as JSON.
    let cells: Vec<serde_json::Value> = rows.iter().map(|row| serde_json::json!(row.cells)).collect();
    sqlx::query!(
        "insert into import_rows (host_id, import_id, line, cells, verdict)
        select $1, $2, n.line, array(select jsonb_array_elements_text(n.cells)), 'attention'
        from unnest($3::int[], $4::jsonb[]) as n (line, cells)",
        host.id().0,
        import.0,
        &lines,
        &cells,
    )
    .execute(tx)
    .await?;
    Ok(())
}
