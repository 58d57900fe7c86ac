//! Spreadsheets run a cell whose text begins like a formula. What leaves for one is guarded by an apostrophe, which is
//! taken off again when it comes back (OWASP, CSV injection; ASVS 1.2.10).

/// What a formula begins with, in ASCII and full width; tabs and line ends are skipped before it.
const RISKY: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'];

/// Text for a cell that no spreadsheet runs.
pub fn guarded(text: &str) -> String {
    match is_risky(text) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The text that a guarded cell stands for.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest,
        _ => cell,
    }
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
        for text in ["=1+1", "+44 7911", "-5", "@home", "\t=1", "＝1", "'=x", "''+1", "'tis", "plain", "", "'"] {
            let cell = guarded(text);
            assert!(!cell.starts_with(RISKY), "{cell:?}");
            assert_eq!(unguarded(&cell), text, "{cell:?}");
        }
    }
}
