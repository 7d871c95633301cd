//! One match as evidence for users: where it is in its file.

use std::sync::Arc;

use riffle_contracts::FoundMatch;
use riffle_contracts::http::{Evidence, EvidenceBox, EvidenceKind};
use riffle_extract::{Bounds, DrawError, Place};
use riffle_ports::{Entry, SessionId, Source};

use crate::matching::{Fraction, Match, Matcher, fractions};
use crate::queries::error::QueryError;
use crate::state::result::FileResult;
use crate::{Scan, announce};

/// A match and the file it is in.
#[derive(Debug, Clone)]
pub struct Sighting {
    pub match_id: String,
    pub data: FoundMatch,
    pub place: Place,
    /// In points from the top left corner of the page. Known from reading if OCR read the page, otherwise empty until
    /// [`crate::PageViews::look`] fills it.
    pub boxes: Vec<Bounds>,
    /// The code, and what finds it on its page again.
    pub(crate) code: u32,
    pub(crate) codes: Arc<Matcher>,
    /// Why the page could not be read again.
    pub(crate) unmarked: Option<DrawError>,
    pub index: u32,
    pub source: Source,
    pub entry: Entry,
}

/// A page that can be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// In points, like the height.
    pub width: f32,
    pub height: f32,
    pub image_url: String,
}

impl Scan {
    /// Returns the match `match_id` of a session.
    pub async fn sighting(
        &self,
        tenant: &str,
        session: &SessionId,
        match_id: &str,
    ) -> Result<Sighting, QueryError> {
        let none = || QueryError::NotFound("match");
        let session = self.session_or_not_found(tenant, session).await?;
        let (index, ordinal) = match_id
            .split_once('-')
            .and_then(|(index, ordinal)| Some((index.parse::<u32>().ok()?, ordinal.parse::<usize>().ok()?)))
            .ok_or_else(none)?;
        let sealed = session.sealed.clone().filter(|sealed| index < sealed.total).ok_or_else(none)?;
        let results = self.ports.ledger.results(&session.id, sealed.chunk_of(index)).await?;
        let (_, stored) = results.into_iter().find(|(other, _)| *other == index).ok_or_else(none)?;
        let mut result = FileResult::load(&*self.ports.objects, &stored).await?;
        if ordinal >= result.matches.len() {
            return Err(none());
        }
        let found = result.matches.swap_remove(ordinal);
        let entry = self.manifest.entry(&session.id, &sealed, index).await?;
        let work = self.work(session, sealed).await?;
        let data = announce::found(self, &work, (index, &entry), (result.codes, &found));
        Ok(Sighting {
            match_id: announce::match_id(index, ordinal),
            data,
            place: found.place,
            boxes: found.boxes,
            code: found.code,
            codes: Arc::clone(&work.codes.matcher),
            unmarked: None,
            index,
            source: work.request.source,
            entry,
        })
    }
}

impl Sighting {
    /// Adds the boxes of the code in the text of its page, before those from OCR. `found` is what the page contains.
    pub(crate) fn add_boxes(&mut self, found: Vec<Match>) {
        let again = found.into_iter().find(|found| found.code == self.code && found.place == self.place);
        let from_ocr = std::mem::replace(&mut self.boxes, again.map_or_else(Vec::new, |found| found.boxes));
        for bounds in from_ocr {
            if !self.boxes.contains(&bounds) {
                self.boxes.push(bounds);
            }
        }
    }

    /// Returns the page the match is on, if its file is shown page by page.
    pub fn page_number(&self) -> Option<u32> {
        self.place.page().ok()
    }

    /// Returns what a user is shown: the page with the code boxed if there is a `view` of it, otherwise the text around
    /// the code and the reason why there is no page. `view` is `Err` with the reason if the page could not be looked
    /// at.
    pub fn evidence(self, view: Result<Option<PageView>, String>) -> Evidence {
        let page = self.place.page();
        let (view, why) = match (&page, view) {
            (Err(DrawError::InArchive), _) => (
                None,
                Some("The code is in a file inside an archive, whose pages cannot be shown.".to_owned()),
            ),
            (Err(_), _) => (None, Some("This kind of file has no pages to show.".to_owned())),
            (Ok(_), Ok(Some(view))) if view.width > 0.0 && view.height > 0.0 => (Some(view), None),
            (Ok(_), Ok(_)) => {
                (None, Some("This page cannot be shown here: open the file itself.".to_owned()))
            }
            (Ok(_), Err(why)) => (None, Some(format!("The page cannot be shown: {why}."))),
        };
        let boxes: Vec<EvidenceBox> = view.as_ref().map_or_else(Vec::new, |view| {
            fractions(&self.boxes, (view.width, view.height)).into_iter().map(evidence_box).collect()
        });
        let unmarked = || match &self.unmarked {
            _ if !self.boxes.is_empty() => "The code is outside the visible part of the page.".to_owned(),
            Some(error) => format!("The code is not marked on the page: {error}."),
            None => "The position of the code on this page could not be found.".to_owned(),
        };
        let why = why.or_else(|| boxes.is_empty().then(unmarked));
        Evidence {
            match_id: self.match_id,
            hole_code: self.data.hole_code,
            file_name: self.data.file_name,
            page: self.data.page,
            snippet: self.data.snippet,
            kind: if view.is_some() { EvidenceKind::Page } else { EvidenceKind::Text },
            page_number: page.ok(),
            width: view.as_ref().map_or(0.0, |view| f64::from(view.width)),
            height: view.as_ref().map_or(0.0, |view| f64::from(view.height)),
            boxes,
            image_url: view.map(|view| view.image_url),
            why,
        }
    }
}

fn evidence_box(fraction: Fraction) -> EvidenceBox {
    let Fraction { x, y, width, height } = fraction;
    EvidenceBox { x: x.into(), y: y.into(), width: width.into(), height: height.into() }
}
