//! The page where Google shows a file of a Drive folder.

use riffle_ports::{Entry, Source, is_drive_id};

/// Returns the address of the page on which a user signed in to Google sees a file of Google Drive. `None` if it is not
/// such a file.
///
/// Users are sent to Google because a scan's own token is removed when the scan ends, and because the platform does not
/// relay files of other services.
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
