//! From the words of a picture to units of text.

use riffle_extract::{Bounds, Glyphs, PageImage, Place, Sink, Unit};
use riffle_ports::{Ocr, OcrError, OcrLine, PortError};

/// The outcome of reading a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureOutcome {
    Read,
    Unread,
    /// The engine is not available now, but may be next time.
    NotNow,
}

/// Has the engine read a picture and passes its text on.
///
/// # Errors
/// Fails only if the picture is not the cause. A picture that cannot be read, or an engine that is not available,
/// leaves the page unread.
pub(crate) fn read(
    (tenant, ocr): (&str, &dyn Ocr),
    image: &PageImage<'_>,
    sink: &mut dyn Sink,
) -> Result<PictureOutcome, PortError> {
    let pages = match ocr.read(tenant, image.bytes) {
        Ok(pages) => pages,
        Err(OcrError::Port(error)) => return Err(error),
        Err(OcrError::Picture(why)) => {
            tracing::warn!(why, "a picture was not read");
            return Ok(PictureOutcome::Unread);
        }
        Err(OcrError::Unavailable(why)) => {
            tracing::warn!(why, "no picture is read");
            return Ok(PictureOutcome::NotNow);
        }
    };
    for (number, lines) in pages.iter().enumerate() {
        let place = further(image.place, u32::try_from(number).unwrap_or(u32::MAX));
        let (text, glyphs) = page(lines, image.page);
        if !text.is_empty() {
            sink.unit(&Unit { place: &place, text: &text, ocr: true, glyphs: Some(&glyphs) });
        }
    }
    Ok(PictureOutcome::Read)
}

/// Returns the place `pages` pages further on, because a TIFF holds several pages.
fn further(place: &Place, pages: u32) -> Place {
    match place {
        Place::Page(page) => Place::Page(page.saturating_add(pages)),
        Place::Inside { entry, place } => {
            Place::Inside { entry: entry.clone(), place: Box::new(further(place, pages)) }
        }
        other => other.clone(),
    }
}

/// Returns the text of the lines and the box of each word. `size` is the size of the page in points.
fn page(lines: &[OcrLine], size: (f32, f32)) -> (String, Glyphs) {
    let (mut text, mut boxes) = (String::new(), Vec::new());
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        for (at, word) in line.words.iter().enumerate() {
            if at > 0 {
                text.push(' ');
            }
            let [left, top, right, bottom] = word.bounds;
            let bounds =
                Bounds { x0: left * size.0, y0: top * size.1, x1: right * size.0, y1: bottom * size.1 };
            boxes.push((u32::try_from(text.len()).unwrap_or(u32::MAX), bounds));
            text.push_str(&word.text);
        }
    }
    (text, Glyphs { page: size, boxes })
}

#[cfg(test)]
mod tests {
    use riffle_extract::Encoding;
    use riffle_ports::OcrWord;

    use super::*;

    /// Returns the same two pages for every picture that is not empty.
    struct Parrot;

    impl Ocr for Parrot {
        fn variant(&self) -> String {
            "parrot".to_owned()
        }

        fn read(&self, _: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
            if picture.is_empty() {
                return Err(OcrError::Picture("nothing there".to_owned()));
            }
            let word = |text: &str| OcrWord { text: text.to_owned(), bounds: [0.1, 0.25, 0.5, 0.5] };
            let line = |words: &[&str]| OcrLine { words: words.iter().copied().map(word).collect() };
            Ok(vec![vec![line(&["HOLE-1", "ok"]), line(&["next"])], vec![line(&["HOLE-2"])]])
        }
    }

    type CollectedPage = (String, String, Vec<(u32, Bounds)>);

    #[derive(Default)]
    struct PageCollector(Vec<CollectedPage>);

    impl Sink for PageCollector {
        fn unit(&mut self, unit: &Unit<'_>) {
            assert!(unit.ocr, "a text that OCR read is marked as such");
            let boxes = unit.glyphs.map(|layout| layout.glyphs().boxes.clone()).unwrap_or_default();
            self.0.push((unit.place.to_string(), unit.text.to_owned(), boxes));
        }
    }

    #[test]
    fn words_stand_on_their_pages_in_lines() {
        let mut pages = PageCollector::default();
        let place = Place::Inside { entry: "a.zip".to_owned(), place: Box::new(Place::Page(3)) };
        let page = (100.0, 200.0);
        let mut image = PageImage { place: &place, encoding: Encoding::Tiff, bytes: b"tiff", page };
        assert_eq!(read(("acme", &Parrot), &image, &mut pages), Ok(PictureOutcome::Read));
        let texts: Vec<_> = pages.0.iter().map(|(place, text, _)| (place.as_str(), text.as_str())).collect();
        assert_eq!(texts, [("a.zip: page 3", "HOLE-1 ok\nnext"), ("a.zip: page 4", "HOLE-2")]);
        let offsets: Vec<u32> = pages.0[0].2.iter().map(|(offset, _)| *offset).collect();
        assert_eq!(offsets, [0, 7, 10]);
        assert_eq!(pages.0[0].2[0].1, Bounds { x0: 10.0, y0: 50.0, x1: 50.0, y1: 100.0 });

        image.bytes = b"";
        assert_eq!(
            read(("acme", &Parrot), &image, &mut pages),
            Ok(PictureOutcome::Unread),
            "the page stays unread"
        );
    }
}
