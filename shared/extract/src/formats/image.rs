//! Pictures: reads their headers and passes their bytes on to OCR.
//!
//! Pictures are decoded here only if they are larger than OCR accepts. A picture file's pixels count as points of its
//! page.

#[cfg(feature = "render")]
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::FormatParser;
#[cfg(feature = "render")]
use crate::FileFormat;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;
use crate::{Encoding, ExtractError, Place, ReadLimits};

pub(crate) static PNG: FormatParser = FormatParser {
    is: |sniffed| sniffed.starts_with(b"\x89PNG\r\n\x1a\n"),
    read: |sniffed, out| single(sniffed, png, out),
};
pub(crate) static JPEG: FormatParser = FormatParser {
    is: |sniffed| sniffed.starts_with(b"\xFF\xD8\xFF"),
    read: |sniffed, out| single(sniffed, jpeg, out),
};
pub(crate) static TIFF: FormatParser =
    FormatParser { is: |sniffed| sniffed.starts_with(b"II*\0") || sniffed.starts_with(b"MM\0*"), read: tiff };

/// Width and height in pixels.
type Size = (u32, u32);

const NOT_READ: &str = "a picture in which no text could be read";

fn single(
    sniffed: &SniffedFile<'_>,
    size: fn(&[u8]) -> Option<(Encoding, Size)>,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    let (encoding, size) =
        size(sniffed.bytes).ok_or_else(|| ExtractError::Damaged("the picture has no size".to_owned()))?;
    check(size, out.limits())?;
    if !out.wants_images() {
        return Err(ExtractError::OcrOff);
    }
    hand(sniffed, sniffed.bytes, 1, encoding, size, out).map_err(ExtractError::Damaged)
}

/// Passes a page on as a file of its own, scaled down if necessary. Otherwise returns why it was not read.
fn hand(
    sniffed: &SniffedFile<'_>,
    alone: &[u8],
    number: u32,
    encoding: Encoding,
    size: Size,
    out: &mut UnitOutput<'_>,
) -> Result<(), String> {
    let place = Place::Page(number);
    let read = if out.image_limits().hold(alone.len(), size) {
        out.image(place, encoding, alone, points(size))
    } else {
        let png = smaller(sniffed, number, encoding, out)?;
        out.image(place, Encoding::Png, &png, points(size))
    };
    if read { Ok(()) } else { Err(NOT_READ.to_owned()) }
}

#[cfg(feature = "render")]
fn smaller(
    sniffed: &SniffedFile<'_>,
    page: u32,
    encoding: Encoding,
    out: &UnitOutput<'_>,
) -> Result<Vec<u8>, String> {
    let kind = match encoding {
        Encoding::Png => FileFormat::Png,
        Encoding::Jpeg => FileFormat::Jpeg,
        Encoding::Tiff => FileFormat::Tiff,
    };
    let fit = || crate::draw::fit(kind, sniffed.bytes, out.limits(), page, out.image_limits());
    let made = catch_unwind(AssertUnwindSafe(fit)).map_err(|panic| crate::message(panic.as_ref()))?;
    made.map_err(|error| format!("a picture that is too large for OCR and cannot be made smaller: {error}"))
}

#[cfg(not(feature = "render"))]
fn smaller(_: &SniffedFile<'_>, _: u32, _: Encoding, _: &UnitOutput<'_>) -> Result<Vec<u8>, String> {
    Err("a picture that is too large for OCR".to_owned())
}

fn check((width, height): Size, limits: &ReadLimits) -> Result<(), ExtractError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(ExtractError::Damaged("the picture has no pixels".to_owned()));
    }
    if pixels > limits.image_pixels {
        return Err(ExtractError::TooLarge(format!(
            "a picture of {width} × {height} pixels; the limit is {} pixels",
            limits.image_pixels
        )));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "pictures far beyond the precision of f32 are refused before")]
fn points((width, height): Size) -> (f32, f32) {
    (width as f32, height as f32)
}

/// Reads the size, which is in the first chunk.
fn png(bytes: &[u8]) -> Option<(Encoding, Size)> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some((Encoding::Png, (word(16)?, word(20)?)))
}

/// Reads the size, which is in the frame header, after segments that each state their length.
fn jpeg(bytes: &[u8]) -> Option<(Encoding, Size)> {
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let mut at = 2;
    loop {
        // Segments may be padded with more 0xFF.
        while bytes.get(at)? == &0xFF && bytes.get(at + 1)? == &0xFF {
            at += 1;
        }
        let (0xFF, marker) = (*bytes.get(at)?, *bytes.get(at + 1)?) else {
            return None;
        };
        match marker {
            // Markers without a segment.
            0x01 | 0xD0..=0xD8 => at += 2,
            // Frames; the other markers of the range are tables.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let (height, width) = (word(at + 5)?, word(at + 7)?);
                return Some((Encoding::Jpeg, (width.into(), height.into())));
            }
            0xD9 | 0xDA => return None,
            _ => at += 2 + usize::from(word(at + 2)?),
        }
    }
}

/// Reads a TIFF, which may hold many pages. Each page is passed on as a file of its own: the same bytes, with the
/// header pointing at that page and the page pointing at no other.
fn tiff(sniffed: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let pages = directories(sniffed.bytes, out.limits().pages)?;
    for page in &pages {
        check(page.size, out.limits())?;
    }
    out.pages(pages.len());
    if !out.wants_images() {
        return Err(ExtractError::OcrOff);
    }
    let mut file = sniffed.bytes.to_vec();
    let begin = out.mark();
    for (number, page) in (1..).zip(&pages) {
        file[4..8].copy_from_slice(&page.pointer);
        file[page.next..page.next + 4].fill(0);
        if let Err(why) = hand(sniffed, &file, number, Encoding::Tiff, page.size, out) {
            out.unread(Place::Page(number), why);
        }
        file[page.next..page.next + 4].copy_from_slice(&sniffed.bytes[page.next..page.next + 4]);
    }
    if out.has_units_since(begin) {
        return Ok(());
    }
    out.take_unread_since(begin);
    Err(ExtractError::Damaged(NOT_READ.to_owned()))
}

struct Directory {
    /// The pointer to this page, in the header's byte order.
    pointer: [u8; 4],
    size: Size,
    /// The offset of the pointer to the next page.
    next: usize,
}

fn directories(bytes: &[u8], most: u32) -> Result<Vec<Directory>, ExtractError> {
    let damaged = || ExtractError::Damaged("the TIFF's list of pages cannot be read".to_owned());
    let little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let field = bytes.get(at..at.checked_add(length)?)?;
        let add = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
        Some(if little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    };
    let mut pages: Vec<Directory> = Vec::new();
    let mut pointer = 4;
    loop {
        let at = number(pointer, 4).ok_or_else(damaged)? as usize;
        if at == 0 && !pages.is_empty() {
            return Ok(pages);
        }
        let entries = number(at, 2).ok_or_else(damaged)? as usize;
        let next = at + 2 + entries * 12;
        let stored: [u8; 4] =
            bytes.get(pointer..pointer + 4).and_then(|p| p.try_into().ok()).ok_or_else(damaged)?;
        // A cyclic list never ends.
        if bytes.get(next..next + 4).is_none() || pages.iter().any(|page| page.pointer == stored) {
            return Err(damaged());
        }
        let value = |tag: u32| {
            let entry = (0..entries).map(|i| at + 2 + i * 12).find(|at| number(*at, 2) == Some(tag))?;
            // Type 3 has two bytes, type 4 four.
            if number(entry + 2, 2)? == 3 { number(entry + 8, 2) } else { number(entry + 8, 4) }
        };
        let size = value(256).zip(value(257)).ok_or_else(damaged)?;
        pages.push(Directory { pointer: stored, size, next });
        if pages.len() > most as usize {
            return Err(ExtractError::TooLarge(format!("more than {most} pages")));
        }
        pointer = next;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::tests::collect;
    use crate::{
        Encoding, ExtractError, Extracted, FileFormat, ImageLimits, PageImage, ReadLimits, Sink, Unit,
        extract,
    };

    /// A sink for pictures; `reads` is whether it can read them.
    struct ImageSink {
        reads: bool,
        most: ImageLimits,
        seen: Vec<SentImage>,
    }

    /// Place, encoding, bytes, page.
    type SentImage = (String, Encoding, Vec<u8>, (f32, f32));

    impl Sink for ImageSink {
        fn unit(&mut self, _: &Unit<'_>) {}

        fn wants_images(&self) -> bool {
            true
        }

        fn image_limits(&self) -> ImageLimits {
            self.most
        }

        fn image(&mut self, image: &PageImage<'_>) -> bool {
            let bytes = image.bytes.to_vec();
            self.seen.push((image.place.to_string(), image.encoding, bytes, image.page));
            self.reads
        }
    }

    fn look_at(bytes: &[u8], reads: bool) -> (Result<Extracted, ExtractError>, ImageSink) {
        look_within(ImageLimits::NONE, bytes, reads)
    }

    fn look_within(
        most: ImageLimits,
        bytes: &[u8],
        reads: bool,
    ) -> (Result<Extracted, ExtractError>, ImageSink) {
        let mut reader = ImageSink { reads, most, seen: Vec::new() };
        let result = extract("", &Bytes::copy_from_slice(bytes), &ReadLimits::default(), &mut reader);
        (result, reader)
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR",
            &width.to_be_bytes()[..],
            &height.to_be_bytes(),
            &[8, 0, 0, 0, 0],
        ]
        .concat()
    }

    /// Returns a little-endian TIFF with a page for each size.
    fn tiff(sizes: &[(u16, u16)]) -> Vec<u8> {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        for (index, (width, height)) in sizes.iter().enumerate() {
            file.extend(2_u16.to_le_bytes());
            for (tag, value) in [(256_u16, width), (257, height)] {
                file.extend([tag.to_le_bytes(), 3_u16.to_le_bytes(), 1_u16.to_le_bytes(), [0; 2]].concat());
                file.extend([value.to_le_bytes(), [0; 2]].concat());
            }
            let next =
                if index + 1 == sizes.len() { 0 } else { u32::try_from(file.len() + 4).expect("small") };
            file.extend(next.to_le_bytes());
        }
        file
    }

    #[test]
    fn pictures_go_to_whoever_reads_them() {
        let (result, reader) = look_at(&png(600, 400), true);
        assert_eq!(result.map(|read| (read.kind, read.unread)), Ok((FileFormat::Png, Vec::new())));
        let [(place, Encoding::Png, bytes, page)] = &reader.seen[..] else { panic!("one picture") };
        assert_eq!((place.as_str(), bytes, *page), ("1", &png(600, 400), (600.0, 400.0)));

        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xC0\0\x0B\x08\0\x64\0\xC8\x01\0\0\0";
        let (result, reader) = look_at(jpeg, true);
        assert_eq!(result.map(|read| read.kind), Ok(FileFormat::Jpeg));
        assert_eq!(reader.seen[0].3, (200.0, 100.0));
        assert!(look_at(jpeg, false).0.is_err());
    }

    #[test]
    fn pages_of_a_tiff_come_one_by_one() {
        let (result, reader) = look_at(&tiff(&[(10, 20), (30, 40)]), true);
        assert_eq!(result.map(|read| (read.kind, read.pages)), Ok((FileFormat::Tiff, 2)));
        let pages: Vec<_> = reader.seen.iter().map(|(place, _, _, page)| (place.as_str(), *page)).collect();
        assert_eq!(pages, [("1", (10.0, 20.0)), ("2", (30.0, 40.0))]);
        // Each is a whole file with one page.
        for (place, _, bytes, size) in &reader.seen {
            let (again, alone) = look_at(bytes, true);
            assert_eq!((again.map(|read| read.pages), alone.seen[0].3), (Ok(1), *size), "{place}");
        }
    }

    /// Returns a whole TIFF of one page of greys, the left half black, with `before` empty bytes in place of earlier
    /// pages.
    #[cfg(feature = "render")]
    fn grey_tiff(width: u16, height: u16, before: usize) -> Vec<u8> {
        let pixels = u32::from(width) * u32::from(height);
        let start = 8 + u32::try_from(before).expect("small");
        let mut file = [b"II*\0".as_slice(), &(start + pixels).to_le_bytes(), &vec![0; before]].concat();
        for _ in 0..height {
            file.extend((0..width).map(|x| if x < width / 2 { 0 } else { 255 }));
        }
        let entries = [
            (256, width.into()),
            (257, height.into()),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, start),
            (279, pixels),
        ];
        file.extend(u16::try_from(entries.len()).expect("few").to_le_bytes());
        for (tag, value) in entries {
            let tag: u16 = tag;
            file.extend([tag.to_le_bytes(), 4_u16.to_le_bytes()].concat());
            file.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        file.extend([0; 4]);
        file
    }

    #[cfg(feature = "render")]
    fn greys(png: &[u8]) -> ((u32, u32), Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut greys = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut greys).expect("whole");
        assert_eq!(info.color_type, png::ColorType::Grayscale);
        ((info.width, info.height), greys)
    }

    #[cfg(feature = "render")]
    #[test]
    fn what_is_too_large_for_who_reads_it_comes_smaller() {
        let most = ImageLimits { bytes: 5_000, side: 301 };
        for (before, size, seen) in [
            // The file has too many bytes, but the page alone does not.
            (10_000, (60, 40), (60, 40)),
            (0, (602, 201), (301, 100)),
            // Rounded down, and never to nothing.
            (0, (3, 900), (1, 301)),
        ] {
            let (read, reader) = look_within(most, &grey_tiff(size.0, size.1, before), true);
            assert_eq!(
                read.map(|read| (read.kind, read.unread)),
                Ok((FileFormat::Tiff, Vec::new())),
                "{size:?}"
            );
            let [(_, Encoding::Png, png, page)] = &reader.seen[..] else { panic!("{size:?}") };
            assert_eq!(*page, (size.0.into(), size.1.into()), "boxes are relative to the original picture");
            let (shown, greys) = greys(png);
            assert_eq!(shown, seen);
            if size.0 > 3 {
                let row = &greys[..seen.0 as usize];
                assert!(row[0] == 0 && row[row.len() - 1] == 255, "{row:?}");
            }
        }
        // A picture within the limits is unchanged.
        let tiff = grey_tiff(60, 40, 0);
        assert_eq!(look_within(most, &tiff, true).1.seen[0].2, tiff);
    }

    #[cfg(feature = "render")]
    #[test]
    fn what_packs_badly_gets_smaller_until_it_fits() {
        // Noise, the same on each run.
        let mut noise = 1_u32;
        let mut file = grey_tiff(200, 200, 0);
        for pixel in &mut file[8..8 + 200 * 200] {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = noise.to_le_bytes()[3];
        }
        let most = ImageLimits { bytes: 12_000, side: 10_000 };
        let (_, reader) = look_within(most, &file, true);
        let (shown, _) = greys(&reader.seen[0].2);
        assert!(reader.seen[0].2.len() <= 12_000 && (100..200).contains(&shown.0), "{shown:?}");

        let (read, reader) = look_within(ImageLimits { bytes: 10, ..most }, &file, true);
        assert!(matches!(read, Err(ExtractError::Damaged(_))) && reader.seen.is_empty());
        let (read, _) = look_within(most, &png(20_000, 10), true);
        let Err(ExtractError::Damaged(why)) = read else { panic!("{read:?}") };
        assert!(why.contains("too large for OCR"), "{why}");
    }

    #[test]
    fn what_nobody_reads_is_told() {
        let why = |bytes: &[u8]| collect("", bytes).expect_err("not read");
        assert_eq!(why(&png(600, 400)), ExtractError::OcrOff);
        assert_eq!(why(&tiff(&[(10, 20)])), ExtractError::OcrOff);
        assert!(matches!(why(&png(60_000, 60_000)), ExtractError::TooLarge(_)));
        assert!(matches!(why(&png(0, 60_000)), ExtractError::Damaged(_)));
        assert!(matches!(why(b"\x89PNG\r\n\x1a\n"), ExtractError::Damaged(_)));
        let mut circle = tiff(&[(10, 20)]);
        let end = circle.len() - 4;
        circle[end] = 8;
        assert!(matches!(why(&circle), ExtractError::Damaged(_)));
    }
}
