//! Draws the place of a word on a page, as evidence of a match is drawn: `page FILE PAGE WORD FOLDER`.
//!
//! Writes the whole page and the part around the word as PNG, and prints the word's box on both in pixels.

use std::path::PathBuf;

use bytes::Bytes;
use riffle_extract::{Bounds, Place, ReadLimits, Sink, Unit, View};

struct Word<'w> {
    page: u32,
    text: &'w str,
    found: Option<Bounds>,
}

impl Sink for Word<'_> {
    fn wants_layout(&self) -> bool {
        true
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        let (Some(at), Some(layout)) = (unit.text.find(self.text), unit.glyphs) else { return };
        if *unit.place != Place::Page(self.page) || self.found.is_some() {
            return;
        }
        let letters = layout.glyphs().boxes.iter().filter(|(offset, _)| {
            (at..at + self.text.len()).contains(&usize::try_from(*offset).unwrap_or(usize::MAX))
        });
        self.found = letters.map(|(_, bounds)| *bounds).reduce(|a, b| Bounds {
            x0: a.x0.min(b.x0),
            y0: a.y0.min(b.y0),
            x1: a.x1.max(b.x1),
            y1: a.y1.max(b.y1),
        });
    }
}

#[expect(clippy::print_stdout, reason = "the output of this example")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, page, word, folder] = &arguments[..] else {
        return Err("usage: page FILE PAGE WORD FOLDER".into());
    };
    let (bytes, limits, page) = (Bytes::from(std::fs::read(file)?), ReadLimits::default(), page.parse()?);
    let mut found = Word { page, text: word, found: None };
    riffle_extract::extract(file, &bytes, &limits, &mut found)?;
    let bounds = found.found.ok_or("the word is not on the page")?;
    for (name, view) in [("page", View::Page { width: 1200 }), ("around", View::Around(bounds))] {
        let drawn = riffle_extract::draw(file, &bytes, &limits, page, view)?;
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), &drawn.png)?;
        #[expect(clippy::cast_precision_loss, reason = "at most thousands")]
        let scale = drawn.width as f32 / (drawn.region.x1 - drawn.region.x0);
        let (left, top) = ((bounds.x0 - drawn.region.x0) * scale, (bounds.y0 - drawn.region.y0) * scale);
        let (width, height) = ((bounds.x1 - bounds.x0) * scale, (bounds.y1 - bounds.y0) * scale);
        println!("{name} {}x{} {left:.0} {top:.0} {width:.0} {height:.0}", drawn.width, drawn.height);
    }
    Ok(())
}
