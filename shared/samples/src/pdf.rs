//! Writes pages into a PDF file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Date, Filter, Finish, Name, Pdf, Rect, Ref, Settings, Str, TextStr};

use crate::document::{PageBody, SamplePage};
use crate::faces::{self, FACES, Face};
use crate::lettering::GLYPHS;
use crate::raster::Raster;
use crate::truetype;

/// Compression level. Small files need no better compression; a larger level would take longer for a hundred thousand
/// files.
const LEVEL: u8 = 2;
const FONT_NAME: Name<'static> = Name(b"RIFFLE+PlotterLettering");
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// How a file is written.
#[derive(Debug)]
pub(crate) struct PdfFile {
    pub(crate) title: String,
    pub(crate) author: &'static str,
    /// Whether content streams are deflated.
    pub(crate) compressed: bool,
    /// Whether the cross-reference table is a stream (PDF 1.5) rather than plain text.
    pub(crate) cross_reference_stream: bool,
}

/// The parts of the embedded font that are the same in every file, compressed once.
struct Embedded {
    program: Vec<u8>,
    program_length: usize,
    to_unicode: Vec<u8>,
}

fn embedded() -> &'static Embedded {
    static ONCE: OnceLock<Embedded> = OnceLock::new();
    ONCE.get_or_init(|| {
        let program = truetype::program();
        let mut cmap = UnicodeCmap::new(Name(b"Adobe-Identity-UCS"), SYSTEM);
        for (glyph, (character, _)) in (1_u16..).zip(GLYPHS) {
            cmap.pair(glyph, *character);
        }
        let to_unicode = cmap.finish().into_vec();
        Embedded {
            program: compress_to_vec_zlib(&program, LEVEL),
            program_length: program.len(),
            to_unicode: compress_to_vec_zlib(&to_unicode, LEVEL),
        }
    })
}

/// Allocates object numbers in ascending order.
struct ObjectNumbers(Ref);

impl ObjectNumbers {
    fn next(&mut self) -> Ref {
        self.0.bump()
    }
}

impl PdfFile {
    /// Returns the bytes of the file.
    pub(crate) fn write(&self, pages: &[SamplePage]) -> Vec<u8> {
        let mut pdf = Pdf::with_settings(Settings { pretty: false });
        pdf.set_version(1, if self.cross_reference_stream { 5 } else { 4 });
        let mut numbers = ObjectNumbers(Ref::new(1));
        let (catalog, tree) = (numbers.next(), numbers.next());
        pdf.catalog(catalog).pages(tree);
        let date = Date::new(2024).month(2).day(29).hour(12).minute(0).second(0).utc_offset_hour(0);
        pdf.document_info(numbers.next())
            .title(TextStr(&self.title))
            .author(TextStr(self.author))
            .creator(TextStr("Riffle samples"))
            .creation_date(date);

        let fonts = fonts(&mut pdf, &mut numbers, pages);
        let places: Vec<(Ref, Ref)> = pages.iter().map(|_| (numbers.next(), numbers.next())).collect();
        let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(places.iter().map(|(page, _)| *page)).count(count);
        for (page, (id, content)) in pages.iter().zip(&places) {
            let (width, height) = page.paper.size();
            let image = match &page.body {
                PageBody::Drawn { content: stream, .. } => {
                    self.stream(&mut pdf, *content, stream);
                    None
                }
                PageBody::Scanned(raster) => {
                    let image = numbers.next();
                    scan(&mut pdf, image, raster);
                    let show = format!("q {width} 0 0 {height} 0 0 cm /Im1 Do Q");
                    self.stream(&mut pdf, *content, show.as_bytes());
                    Some(image)
                }
            };
            let mut writer = pdf.page(*id);
            writer.parent(tree).media_box(Rect::new(0.0, 0.0, width, height)).contents(*content);
            let mut resources = writer.resources();
            if let Some(image) = image {
                resources.x_objects().pair(Name(b"Im1"), image);
            }
            if let PageBody::Drawn { faces, .. } = &page.body {
                let mut named = resources.fonts();
                for face in faces {
                    named.pair(Name(face.resource()), fonts[face]);
                }
            }
        }
        if self.cross_reference_stream { pdf.finish_with_xref_stream(numbers.next()) } else { pdf.finish() }
    }

    fn stream(&self, pdf: &mut Pdf, id: Ref, content: &[u8]) {
        if self.compressed {
            pdf.stream(id, &compress_to_vec_zlib(content, LEVEL)).filter(Filter::FlateDecode);
        } else {
            pdf.stream(id, content);
        }
    }
}

fn scan(pdf: &mut Pdf, id: Ref, raster: &Raster) {
    let bytes = compress_to_vec_zlib(raster.bits(), LEVEL);
    let mut image = pdf.image_xobject(id, &bytes);
    image.filter(Filter::FlateDecode);
    image.width(raster.width.cast_signed()).height(raster.height.cast_signed());
    image.color_space().device_gray();
    image.bits_per_component(1);
}

/// Writes the fonts that the pages use.
fn fonts(pdf: &mut Pdf, numbers: &mut ObjectNumbers, pages: &[SamplePage]) -> BTreeMap<Face, Ref> {
    let used: BTreeSet<Face> = pages
        .iter()
        .flat_map(|page| match &page.body {
            PageBody::Drawn { faces, .. } => faces.iter().copied().collect(),
            PageBody::Scanned(_) => Vec::new(),
        })
        .collect();
    let mut fonts = BTreeMap::new();
    for face in FACES.into_iter().filter(|face| used.contains(face)) {
        let id = numbers.next();
        fonts.insert(face, id);
        match face {
            Face::Lettering => embed(pdf, numbers, id),
            Face::Recoded => recoded(pdf, id),
            Face::Sans => predefined(pdf, id, b"Helvetica"),
            Face::Bold => predefined(pdf, id, b"Helvetica-Bold"),
            Face::Mono => predefined(pdf, id, b"Courier"),
        }
    }
    fonts
}

fn predefined(pdf: &mut Pdf, id: Ref, name: &[u8]) {
    pdf.type1_font(id).base_font(Name(name)).encoding_predefined(Name(b"WinAnsiEncoding"));
}

fn recoded(pdf: &mut Pdf, id: Ref) {
    let names: Vec<String> = faces::recoded().map(|(_, name)| name).collect();
    let mut font = pdf.type1_font(id);
    font.base_font(Name(b"Helvetica"));
    let mut encoding = font.encoding_custom();
    let mut differences = encoding.differences();
    differences.consecutive(faces::first_recoded(), names.iter().map(|name| Name(name.as_bytes())));
}

/// Writes the lettering as a composite font with an embedded TrueType program.
fn embed(pdf: &mut Pdf, numbers: &mut ObjectNumbers, id: Ref) {
    let (descendant, descriptor) = (numbers.next(), numbers.next());
    let (program, to_unicode) = (numbers.next(), numbers.next());
    pdf.type0_font(id)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(to_unicode);
    let mut font = pdf.cid_font(descendant);
    font.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(SYSTEM).font_descriptor(descriptor);
    font.default_width(660.0).cid_to_gid_map_predefined(Name(b"Identity"));
    font.widths().consecutive(1, (0..GLYPHS.len()).map(|glyph| f32::from(truetype::advance(glyph))));
    font.finish();
    pdf.font_descriptor(descriptor)
        .name(FONT_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(-55.0, -55.0, 495.0, 715.0))
        .italic_angle(0.0)
        .ascent(715.0)
        .descent(-55.0)
        .cap_height(660.0)
        .stem_v(82.0)
        .font_file2(program);
    let parts = embedded();
    let length = i32::try_from(parts.program_length).unwrap_or(i32::MAX);
    pdf.stream(program, &parts.program).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
    pdf.stream(to_unicode, &parts.to_unicode).filter(Filter::FlateDecode);
}
