//! The files of a folder that are listed, and those that are never opened.

#![expect(clippy::disallowed_methods, reason = "the tests start processes")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use riffle_local_adapters::LocalFolders;
use riffle_ports::{Entry, FileSource, PortError, ReadError, Source, SourceError};
use tempfile::TempDir;

use crate::Outcome;
use crate::contract::write_later;

fn source(folders: &[&Path]) -> Source {
    let folders = folders.iter().map(|folder| folder.to_str().expect("UTF-8").to_owned());
    Source::Folders(folders.collect())
}

/// Opens a file and reads it, as a worker does.
async fn content_of(files: &LocalFolders, source: &Source, entry: &Entry) -> Result<bytes::Bytes, ReadError> {
    let opened = files.open(source, entry).await?;
    riffle_ports::read_all(&*opened)
}

async fn list(source: &Source) -> Result<Vec<Entry>, SourceError> {
    let mut pages = LocalFolders::default().list(source).await?;
    let mut entries = Vec::new();
    while let Some(page) = pages.next().await? {
        entries.extend(page);
    }
    Ok(entries)
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

fn write(folder: &Path, name: &str) -> std::io::Result<()> {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
    std::fs::write(path, name)
}

#[tokio::test]
async fn hidden_names_and_lock_files_of_offices_are_skipped() -> Outcome {
    let folder = TempDir::new()?;
    for name in
        ["a.pdf", ".hidden.pdf", ".git/config.txt", "~$open.xlsx", "~kept.txt", "b/.x", "b/~$y.docx", "b/c"]
    {
        write(folder.path(), name)?;
    }
    let entries = list(&source(&[folder.path()])).await?;
    assert_eq!(names(&entries), ["a.pdf", "b/c", "~kept.txt"]);

    let hidden = folder.path().join(".git");
    assert_eq!(
        names(&list(&source(&[&hidden])).await?),
        ["config.txt"],
        "a hidden folder that is named as the source is listed"
    );
    assert_eq!(
        names(&list(&source(&[folder.path(), &hidden])).await?),
        ["a.pdf", "b/c", "~kept.txt", "config.txt"],
        "a file below both folders is listed once"
    );
    Ok(())
}

#[tokio::test]
async fn links_to_files_are_read_and_links_to_folders_are_not_followed() -> Outcome {
    let (folder, elsewhere) = (TempDir::new()?, TempDir::new()?);
    write(folder.path(), "sub/real.txt")?;
    write(elsewhere.path(), "far.txt")?;
    symlink("real.txt", folder.path().join("sub/link.txt"))?;
    symlink(elsewhere.path().join("far.txt"), folder.path().join("far-link.txt"))?;
    symlink("..", folder.path().join("sub/loop"))?;
    symlink(".", folder.path().join("self"))?;
    symlink(elsewhere.path(), folder.path().join("other"))?;
    symlink("nothing", folder.path().join("dangling"))?;
    symlink("ring", folder.path().join("ring"))?;

    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    assert_eq!(
        names(&entries),
        ["dangling", "far-link.txt", "other", "ring", "sub/link.txt", "sub/real.txt"]
    );
    let files = LocalFolders::default();
    let mut read = Vec::new();
    for entry in &entries {
        read.push(content_of(&files, &source, entry).await);
    }
    assert_eq!(read[0], Err(ReadError::Missing));
    assert_eq!(read[1].as_deref(), Ok(&b"far.txt"[..]));
    assert!(
        matches!(&read[2], Err(ReadError::Denied(text)) if text.contains("scan that folder separately")),
        "{:?}",
        read[2]
    );
    assert!(matches!(read[3], Err(ReadError::Denied(_))), "{:?}", read[3]);
    assert_eq!(read[4].as_deref(), Ok(&b"sub/real.txt"[..]));

    let both = super::folders::source(&[folder.path(), elsewhere.path()]);
    assert!(
        !names(&list(&both).await?).contains(&"other"),
        "a link into a folder that is a source itself is not listed"
    );
    Ok(())
}

#[tokio::test]
async fn each_file_is_listed_once_however_folders_overlap() -> Outcome {
    let folder = TempDir::new()?;
    write(folder.path(), "a/b/c.txt")?;
    write(folder.path(), "d.txt")?;
    let (a, link) = (folder.path().join("a"), folder.path().join("a-link"));
    symlink(&a, &link)?;
    let overlapping = source(&[&a, folder.path(), &link, folder.path()]);
    let entries = list(&overlapping).await?;
    assert_eq!(names(&entries), ["a/b/c.txt", "d.txt"]);
    let read = content_of(&LocalFolders::default(), &overlapping, &entries[0]).await?;
    assert_eq!(read, "a/b/c.txt");
    assert_eq!(
        names(&list(&source(&[&link])).await?),
        ["b/c.txt"],
        "a link that is named as the source is followed"
    );
    Ok(())
}

#[tokio::test]
async fn names_that_are_not_utf8_are_shown_somehow_and_found() -> Outcome {
    let folder = TempDir::new()?;
    let (one, two) = (OsStr::from_bytes(b"caf\xe9.txt"), OsStr::from_bytes(b"caf\xe8.txt"));
    std::fs::write(folder.path().join(one), "one")?;
    std::fs::write(folder.path().join(two), "two")?;
    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    assert_eq!(names(&entries), ["caf\u{fffd}.txt", "caf\u{fffd}.txt"]);
    assert!(entries.iter().all(|entry| entry.locator.is_ascii()));
    let files = LocalFolders::default();
    assert_eq!(content_of(&files, &source, &entries[0]).await?, "two");
    assert_eq!(content_of(&files, &source, &entries[1]).await?, "one");
    Ok(())
}

/// Opening one of these would block forever, or have effects.
#[tokio::test]
async fn pipes_sockets_and_devices_are_never_opened() -> Outcome {
    let folder = TempDir::new()?;
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket"))?;
    symlink("/dev/zero", folder.path().join("device"))?;
    write(folder.path(), "file")?;
    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    assert_eq!(names(&entries), ["file"]);

    // A pipe takes the file's place later.
    std::fs::rename(&pipe, folder.path().join("file"))?;
    let files = LocalFolders::default();
    let read =
        tokio::time::timeout(Duration::from_secs(10), content_of(&files, &source, &entries[0])).await?;
    assert_eq!(read, Err(ReadError::Changed));
    Ok(())
}

#[tokio::test]
async fn a_file_of_the_same_size_is_another_version() -> Outcome {
    let folder = TempDir::new()?;
    write(folder.path(), "file")?;
    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    write_later(folder.path().join("file"), b"FILE")?;
    let files = LocalFolders::default();
    assert_eq!(content_of(&files, &source, &entries[0]).await, Err(ReadError::Changed));

    std::fs::remove_file(folder.path().join("file"))?;
    assert_eq!(content_of(&files, &source, &entries[0]).await, Err(ReadError::Missing));
    std::fs::create_dir(folder.path().join("file"))?;
    assert_eq!(content_of(&files, &source, &entries[0]).await, Err(ReadError::Changed));
    Ok(())
}

#[tokio::test]
async fn large_files_are_refused_unread() -> Outcome {
    let folder = TempDir::new()?;
    std::fs::write(folder.path().join("at"), vec![0; 100])?;
    std::fs::write(folder.path().join("over"), vec![0; 101])?;
    // A sparse file: a terabyte by its size.
    std::fs::File::create(folder.path().join("sparse"))?.set_len(1 << 40)?;
    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    let files = LocalFolders::with_limit(100);
    assert_eq!(content_of(&files, &source, &entries[0]).await?.len(), 100);
    let over = ReadError::TooLarge { size: 101, limit: 100 };
    assert_eq!(content_of(&files, &source, &entries[1]).await, Err(over));
    let read = content_of(&LocalFolders::default(), &source, &entries[2]).await;
    assert!(matches!(read, Err(ReadError::TooLarge { .. })), "{read:?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_root_is_refused_with_words() -> Outcome {
    let folder = TempDir::new()?;
    write(folder.path(), "file")?;
    let file = folder.path().join("file");
    let cases = [
        ("relative/path", "full path"),
        ("", "full path"),
        ("/nowhere/at/all", "/nowhere/at/all"),
        (file.to_str().expect("UTF-8"), "not a folder"),
    ];
    for (root, word) in cases {
        let roots = vec![folder.path().to_str().expect("UTF-8").to_owned(), root.to_owned()];
        let listed = LocalFolders::default().list(&Source::Folders(roots)).await;
        let Err(SourceError::Refused(text)) = listed else {
            panic!("{root:?} must be refused");
        };
        assert!(text.contains(word), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_locator_never_leads_out_of_the_folder() -> Outcome {
    let parent = TempDir::new()?;
    write(parent.path(), "in/file")?;
    write(parent.path(), "secret")?;
    let source = source(&[&parent.path().join("in")]);
    let good = list(&source).await?.remove(0);
    for locator in [
        "0/../secret",
        "0/%2e%2e/secret",
        "0//etc/passwd",
        "0/%2Fetc/passwd",
        "1/file",
        "-1/file",
        "file",
        "",
    ] {
        let entry = Entry { locator: locator.to_owned(), ..good.clone() };
        let read = content_of(&LocalFolders::default(), &source, &entry).await;
        assert!(matches!(read, Err(ReadError::Port(PortError::Broken(_)))), "{locator}: {read:?}");
    }
    Ok(())
}

/// Root may read everything, so as root this test reruns itself as another user.
#[test]
fn what_may_not_be_read_is_listed_and_denied() -> Outcome {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return tokio::runtime::Builder::new_multi_thread().build()?.block_on(unreadable());
    }
    let nobody = 65_534;
    let output = Command::new(std::env::current_exe()?)
        .args(["--exact", "folders::what_may_not_be_read_is_listed_and_denied"])
        .current_dir("/")
        .uid(nobody)
        .gid(nobody)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    Ok(())
}

async fn unreadable() -> Outcome {
    let folder = TempDir::new()?;
    write(folder.path(), "closed/inside.txt")?;
    write(folder.path(), "file.txt")?;
    write(folder.path(), "no-search/inside.txt")?;
    let allow = |name: &str, mode| {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode))
    };
    allow("closed", 0o000)?;
    allow("file.txt", 0o000)?;
    // Its names may be listed, but its files not inspected.
    allow("no-search", 0o400)?;

    let source = source(&[folder.path()]);
    let entries = list(&source).await?;
    assert_eq!(names(&entries), ["closed", "file.txt", "no-search/inside.txt"]);
    let files = LocalFolders::default();
    for entry in &entries {
        let read = content_of(&files, &source, entry).await;
        assert!(matches!(read, Err(ReadError::Denied(_))), "{}: {read:?}", entry.name);
    }
    let closed = super::folders::source(&[&folder.path().join("closed")]);
    assert!(matches!(list(&closed).await, Err(SourceError::Refused(_))));

    allow("closed", 0o700)?;
    allow("no-search", 0o700)?;
    for entry in [&entries[0], &entries[2]] {
        let read = content_of(&files, &source, entry).await;
        assert_eq!(
            read,
            Err(ReadError::Changed),
            "{}: the file is readable now, but has changed since the listing",
            entry.name
        );
    }
    Ok(())
}
