use async_stream::try_stream;
use futures::{Stream, StreamExt};
use guestguard::{
    error::Result,
    guests::export,
    imports::{Line, Verdict, queries::Import},
};

use crate::ui::words;

/// Rows that did not come onto the list as a file that can be brought again: the cells as they were, and the reason in a
/// column of its own.
pub fn excluded(
    rows: impl Stream<Item = Result<(Vec<String>, Line)>>,
    import: Import,
) -> impl Stream<Item = Result<Vec<u8>>> {
    try_stream! {
        let width = import.layout.columns.len();
        let headings = (0..width).map(|at| match import.headings.get(at) {
            Some(heading) if !heading.is_empty() => heading.clone(),
            _ => import.layout.columns[at].words().to_owned(),
        });
        let headings: Vec<String> = headings.chain(["Why it was left out".to_owned()]).collect();
        yield [b"\xef\xbb\xbf".as_slice(), &export::line(&headings)?].concat();
        let mut rows = Box::pin(rows);
        while let Some(row) = rows.next().await {
            let (mut cells, line) = row?;
            cells.resize(width, String::new());
            cells.push(reason(&line));
            yield export::line(&cells)?;
        }
    }
}

fn reason(line: &Line) -> String {
    match line.verdict {
        Verdict::Attention => line
            .faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field.replace('_', " "), words::fault(&fault.fault)))
            .collect::<Vec<_>>()
            .join(" "),
        Verdict::Known => "Somebody with this address was on the list already.".to_owned(),
        Verdict::Repeated => match line.repeats {
            Some(first) => format!("The same address stood in line {first}."),
            None => "The same address stood further up.".to_owned(),
        },
        Verdict::OverLimit => "The list had no room for it.".to_owned(),
        Verdict::Ready | Verdict::LeftOut => "You left it out.".to_owned(),
    }
}
