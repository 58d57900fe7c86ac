//! Dump filter: removes `\restrict` lines from a dump, so that it can be loaded under a key of our own.

use std::io::{BufRead, BufReader, Read};

/// A dump without the `\restrict` and `\unrestrict` lines by which `pg_dump` disables `psql`'s own commands
/// (CVE-2025-8714). We restrict `psql` under a key that the dump cannot know, and it cannot be restricted twice.
pub struct WithoutRestrict<R> {
    inner: BufReader<R>,
    line: Vec<u8>,
    /// Bytes of `line` that were passed on.
    consumed: usize,
    /// Between `COPY … FROM stdin` and `\.` there are rows of a table, and no commands.
    in_rows: bool,
}

impl<R: Read> WithoutRestrict<R> {
    pub fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(256 * 1024, inner), line: Vec::new(), consumed: 0, in_rows: false }
    }

    /// Reads the next line to pass on; false at the end of the dump.
    fn next_line(&mut self) -> std::io::Result<bool> {
        loop {
            self.line.clear();
            self.consumed = 0;
            if self.inner.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(false);
            }
            if self.in_rows {
                self.in_rows = self.line != b"\\.\n";
                return Ok(true);
            }
            self.in_rows = self.line.starts_with(b"COPY ") && self.line.ends_with(b" FROM stdin;\n");
            if !self.line.starts_with(b"\\restrict ") && !self.line.starts_with(b"\\unrestrict ") {
                return Ok(true);
            }
        }
    }
}

impl<R: Read> Read for WithoutRestrict<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.consumed == self.line.len() && !self.next_line()? {
            return Ok(0);
        }
        let count = (self.line.len() - self.consumed).min(into.len());
        into[..count].copy_from_slice(&self.line[self.consumed..self.consumed + count]);
        self.consumed += count;
        Ok(count)
    }
}

/// Whether a `psql` of this version has the command `\restrict`.
pub fn supports_restrict((major, minor): (i32, i32)) -> bool {
    match major {
        13 => minor >= 22,
        14 => minor >= 19,
        15 => minor >= 14,
        16 => minor >= 10,
        17 => minor >= 6,
        _ => major >= 18,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_restrict_commands_are_removed_and_rows_pass_unchanged() {
        let dump = "\\restrict abc\nSELECT 1;\nCOPY public.t (a) FROM stdin;\n\\restrict row\n\\unrestrict row\n\\.\n\\unrestrict abc\nlast";
        let mut text = String::new();
        WithoutRestrict::new(dump.as_bytes()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "SELECT 1;\nCOPY public.t (a) FROM stdin;\n\\restrict row\n\\unrestrict row\n\\.\nlast");
    }

    #[test]
    fn restrict_is_supported_from_the_minor_versions_of_the_fix() {
        assert!([(15, 14), (13, 22), (18, 0), (17, 6)].into_iter().all(supports_restrict));
        assert!(![(15, 13), (12, 30), (17, 5), (16, 9)].into_iter().any(supports_restrict));
    }
}
