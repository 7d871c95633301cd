//! ZIP archives: every file in one is read as if it were separate, including archives in archives.
//!
//! Names in an archive are data: no file is ever written under such a name. A file that cannot be read does not affect
//! the others; it is listed as unread with its reason.

use bytes::Bytes;

use super::FormatParser;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;
use crate::{ExtractError, Place, package};

/// Bytes of a name; longer names are cut, because they are stored with every match.
const NAME_BYTES_MAX: usize = 1024;

pub(crate) static ZIP: FormatParser =
    FormatParser { is: |sniffed| sniffed.package().is_some() && sniffed.foreign().is_none(), read };

/// The results for the files of an archive.
#[derive(Default)]
struct ArchiveTally {
    read: u32,
    /// The first file that could not be read; `failures` is the number of such files.
    failed: Option<(String, ExtractError)>,
    failures: u32,
}

fn read(sniffed: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let most = out.limits().archive_depth;
    if out.depth() >= most {
        return Err(ExtractError::TooLarge(format!("archives nested more than {most} deep")));
    }
    let Some(package) = sniffed.package() else {
        return Ok(());
    };
    let begin = out.mark();
    let mut tally = ArchiveTally::default();
    let mut archive = package.archive();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| package::failure(&error))?;
        let name = name(&entry.name().unwrap_or_else(|_| String::from_utf8_lossy(entry.name_raw())));
        if entry.is_dir() || entry.is_symlink() || entry.size() == 0 || is_junk(&name) {
            continue;
        }
        drop(entry);
        if !out.count_entry() {
            let (left, most) = (archive.len() - index, out.limits().archive_entries);
            out.unread(Place::File, format!("{left} more files in the archive; the limit is {most} files"));
            break;
        }
        let inside = out.enter(&name);
        let result = one(&mut archive, index, &name, out);
        match result {
            Ok(()) => tally.read += 1,
            Err(error) => {
                out.unread(Place::File, error.to_string());
                tally.failures += 1;
                tally.failed.get_or_insert((name, error));
            }
        }
        out.leave(inside);
    }
    if archive.has_duplicate_names() {
        out.unread(Place::File, "several files in the archive have the same name; only one of them was read");
    }
    match tally.failed {
        Some((name, error)) if tally.read == 0 => {
            out.take_unread_since(begin);
            Err(nothing(&name, &error, tally.failures))
        }
        None if tally.read == 0 => Err(ExtractError::Nothing("it contains no files".to_owned())),
        _ => Ok(()),
    }
}

fn one(
    archive: &mut zip::ZipArchive<std::io::Cursor<&[u8]>>,
    index: usize,
    name: &str,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let entry = archive.by_index(index).map_err(|error| package::failure(&error))?;
    let (packed, size) = (entry.compressed_size(), entry.size());
    let bytes = Bytes::from(package::unpack(entry, packed, size, out)?);
    out.hold(bytes.len());
    crate::read(name, &bytes, out).map(drop)
}

/// Returns the error for an archive in which no file could be read: it gives the reason of the first one.
fn nothing(name: &str, error: &ExtractError, failures: u32) -> ExtractError {
    match error {
        ExtractError::Encrypted => ExtractError::Encrypted,
        error if failures == 1 => ExtractError::Nothing(format!("{name}: {error}")),
        error => ExtractError::Nothing(format!("{name}: {error} ({failures} files failed)")),
    }
}

/// Returns whether a file is one that operating systems add to archives unasked.
fn is_junk(name: &str) -> bool {
    let mut folders = name.split(['/', '\\']);
    let file = folders.next_back().unwrap_or_default();
    let junk = [".DS_Store", "Thumbs.db", "desktop.ini"];
    file.starts_with("._") || junk.contains(&file) || folders.any(|folder| folder == "__MACOSX")
}

fn name(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let end = (0..=NAME_BYTES_MAX).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &name[..end])
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::tests::{archive, collect, collect_within};
    use crate::{FileFormat, ReadLimits};

    fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a file");
            writer.write_all(content).expect("written");
        }
        writer.finish().expect("finished").into_inner()
    }

    type Pairs = Vec<(String, String)>;

    /// Returns the places of units, and the places of unread parts with their reasons.
    fn shown(bytes: &[u8]) -> (Pairs, Pairs) {
        let got = collect("a.zip", bytes).expect("readable");
        assert_eq!(got.read.kind, FileFormat::Zip);
        let unread = got.read.unread.iter().map(|part| (part.place.to_string(), part.why.clone())).collect();
        (got.units, unread)
    }

    #[test]
    fn files_are_read_as_if_they_stood_alone() {
        let inner = zip(&[("b.txt", b"HOLE-2".to_vec()), ("c.csv", b"x,y\n1,HOLE-3\n".to_vec())]);
        let outer = zip(&[("docs/a.txt", b"\nHOLE-1".to_vec()), ("old.zip", inner)]);
        let (units, unread) = shown(&outer);
        let expected = [
            ("docs/a.txt: line 1", "\nHOLE-1"),
            ("old.zip/b.txt: line 1", "HOLE-2"),
            ("old.zip/c.csv: A1", "x"),
            ("old.zip/c.csv: B1", "y"),
            ("old.zip/c.csv: A2", "1"),
            ("old.zip/c.csv: B2", "HOLE-3"),
        ];
        assert_eq!(units, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(unread, []);
    }

    #[test]
    fn what_cannot_be_read_is_listed_and_loses_no_neighbour() {
        let mut bytes = zip(&[
            ("__MACOSX/._a.txt", b"junk".to_vec()),
            (".DS_Store", b"junk".to_vec()),
            ("empty.txt", Vec::new()),
            ("bad.txt", b"HOLE-0 is damaged here".to_vec()),
            ("film.mp4", b"\0\0\0\x20ftypisom".to_vec()),
            ("good.txt", b"HOLE-1".to_vec()),
        ]);
        // The packed content begins after the name in the local header.
        let at = memchr::memmem::find(&bytes, b"bad.txt").expect("there") + 7;
        bytes[at..at + 4].fill(0xFF);
        let (units, unread) = shown(&bytes);
        assert_eq!(units, [("good.txt: line 1".to_owned(), "HOLE-1".to_owned())]);
        let names: Vec<_> = unread.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(names, ["bad.txt", "film.mp4"]);
        assert!(unread[0].1.starts_with("damaged: "), "{unread:?}");
        assert_eq!(unread[1].1, "video files are not supported");
    }

    #[test]
    fn an_archive_with_nothing_to_read_is_an_error() {
        let why = |bytes: &[u8]| collect("a.zip", bytes).expect_err("nothing to read");
        let none = ExtractError::Nothing("it contains no files".to_owned());
        assert_eq!(why(&archive(&[])), none);
        assert_eq!(why(&archive(&[("__MACOSX/x", "y"), ("folder/", "")])), none);
        let film = || b"\0\0\0\x20ftypisom".to_vec();
        let text = why(&zip(&[("a.mp4", film()), ("b.mp4", film())])).to_string();
        assert_eq!(
            text,
            "nothing in the archive could be read: a.mp4: video files are not supported (2 files failed)"
        );
        // The flag of an encrypted file, in its header and in the directory.
        let mut locked = archive(&[("a.txt", "HOLE-1")]);
        let directory = memchr::memmem::find(&locked, b"PK\x01\x02").expect("a directory");
        (locked[6], locked[directory + 8]) = (1, 1);
        assert_eq!(why(&locked), ExtractError::Encrypted);
    }

    #[test]
    fn names_are_data() {
        for hostile in ["../../etc/passwd", "/abs.txt", "C:\\x.txt", "a\0b", "a\u{202E}txt.exe", "a\nb"] {
            let (units, unread) = shown(&archive(&[(hostile, "HOLE-1")]));
            assert_eq!((units.len(), unread.len()), (1, 0));
            assert_eq!(units[0].0, format!("{hostile}: line 1"));
        }
        // An old archive without the UTF-8 flag: code page 437 has 0x81 for ü.
        let mut old = archive(&[("gr_n.txt", "HOLE-1")]);
        while let Some(at) = memchr::memmem::find(&old, b"gr_n") {
            old[at + 2] = 0x81;
        }
        assert_eq!(shown(&old).0[0].0, "grün.txt: line 1");
        let long = "x".repeat(5000);
        assert!(shown(&archive(&[(&long, "HOLE-1")])).0[0].0.len() < 1100);
    }

    #[test]
    fn bombs_end_in_words_before_they_are_unpacked() {
        let zeros = vec![b' '; 20 << 20];
        let bomb = zip(&[("bomb.txt", zeros), ("good.txt", b"HOLE-1".to_vec())]);
        let (units, unread) = shown(&bomb);
        assert_eq!(units.len(), 1);
        assert!(unread[0].1.contains("more than 200 times as many"), "{unread:?}");

        let nest = |depth: u32| (0..depth).fold(b"HOLE-1".to_vec(), |inner, _| zip(&[("x", inner)]));
        assert_eq!(shown(&nest(4)).0.len(), 1);
        assert!(
            collect("a.zip", &nest(5)).expect_err("too deep").to_string().contains("nested more than 4 deep")
        );

        let many: Vec<_> = (0..20).map(|i| (format!("{i}.txt"), b"HOLE-1".to_vec())).collect();
        let many: Vec<_> = many.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
        let limits = ReadLimits { archive_entries: 15, ..ReadLimits::default() };
        let got = collect_within("a.zip", &zip(&many), &limits).expect("readable");
        assert_eq!(got.units.len(), 15);
        assert_eq!(got.read.unread[0].why, "5 more files in the archive; the limit is 15 files");
        let limits = ReadLimits { held_bytes: 5, ..ReadLimits::default() };
        assert!(collect_within("a.zip", &zip(&many), &limits).is_err());
    }
}
