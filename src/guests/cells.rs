//! Escapes formulas in spreadsheet cells: an apostrophe keeps a spreadsheet from running a cell, and is removed on
//! import (OWASP, CSV injection; ASVS 1.2.10).

/// Characters a formula may begin with, in ASCII and full width; spreadsheets skip tabs and line ends before it.
const RISKY: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Separators of cells or rows in any language of a spreadsheet: a cell may begin after each.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// Escapes text so that no spreadsheet runs it.
pub fn escape_formula(text: &str) -> String {
    pieces(text).map(|piece| if is_risky(piece) { format!("'{piece}") } else { piece.to_owned() }).collect()
}

/// The text of an escaped cell.
pub fn unescape_formula(cell: &str) -> String {
    pieces(cell).map(|piece| piece.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(piece)).collect()
}

/// A text in pieces, each but the last with its separator.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(SEPARATORS)
}

/// Also true for text that begins with apostrophes itself, so that escaping is reversible.
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
            let cell = escape_formula(text);
            assert!(cell.split(SEPARATORS).all(|piece| !piece.starts_with(RISKY)), "{cell:?}");
            assert_eq!(unescape_formula(&cell), text, "{cell:?}");
        }
    }
}
