//! Tests of damaged and malicious files.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use crate::{
    guests::GuestForm,
    imports::{columns, file, row},
    problem::FileError,
};

#[test]
fn a_workbook_with_a_false_size_is_refused() {
    let workbook = |texts: &str, sheet: &[u8]| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, part) in [("xl/sharedStrings.xml", texts.as_bytes()), ("xl/worksheets/sheet1.xml", sheet)] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(part).unwrap();
        }
        file::read(zip.finish().unwrap().get_ref()).err()
    };
    assert_eq!(workbook("<sst uniqueCount=\"1000000000000\"/>", b""), Some(FileError::TooLarge));
    assert_eq!(workbook("<sst count='99999999999999999999999'/>", b""), Some(FileError::TooLarge));
    assert_eq!(workbook("<sst/>", &vec![b' '; 61_000_000]), Some(FileError::TooLarge));
    assert_eq!(workbook("<sst count=\"1\"/>", b""), Some(FileError::Damaged), "small enough, and no workbook");
}

/// Files of the corpus, damaged at random, for `GG_FUZZ_SECONDS` (default 1): each is read or refused, without a panic. `GG_FUZZ_SECONDS=600 cargo test -p guestguard --lib damaged_files`
#[test]
fn damaged_files_are_read_or_refused() {
    let seconds = std::env::var("GG_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("server/tests/fixtures/imports");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let corpus: Vec<Vec<u8>> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind != "json"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below.max(1)
    };
    const TOKENS: [&[u8]; 12] = [
        b"\"",
        b"\r",
        b"\n",
        b";",
        b"\0",
        b"\xff\xfe",
        b"sep=",
        b"BEGIN:VCARD\r\n",
        b"END:VCARD\r\n",
        b"=?",
        b"\xef\xbb\xbf",
        b"PK\x03\x04",
    ];
    let begun = std::time::Instant::now();
    let (mut read, mut refused) = (0, 0);
    while begun.elapsed().as_secs() < seconds {
        let mut file = corpus[next(corpus.len())].clone();
        for _ in 0..=next(12) {
            let at = next(file.len() + 1);
            match next(5) {
                0 => file.truncate(at),
                1 => drop(file.splice(at..at, TOKENS[next(TOKENS.len())].iter().copied())),
                2 if at < file.len() => file[at] = next(256) as u8,
                3 => {
                    let end = (at + next(40)).min(file.len());
                    let piece = file[at..end].to_vec();
                    file.splice(at..at, piece);
                }
                _ => drop(file.drain(at..(at + next(20)).min(file.len()))),
            }
        }
        match file::read(&file) {
            Ok(table) => {
                let layout = table.layout.unwrap_or_else(|| columns::detect(&table.rows));
                for row in table.rows.iter().take(50) {
                    let form = row::form(&layout, &row.cells);
                    let _ = GuestForm { country: "GB".into(), ..form }.parse();
                }
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 0 && refused > 0);
}
