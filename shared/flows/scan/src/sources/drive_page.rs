//! Where Google shows a file of a Drive folder.

use riffle_ports::{Entry, Source, is_drive_id};

/// The page on which its owner sees a file of Google Drive, as whoever is signed in there. `None`: it is no such file.
///
/// A scan's own token is forgotten when the scan ends, and nobody else's bytes go through this platform.
pub fn drive_page(source: &Source, entry: &Entry) -> Option<String> {
    let Source::Drive { .. } = source else { return None };
    let id = entry.locator.rsplit('/').next()?;
    is_drive_id(id).then(|| format!("https://drive.google.com/open?id={id}"))
}

#[cfg(test)]
mod tests {
    use riffle_ports::SessionId;

    use super::*;

    #[test]
    fn only_an_id_becomes_part_of_an_address() {
        let session = SessionId("s".into());
        let source = Source::Drive { tenant: "t".into(), session, folder: "root".into() };
        let page = |source: &Source, locator: &str| {
            let locator = locator.to_owned();
            drive_page(source, &Entry { name: "n".into(), locator, size: 0, version: String::new() })
        };
        assert_eq!(
            page(&source, "document/a_B-1").as_deref(),
            Some("https://drive.google.com/open?id=a_B-1")
        );
        assert_eq!(page(&source, "1?x=@evil"), None);
        assert_eq!(page(&Source::Upload("1".into()), "1"), None);
    }
}
