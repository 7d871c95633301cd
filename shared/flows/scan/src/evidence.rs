//! One match, to be looked at: where it stands in its file.

use riffle_contracts::FoundMatch;
use riffle_contracts::http::{Evidence, EvidenceBox, EvidenceKind};
use riffle_extract::{Bounds, Place};
use riffle_ports::{Entry, SessionId, Source};

use crate::query::QueryError;
use crate::request::Request;
use crate::result::FileResult;
use crate::{Scan, announce};

/// A match and the file it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub match_id: String,
    pub data: FoundMatch,
    pub place: Place,
    /// In points from the top left corner of the page, where the format tells.
    pub boxes: Vec<Bounds>,
    pub index: u32,
    pub source: Source,
    pub entry: Entry,
}

/// A page as it can be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// In points.
    pub width: f32,
    pub height: f32,
    pub image_url: String,
}

impl Scan {
    /// The match `match_id` of a session.
    pub async fn sighting(
        &self,
        tenant: &str,
        session: &SessionId,
        match_id: &str,
    ) -> Result<Sighting, QueryError> {
        let none = || QueryError::NotFound("match");
        let session = self.asked(tenant, session).await?;
        let (index, ordinal) = match_id
            .split_once('-')
            .and_then(|(index, ordinal)| Some((index.parse::<u32>().ok()?, ordinal.parse::<usize>().ok()?)))
            .ok_or_else(none)?;
        let sealed = session.sealed.as_ref().filter(|sealed| index < sealed.total).ok_or_else(none)?;
        let results = self.ports.ledger.results(&session.id, sealed.chunk_of(index)).await?;
        let (_, stored) = results.into_iter().find(|(other, _)| *other == index).ok_or_else(none)?;
        let mut result = FileResult::load(&*self.ports.objects, &stored).await?;
        if ordinal >= result.matches.len() {
            return Err(none());
        }
        let found = result.matches.swap_remove(ordinal);
        let request = Request::decode(&session.request)?;
        let codes = self.codes(&session, &request).await?;
        let entry = self.manifest.entry(&session.id, sealed, index).await?;
        let file = (index, &entry);
        let data = announce::found(self, &session, &request, &codes.list, file, (result.codes, &found));
        Ok(Sighting {
            match_id: announce::match_id(index, ordinal),
            data,
            place: found.place,
            boxes: found.boxes,
            index,
            source: request.source,
            entry,
        })
    }
}

impl Sighting {
    /// The page of a PDF on which it stands.
    pub fn page_number(&self) -> Option<u32> {
        if let Place::Page(page) = self.place { Some(page) } else { None }
    }

    /// What a person is shown: the page with the code boxed where `view` shows it, else the text around it.
    pub fn evidence(self, view: Option<PageView>) -> Evidence {
        let page_number = self.page_number();
        let view = view.filter(|view| page_number.is_some() && view.width > 0.0 && view.height > 0.0);
        let why = match (&view, page_number) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("There is no picture of this page here: open the file itself."),
            (None, None) => Some("This kind of file has no pages to show."),
        };
        let boxes = view.as_ref().map_or_else(Vec::new, |view| {
            self.boxes.iter().map(|bounds| fractions(bounds, view.width, view.height)).collect()
        });
        Evidence {
            match_id: self.match_id,
            hole_code: self.data.hole_code,
            file_name: self.data.file_name,
            page: self.data.page,
            snippet: self.data.snippet,
            kind: if view.is_some() { EvidenceKind::Page } else { EvidenceKind::Text },
            page_number,
            width: view.as_ref().map_or(0.0, |view| f64::from(view.width)),
            height: view.as_ref().map_or(0.0, |view| f64::from(view.height)),
            boxes,
            image_url: view.map(|view| view.image_url),
            why: why.map(str::to_owned),
        }
    }
}

/// Cut to the page: text may stand half outside of it.
fn fractions(bounds: &Bounds, width: f32, height: f32) -> EvidenceBox {
    let part = |edge: f32, whole: f32| f64::from((edge / whole).clamp(0.0, 1.0));
    let (x0, x1) = (part(bounds.x0, width), part(bounds.x1, width));
    let (y0, y1) = (part(bounds.y0, height), part(bounds.y1, height));
    EvidenceBox { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_cut_to_its_page() {
        let bounds = Bounds { x0: -10.0, y0: 50.0, x1: 50.0, y1: 300.0 };
        let cut = fractions(&bounds, 100.0, 200.0);
        assert_eq!(cut, EvidenceBox { x: 0.0, y: 0.25, width: 0.5, height: 0.75 });
    }
}
