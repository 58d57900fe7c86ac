//! Writes a data export as JSON, CSV and ZIP.

use std::{
    fs::File,
    io::{BufWriter, Seek, Write},
};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{ExportPart, PARTS};
use crate::{error::Result, guests::export::line, ids::UserId};

/// Version of the format; raise it for changes that break readers.
const VERSION: u32 = 1;

pub async fn json(db: &mut PgConnection, host: UserId, now: DateTime<Utc>) -> Result<File> {
    let mut out = BufWriter::new(tempfile::tempfile().map_err(anyhow::Error::from)?);
    document(&mut out, db, host, now, &mut |_| {}).await?;
    rewound(out)
}

/// An archive with the JSON document and a CSV of each part. `report` gets the number of rows written; each counts twice,
/// for JSON and CSV.
pub async fn archive(
    db: &mut PgConnection,
    host: UserId,
    now: DateTime<Utc>,
    report: &mut (dyn FnMut(i64) + Send),
) -> Result<File> {
    let out = BufWriter::new(tempfile::tempfile().map_err(anyhow::Error::from)?);
    let mut zip = ZipWriter::new(out);
    let options = SimpleFileOptions::default().large_file(true);
    zip.start_file("data.json", options).map_err(anyhow::Error::from)?;
    let mut through = document(&mut zip, db, host, now, report).await?;
    for part in PARTS {
        zip.start_file(format!("{}.csv", part.name), options).map_err(anyhow::Error::from)?;
        through = table(&mut zip, db, host, part, through, report).await?;
    }
    rewound(zip.finish().map_err(anyhow::Error::from)?)
}

fn rewound(out: BufWriter<File>) -> Result<File> {
    let mut file = out.into_inner().map_err(|cause| anyhow::anyhow!("an export could not be put aside: {cause}"))?;
    file.rewind().map_err(anyhow::Error::from)?;
    Ok(file)
}

/// One row a line, so that other tools can read it line by line as well.
async fn document(
    out: &mut (impl Write + Send),
    db: &mut PgConnection,
    host: UserId,
    now: DateTime<Utc>,
    report: &mut (dyn FnMut(i64) + Send),
) -> Result<i64> {
    let head = json!({ "format": "guestguard-export", "version": VERSION, "exported_at": now }).to_string();
    put(out, head.trim_end_matches('}').as_bytes())?;
    let mut through = 0;
    for part in PARTS {
        put(out, format!(",\n\"{}\": [", part.name).as_bytes())?;
        let columns = part.columns(db).await?;
        let mut rows =
            sqlx::query_scalar::<_, String>(AssertSqlSafe(part.select(&columns))).bind(host.0).fetch(&mut *db);
        let mut opening: &[u8] = b"\n";
        while let Some(row) = rows.next().await {
            put(out, opening)?;
            put(out, row?.as_bytes())?;
            opening = b",\n";
            through += 1;
            report(through);
        }
        put(out, b"]")?;
    }
    put(out, b"\n}\n")?;
    Ok(through)
}

/// The same rows as CSV (RFC 4180), for people with a spreadsheet.
async fn table(
    out: &mut (impl Write + Send),
    db: &mut PgConnection,
    host: UserId,
    part: ExportPart,
    mut through: i64,
    report: &mut (dyn FnMut(i64) + Send),
) -> Result<i64> {
    let columns = part.columns(db).await?;
    put(out, b"\xef\xbb\xbf")?;
    put(out, &line(&columns)?)?;
    let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(part.select(&columns))).bind(host.0).fetch(&mut *db);
    while let Some(row) = rows.next().await {
        let row: Value = serde_json::from_str(&row?).map_err(anyhow::Error::from)?;
        let cells: Vec<_> = columns.iter().map(|column| cell(&row[column.as_str()])).collect();
        put(out, &line(&cells)?)?;
        through += 1;
        report(through);
    }
    Ok(through)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn put(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(|cause| anyhow::Error::new(cause).context("an export could not be put aside"))?;
    Ok(())
}
