//! Skipped rows of an import, as a download.

use async_stream::try_stream;
use futures::{Stream, StreamExt};
use guestguard::{
    error::Result,
    guests::export,
    imports::{ImportRow, RowStatus, queries::Import},
};

use crate::ui::words;

/// A CSV that can be fixed and imported again: the cells of the skipped rows, and the reason in the last column.
pub fn skipped_rows(
    rows: impl Stream<Item = Result<(Vec<String>, ImportRow)>>,
    import: Import,
) -> impl Stream<Item = Result<Vec<u8>>> {
    try_stream! {
        let width = import.layout.columns.len();
        let headings = (0..width).map(|at| match import.headings.get(at) {
            Some(heading) if !heading.is_empty() => heading.clone(),
            _ => import.layout.columns[at].label().to_owned(),
        });
        let headings: Vec<String> = headings.chain(["Reason".to_owned()]).collect();
        yield [b"\xef\xbb\xbf".as_slice(), &export::line(&headings)?].concat();
        let mut rows = Box::pin(rows);
        while let Some(row) = rows.next().await {
            let (mut cells, row) = row?;
            cells.resize(width, String::new());
            cells.push(reason(&row));
            yield export::line(&cells)?;
        }
    }
}

fn reason(row: &ImportRow) -> String {
    match row.status {
        RowStatus::Attention => row
            .faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field.replace('_', " "), words::field_error(&fault.error)))
            .collect::<Vec<_>>()
            .join(" "),
        RowStatus::Known => "This email was on the guest list already.".to_owned(),
        RowStatus::Repeated => match row.duplicate_of {
            Some(first) => format!("Duplicate of line {first}."),
            None => "Duplicate of an earlier line.".to_owned(),
        },
        RowStatus::OverLimit => "Over the guest limit of your plan.".to_owned(),
        RowStatus::Ready | RowStatus::Excluded => "Skipped by you.".to_owned(),
    }
}
