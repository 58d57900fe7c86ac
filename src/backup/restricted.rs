use std::io::{BufRead, BufReader, Read};

/// A dump without the lines by which `pg_dump` shuts `psql`'s own commands off (`\restrict`, CVE-2025-8714): we do that
/// ourselves, under a key that the dump cannot know, and it cannot be done twice.
pub struct WithoutRestrict<R> {
    inner: BufReader<R>,
    /// What is left of the line that was read last.
    line: Vec<u8>,
    given: usize,
    /// Rows of a table, up to a line of their own; nothing in them is a command.
    in_rows: bool,
}

impl<R: Read> WithoutRestrict<R> {
    pub fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(256 * 1024, inner), line: Vec::new(), given: 0, in_rows: false }
    }

    /// Reads the next line that is to be passed on; false: there is none.
    fn next_line(&mut self) -> std::io::Result<bool> {
        loop {
            self.line.clear();
            self.given = 0;
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
        if self.given == self.line.len() && !self.next_line()? {
            return Ok(0);
        }
        let given = (self.line.len() - self.given).min(into.len());
        into[..given].copy_from_slice(&self.line[self.given..self.given + given]);
        self.given += given;
        Ok(given)
    }
}

/// Whether a `psql` of this version can be told to run no commands of its own.
pub fn knows_restrict((major, minor): (i32, i32)) -> bool {
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
    fn only_the_lines_that_shut_commands_off_are_left_out_and_rows_are_let_through_as_they_are() {
        let dump = "\\restrict abc\nSELECT 1;\nCOPY public.t (a) FROM stdin;\n\\restrict row\n\\unrestrict row\n\\.\n\\unrestrict abc\nlast";
        let mut text = String::new();
        WithoutRestrict::new(dump.as_bytes()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "SELECT 1;\nCOPY public.t (a) FROM stdin;\n\\restrict row\n\\unrestrict row\n\\.\nlast");
    }

    #[test]
    fn versions_that_know_it_are_those_that_the_fix_came_with() {
        assert!([(15, 14), (13, 22), (18, 0), (17, 6)].into_iter().all(knows_restrict));
        assert!(![(15, 13), (12, 30), (17, 5), (16, 9)].into_iter().any(knows_restrict));
    }
}
