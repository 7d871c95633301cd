//! The parts of a file that could not be read, in words.

use riffle_extract::{Place, Unread};

use super::{FileRow, text};

/// Groups named in the remark of a file.
const REMARKS_MAX: usize = 3;

/// Parts of a file with one reason: all its pages that share the reason, or one other part.
pub(super) struct Group<'a> {
    pub(super) what: String,
    pub(super) why: &'a str,
}

/// Returns the page if a part is a page of the file itself.
pub(super) fn page(place: &Place) -> Option<u32> {
    if let Place::Page(page) = place { Some(*page) } else { None }
}

/// Groups the parts into rows: pages that share a reason together, everything else alone.
pub(super) fn groups<'a>(file: &FileRow<'a>) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    let mut pages: Vec<(&str, Vec<u32>)> = Vec::new();
    for part in file.unread {
        let Some(page) = page(&part.place) else { continue };
        match pages.iter_mut().find(|(why, _)| *why == part.why) {
            Some((_, pages)) => pages.push(page),
            None => pages.push((&part.why, vec![page])),
        }
    }
    for (why, pages) in pages {
        let word = if pages.len() == 1 { "page" } else { "pages" };
        groups.push(Group { what: format!("{word} {}", text::pages(&pages)), why });
    }
    for part in file.unread {
        if page(&part.place).is_none() {
            groups.push(Group { what: what(part), why: &part.why });
        }
    }
    if file.unread_more > 0 {
        let what = text::counted(u64::from(file.unread_more), "further part", "further parts");
        groups.push(Group { what, why: "not listed" });
    }
    groups
}

/// Returns the same in one line.
pub(super) fn remark(file: &FileRow<'_>) -> Option<String> {
    let groups = groups(file);
    let listed: Vec<String> =
        groups.iter().take(REMARKS_MAX).map(|group| format!("{}: {}", group.what, group.why)).collect();
    let more = groups.len() - listed.len();
    match (listed.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(listed.join("; ")),
        (false, more) => {
            Some(format!("{}; {} more, see sheet Unread", listed.join("; "), text::grouped(more as u64)))
        }
    }
}

fn what(part: &Unread) -> String {
    match &part.place {
        Place::File => "part of the file".to_owned(),
        place => place.to_string(),
    }
}
