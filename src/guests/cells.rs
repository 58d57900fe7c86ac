//! Spreadsheets run a cell whose text begins like a formula. What leaves for one is guarded by an apostrophe, which is
//! taken off again when it comes back (OWASP, CSV injection; ASVS 1.2.10).

/// What a formula begins with, in ASCII and full width; tabs and line ends are skipped before it.
const RISKY: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// What parts cells or rows where a spreadsheet is set to another language, so that a cell can begin behind it.
const PARTING: [char; 4] = [';', '\t', '\r', '\n'];

/// Text for a cell that no spreadsheet runs.
pub fn guarded(text: &str) -> String {
    pieces(text).map(|piece| if is_risky(piece) { format!("'{piece}") } else { piece.to_owned() }).collect()
}

/// The text that a guarded cell stands for.
pub fn unguarded(cell: &str) -> String {
    pieces(cell).map(|piece| piece.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(piece)).collect()
}

/// A text in pieces, each but the last with what parts it from the next.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(PARTING)
}

/// Text with guards of its own in front counts as well, so that each way takes off what the other put on.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(RISKY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_1_2_10_no_cell_begins_like_a_formula_and_all_come_back() {
        for text in [
            "a;=1+1",
            "a;-b\n- c\n\t@d",
            "x;'=y",
            "=1+1",
            "+44 7911",
            "-5",
            "@home",
            "\t=1",
            "＝1",
            "'=x",
            "''+1",
            "'tis",
            "plain",
            "",
            "'",
        ] {
            let cell = guarded(text);
            assert!(cell.split(PARTING).all(|piece| !piece.starts_with(RISKY)), "{cell:?}");
            assert_eq!(unguarded(&cell), text, "{cell:?}");
        }
    }
}
