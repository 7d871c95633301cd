//! The lettering as a TrueType font program, small and just complete enough to be embedded in a PDF as a CID font:
//! glyf, head, hhea, hmtx, loca and maxp (ISO 32000-1, 9.9). It has no character map: glyphs are identified by number.

use crate::lettering::{self, GLYPHS, PEN, UNIT};

const EM: u16 = 1000;

/// Converts grid steps to font units; the values are far below the limit of 16 bits.
#[expect(clippy::cast_possible_truncation, reason = "glyph coordinates stay below 1,000 units")]
fn units(steps: f32) -> i16 {
    (steps * UNIT).round() as i16
}

/// Returns the advance width of a glyph of [`GLYPHS`] in thousandths of the em.
pub(crate) fn advance(glyph: usize) -> i16 {
    units(lettering::advance(glyph))
}

type Contour = [(i16, i16); 4];

/// Returns one contour per segment: a bar as wide as the pen, and longer by half of that at each end. All contours run
/// clockwise, so that the glyph stays filled where they overlap.
fn contours(glyph: usize) -> Vec<Contour> {
    let half = PEN / 2.0;
    let mut all = Vec::new();
    for stroke in lettering::strokes(glyph) {
        for pair in stroke.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = (x1 - x0).hypot(y1 - y0);
            // A point is a stroke of length zero: any direction will do.
            let (dx, dy) = if length > 0.0 {
                ((x1 - x0) / length * half, (y1 - y0) / length * half)
            } else {
                (half, 0.0)
            };
            let corner = |x: f32, y: f32| (units(x), units(y));
            all.push([
                corner(x0 - dx - dy, y0 - dy + dx),
                corner(x1 + dx - dy, y1 + dy + dx),
                corner(x1 + dx + dy, y1 + dy - dx),
                corner(x0 - dx + dy, y0 - dy - dx),
            ]);
        }
    }
    all
}

fn glyph_data(contours: &[Contour]) -> Vec<u8> {
    let mut data = Vec::new();
    if contours.is_empty() {
        return data;
    }
    let points = || contours.iter().flatten().copied();
    let xs = || points().map(|(x, _)| x);
    let ys = || points().map(|(_, y)| y);
    put_i16(&mut data, i16::try_from(contours.len()).unwrap_or(i16::MAX));
    for bound in [xs().min(), ys().min(), xs().max(), ys().max()] {
        put_i16(&mut data, bound.unwrap_or(0));
    }
    for last in (1..).map(|n: i16| n * 4 - 1).take(contours.len()) {
        put_i16(&mut data, last);
    }
    put_i16(&mut data, 0); // no instructions
    // The flags of each point: it is on the curve, and each of its coordinate differences has two bytes.
    data.extend(points().map(|_| 1_u8));
    let mut before = 0;
    for x in xs() {
        put_i16(&mut data, x - before);
        before = x;
    }
    before = 0;
    for y in ys() {
        put_i16(&mut data, y - before);
        before = y;
    }
    while !data.len().is_multiple_of(4) {
        data.push(0);
    }
    data
}

fn put_i16(to: &mut Vec<u8>, value: i16) {
    to.extend(value.to_be_bytes());
}

fn put_u16(to: &mut Vec<u8>, value: u16) {
    to.extend(value.to_be_bytes());
}

fn put_u32(to: &mut Vec<u8>, value: u32) {
    to.extend(value.to_be_bytes());
}

fn length(of: &[u8]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

/// Returns the font file.
pub(crate) fn program() -> Vec<u8> {
    let count = u16::try_from(GLYPHS.len() + 1).unwrap_or(u16::MAX);
    let (mut glyf, mut loca, mut hmtx) = (Vec::new(), Vec::new(), Vec::new());
    let (mut most_contours, mut widest) = (0, 0);
    put_u32(&mut loca, 0);
    put_u32(&mut loca, 0); // the missing glyph is empty
    put_i16(&mut hmtx, units(6.0));
    put_i16(&mut hmtx, 0);
    for glyph in 0..GLYPHS.len() {
        let contours = contours(glyph);
        most_contours = most_contours.max(contours.len());
        glyf.extend(glyph_data(&contours));
        put_u32(&mut loca, length(&glyf));
        widest = widest.max(advance(glyph));
        put_i16(&mut hmtx, advance(glyph));
        put_i16(&mut hmtx, contours.iter().flatten().map(|(x, _)| *x).min().unwrap_or(0));
    }
    let most_contours = u16::try_from(most_contours).unwrap_or(u16::MAX);

    let mut head = Vec::new();
    put_u32(&mut head, 0x0001_0000); // version
    put_u32(&mut head, 0x0001_0000); // revision
    put_u32(&mut head, 0); // checksum of the file, set below
    put_u32(&mut head, 0x5F0F_3CF5);
    put_u16(&mut head, 0x0003); // base line and left edge at 0
    put_u16(&mut head, EM);
    head.extend([0; 16]); // times of creation and change: zero, for the same bytes every time
    for bound in [units(-0.5), units(-0.5), units(4.5), units(6.5)] {
        put_i16(&mut head, bound);
    }
    put_u16(&mut head, 0); // style
    put_u16(&mut head, 6); // smallest readable size
    put_i16(&mut head, 2);
    put_i16(&mut head, 1); // long offsets
    put_i16(&mut head, 0);

    let mut hhea = Vec::new();
    put_u32(&mut hhea, 0x0001_0000);
    for value in [units(7.0), units(-1.5), 0, widest, 0, 0, units(4.5), 1, 0, 0, 0, 0, 0, 0, 0] {
        put_i16(&mut hhea, value);
    }
    put_u16(&mut hhea, count);

    let mut maxp = Vec::new();
    put_u32(&mut maxp, 0x0001_0000);
    for value in [count, most_contours * 4, most_contours, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0] {
        put_u16(&mut maxp, value);
    }

    assemble(&[
        (*b"glyf", glyf),
        (*b"head", head),
        (*b"hhea", hhea),
        (*b"hmtx", hmtx),
        (*b"loca", loca),
        (*b"maxp", maxp),
    ])
}

/// Returns a file of the table directory and the tables, which must be sorted by name.
fn assemble(tables: &[([u8; 4], Vec<u8>); 6]) -> Vec<u8> {
    let mut file = Vec::new();
    put_u32(&mut file, 0x0001_0000);
    // The number of tables, and the fields for a binary search among six tables.
    for value in [6, 64, 2, 32] {
        put_u16(&mut file, value);
    }
    let mut offset = 12 + 16 * 6;
    for (name, table) in tables {
        file.extend(name);
        put_u32(&mut file, checksum(table));
        put_u32(&mut file, offset);
        put_u32(&mut file, length(table));
        offset += length(table).next_multiple_of(4);
    }
    let mut head_at = 0;
    for (name, table) in tables {
        if name == b"head" {
            head_at = file.len();
        }
        file.extend(table);
        while !file.len().is_multiple_of(4) {
            file.push(0);
        }
    }
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&file));
    file[head_at + 8..head_at + 12].copy_from_slice(&adjustment.to_be_bytes());
    file
}

fn checksum(of: &[u8]) -> u32 {
    of.chunks(4).fold(0, |sum: u32, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}
