//! Makes an xls file safe for calamine.
//!
//! calamine trusts the file: it reserves memory for the cells a sheet claims to have, puts each sheet into one dense
//! range from its first to its last cell (two cells in opposite corners request 2³² of them), and follows a cyclic
//! chain of sectors for ever. So the records are walked here first, as calamine will walk them, without storing them. A
//! file whose sheets span far more cells than they have is refused; of every other file calamine gets the same records
//! in a container created here, without the claims.

use std::ops::Range;

use crate::ExtractError;

const SECTOR_END: u32 = 0xFFFF_FFF0;
/// Cells of the spanned area that are always accepted (about 50 MB), and further ones per cell that exists.
const AREA_FREE: u64 = 1 << 20;
const AREA_PER_CELL: u64 = 64;
/// Cells of the spanned area above which a file is always refused (about 300 MB; a process that parses may have 512).
const AREA_MAX: u64 = 6 << 20;
/// Sheets that begin within each other are walked once each. Walking more than this many times the stream, plus
/// `WALK_FREE` bytes, shows that the overlap is deliberate.
const WALKS: usize = 8;
const WALK_FREE: usize = 1 << 20;
/// The number of the record that claims how many cells a sheet has.
const DIMENSIONS: u16 = 0x0200;
/// A number that no record has.
const NOTHING: u16 = 0xFFFF;

/// Returns the workbook in a container of its own, after checking that its sheets are not too large.
pub(super) fn rebuilt(bytes: &[u8]) -> Result<Vec<u8>, ExtractError> {
    let mut stream = workbook_stream(bytes)
        .ok_or_else(|| ExtractError::Damaged("the workbook's container cannot be read".to_owned()))?;
    // Where records overlap, removing a claim may create another one: no program writes such a workbook.
    for _ in 0..3 {
        let claims = check(&stream)?;
        if claims.is_empty() {
            return container(&stream);
        }
        for at in claims {
            stream[at..at + 2].copy_from_slice(&NOTHING.to_le_bytes());
        }
    }
    Err(ExtractError::Damaged("the workbook's records overlap".to_owned()))
}

/// Walks the sheets of a workbook; returns the offsets of records that claim a size.
fn check(stream: &[u8]) -> Result<Vec<usize>, ExtractError> {
    let mut claims = Vec::new();
    let (mut area, mut cells) = (0_u64, 0_u64);
    let mut left = stream.len().saturating_mul(WALKS).saturating_add(WALK_FREE);
    for sheet in sheets(stream)? {
        let mut span: Option<TextSpan> = None;
        let (mut began, mut depth) = (false, 0_usize);
        for (at, kind, record) in records(stream, sheet) {
            left = left
                .checked_sub(4 + record.len())
                .ok_or_else(|| ExtractError::Damaged("the workbook's sheets overlap".to_owned()))?;
            match kind {
                // Charts are inside sheets and begin and end like them.
                0x0809 if began => depth += 1,
                0x0809 => began = true,
                0x000A if depth == 0 => break,
                0x000A => depth -= 1,
                _ if depth > 0 => {}
                DIMENSIONS => claims.push(at),
                _ => {
                    if let Some((row, columns)) = cell(kind, record) {
                        cells += u64::from(columns.end - columns.start);
                        span.get_or_insert_with(|| TextSpan::at(row, &columns)).add(row, &columns);
                    }
                }
            }
        }
        area = area.saturating_add(span.map_or(0, |span| span.area()));
    }
    if area > AREA_MAX || area > AREA_FREE + cells.saturating_mul(AREA_PER_CELL) {
        return Err(ExtractError::TooLarge(format!("its sheets span {area} cells but contain only {cells}")));
    }
    Ok(claims)
}

/// Returns the offsets of the sheets, according to the records before them.
fn sheets(stream: &[u8]) -> Result<Vec<usize>, ExtractError> {
    let mut sheets = Vec::new();
    for (_, kind, record) in records(stream, 0) {
        match kind {
            0x0085 => sheets.extend(u32_at(record, 0).map(|at| at as usize)),
            0x002F if record != [0, 0] => return Err(ExtractError::Encrypted),
            0x000A => break,
            _ => {}
        }
    }
    Ok(sheets)
}

/// Returns the whole records from an offset on, each with its offset and number.
fn records(stream: &[u8], from: usize) -> impl Iterator<Item = (usize, u16, &[u8])> {
    let mut next = from;
    std::iter::from_fn(move || {
        let at = next;
        let header = stream.get(at..at.checked_add(4)?)?;
        let kind = u16::from_le_bytes([header[0], header[1]]);
        next = at + 4 + usize::from(u16::from_le_bytes([header[2], header[3]]));
        Some((at, kind, stream.get(at + 4..next)?))
    })
}

struct TextSpan {
    rows: Range<u32>,
    columns: Range<u32>,
}

impl TextSpan {
    fn at(row: u32, columns: &Range<u32>) -> Self {
        Self { rows: row..row, columns: columns.clone() }
    }

    fn add(&mut self, row: u32, columns: &Range<u32>) {
        self.rows = self.rows.start.min(row)..self.rows.end.max(row + 1);
        self.columns = self.columns.start.min(columns.start)..self.columns.end.max(columns.end);
    }

    fn area(&self) -> u64 {
        u64::from(self.rows.end - self.rows.start)
            * u64::from(self.columns.end.saturating_sub(self.columns.start))
    }
}

/// Returns the row and columns of a record that calamine makes cells of.
fn cell(kind: u16, record: &[u8]) -> Option<(u32, Range<u32>)> {
    let word = |at: usize| Some(u32::from(u16::from_le_bytes([*record.get(at)?, *record.get(at + 1)?])));
    match kind {
        // RSTRING, NUMBER, LABEL, BOOLERR, RK, LABELSST, FORMULA.
        0x00D6 | 0x0203 | 0x0204 | 0x0205 | 0x027E | 0x00FD | 0x0006 => {
            let column = word(2)?;
            Some((word(0)?, column..column + 1))
        }
        // MULRK: the first column is after the row, the last column at the end.
        0x00BD => {
            let first = word(2)?;
            let last = word(record.len().checked_sub(2)?)?.max(first);
            Some((word(0)?, first..last + 1))
        }
        _ => None,
    }
}

/// Returns a compound file with the single stream `Workbook`, in sectors of 4 KiB.
fn container(stream: &[u8]) -> Result<Vec<u8>, ExtractError> {
    const SECTOR: usize = 4096;
    const LISTED: usize = 109;
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    // A stream that does not fill a sector would have to be stored elsewhere.
    let length = stream.len().max(SECTOR);
    let sectors = length.div_ceil(SECTOR);
    let tables = (sectors + 1).div_ceil(SECTOR / 4 - 1);
    if tables > LISTED {
        return Err(ExtractError::TooLarge(format!("a workbook of {length} bytes in the old format")));
    }
    let mut file = vec![0; SECTOR];
    file[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    file[24..34].copy_from_slice(b"\x3E\0\x04\0\xFE\xFF\x0C\0\x06\0");
    let mut put = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(44, number(tables));
    put(48, number(tables));
    put(56, 4096);
    put(60, 0xFFFF_FFFE);
    put(68, 0xFFFF_FFFE);
    for slot in 0..LISTED {
        put(76 + slot * 4, if slot < tables { number(slot) } else { u32::MAX });
    }
    // The sector table: which sector follows which, for the table itself, the directory and the stream.
    file.reserve((tables + 1 + sectors) * SECTOR);
    let table = file.len();
    file.extend((0..tables).flat_map(|_| 0xFFFF_FFFD_u32.to_le_bytes()));
    file.extend(0xFFFF_FFFE_u32.to_le_bytes());
    for next in 1..=sectors {
        let next = if next == sectors { 0xFFFF_FFFE } else { number(tables + 1 + next) };
        file.extend(next.to_le_bytes());
    }
    file.resize(table + tables * SECTOR, 0xFF);
    for (name, kind, start, size) in [("Root Entry", 5, 0, 0), ("Workbook", 2, tables + 1, length)] {
        let mut entry = [0_u8; 128];
        for (slot, unit) in entry.as_chunks_mut::<2>().0.iter_mut().zip(name.encode_utf16()) {
            *slot = unit.to_le_bytes();
        }
        entry[66] = kind;
        entry[116..120].copy_from_slice(&number(start).to_le_bytes());
        entry[120..124].copy_from_slice(&number(size).to_le_bytes());
        file.extend(entry);
    }
    file.resize(table + (tables + 1) * SECTOR, 0);
    file.extend(stream);
    file.resize(table + (tables + 1 + sectors) * SECTOR, 0);
    Ok(file)
}

/// Returns the `Workbook` (or `Book`) stream of a compound file, assembled from its sectors.
fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let container = Container::open(bytes)?;
    let directory = container.chain(container.directory, None)?;
    let entries = directory.as_chunks::<128>().0;
    let root = entries.first()?;
    let named = |name: &str| entries.iter().find(|entry| is_named(&entry[..64], name));
    let entry = named("Workbook").or_else(|| named("Book"))?;
    let start = u32_at(entry, 116)?;
    let size = u32_at(entry, 120)? as usize;
    if size >= 4096 {
        return container.chain(start, Some(size));
    }
    // Small streams are stored in 64-byte pieces of a stream of their own.
    let pool = container.chain(u32_at(root, 116)?, None)?;
    let table = container.chain(container.small_table, None)?;
    let mut out = Vec::new();
    let mut piece = start;
    while piece < SECTOR_END && out.len() < size {
        let at = piece as usize * 64;
        out.extend_from_slice(pool.get(at..at + 64)?);
        piece = u32_at(&table, piece as usize * 4)?;
    }
    Some(out)
}

fn is_named(wide: &[u8], name: &str) -> bool {
    let mut units = name.encode_utf16().chain([0]);
    let lower = |unit: u16| if (65..=90).contains(&unit) { unit + 32 } else { unit };
    let wide = wide.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    wide.zip(&mut units).all(|(a, b)| lower(a) == lower(b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

struct Container<'a> {
    bytes: &'a [u8],
    sector: usize,
    /// Which sector follows which.
    table: Vec<u32>,
    directory: u32,
    small_table: u32,
}

impl<'a> Container<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let shift = u32::from(*bytes.get(30)?);
        let sector = match shift {
            9 | 12 => 1_usize << shift,
            _ => return None,
        };
        let mut container = Self {
            bytes,
            sector,
            table: Vec::new(),
            directory: u32_at(bytes, 48)?,
            small_table: u32_at(bytes, 60)?,
        };
        // The first 109 parts of the table are listed in the header, the others in sectors of their own.
        let mut parts: Vec<u32> = (0..109).filter_map(|i| u32_at(bytes, 76 + i * 4)).collect();
        let mut more = u32_at(bytes, 68)?;
        let most = bytes.len() / sector + 1;
        for _ in 0..most {
            if more >= SECTOR_END {
                break;
            }
            let list = container.sector(more)?;
            parts.extend((0..sector / 4 - 1).filter_map(|i| u32_at(list, i * 4)));
            more = u32_at(list, sector - 4)?;
        }
        for part in parts.into_iter().filter(|part| *part < SECTOR_END).take(most) {
            let list = container.sector(part)?;
            let next = list.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
            container.table.extend(next);
        }
        Some(container)
    }

    fn sector(&self, index: u32) -> Option<&'a [u8]> {
        let at = (index as usize).checked_add(1)?.checked_mul(self.sector)?;
        // The last sector of a file may be cut short.
        self.bytes.get(at..self.bytes.len().min(at + self.sector)).filter(|sector| !sector.is_empty())
    }

    /// Returns the sectors from `first` on, joined; a cyclic chain ends when it exceeds the length of the file.
    fn chain(&self, first: u32, size: Option<usize>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut index = first;
        while index < SECTOR_END && out.len() <= self.bytes.len() && size.is_none_or(|size| out.len() < size)
        {
            out.extend_from_slice(self.sector(index)?);
            index = *self.table.get(index as usize)?;
        }
        if let Some(size) = size {
            out.truncate(size);
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(stream: &mut Vec<u8>, kind: u16, data: &[u8]) {
        stream.extend(kind.to_le_bytes());
        stream.extend(u16::try_from(data.len()).expect("short").to_le_bytes());
        stream.extend(data);
    }

    /// Returns a workbook whose sheets all begin at the offset of the first.
    fn workbook(sheets: usize, claims: Option<u32>, cells: &[(u16, u16)]) -> Vec<u8> {
        let mut stream = Vec::new();
        record(&mut stream, 0x0809, &[0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let at = u32::try_from(stream.len() + sheets * 14 + 4).expect("small");
        for number in 0..sheets {
            let name = u16::try_from(number).expect("few").to_be_bytes().map(|byte| byte % 64 + 48);
            record(&mut stream, 0x0085, &[&at.to_le_bytes()[..], &[0, 0, 2, 0], &name].concat());
        }
        record(&mut stream, 0x000A, &[]);
        record(&mut stream, 0x0809, &[0, 6, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        if let Some(rows) = claims {
            record(&mut stream, 0x0200, &[&[0; 4][..], &rows.to_le_bytes(), &[0, 0, 0, 1, 0, 0]].concat());
        }
        for (row, column) in cells {
            let mut data = [0; 14];
            data[..2].copy_from_slice(&row.to_le_bytes());
            data[2..4].copy_from_slice(&column.to_le_bytes());
            record(&mut stream, 0x0203, &data);
        }
        record(&mut stream, 0x000A, &[]);
        stream.resize(stream.len().max(4096), 0);
        stream
    }

    fn places(bytes: &[u8]) -> Result<Vec<String>, ExtractError> {
        crate::tests::collect("a.xls", bytes)
            .map(|read| read.units.into_iter().map(|(place, _)| place).collect())
    }

    /// Returns a compound file with one stream, in sectors of 512 bytes.
    fn small(stream: &[u8]) -> Vec<u8> {
        let sectors = stream.len().div_ceil(512);
        let mut file = vec![0_u8; 512];
        file[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
        file[30] = 9;
        let mut put = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(48, 1);
        put(60, 0xFFFF_FFFE);
        put(68, 0xFFFF_FFFE);
        for i in 0..109 {
            put(76 + i * 4, 0xFFFF_FFFF);
        }
        put(76, 0);
        let mut table = vec![0xFFFF_FFFF_u32; 128];
        table[0] = 0xFFFF_FFFD;
        table[1] = 0xFFFF_FFFE;
        for i in 0..sectors {
            table[2 + i] = if i + 1 == sectors { 0xFFFF_FFFE } else { u32::try_from(3 + i).expect("small") };
        }
        file.extend(table.iter().flat_map(|v| v.to_le_bytes()));
        let mut entry = |name: &str, start: u32, size: usize| {
            let mut data = [0_u8; 128];
            for (i, unit) in name.encode_utf16().enumerate() {
                data[i * 2..i * 2 + 2].copy_from_slice(&unit.to_le_bytes());
            }
            data[116..120].copy_from_slice(&start.to_le_bytes());
            data[120..124].copy_from_slice(&u32::try_from(size).expect("small").to_le_bytes());
            file.extend(data);
        };
        entry("Root Entry", 0xFFFF_FFFE, 0);
        entry("Workbook", 2, stream.len());
        entry("", 0, 0);
        entry("", 0, 0);
        file.extend(stream);
        file.resize(file.len().next_multiple_of(512), 0);
        file
    }

    #[test]
    fn two_cells_in_far_corners_are_refused() {
        let bomb = small(&workbook(1, None, &[(0, 0), (65_535, 65_535)]));
        assert!(matches!(rebuilt(&bomb), Err(ExtractError::TooLarge(_))));
    }

    #[test]
    fn ordinary_sheets_pass() {
        assert_eq!(
            places(&small(&workbook(1, None, &[(0, 0), (60_000, 3)]))),
            Ok(vec!["00!A1".into(), "00!D60001".into(), "00!".into()])
        );
        let full: Vec<_> = (0..100).flat_map(|row| (0..20).map(move |column| (row, column))).collect();
        assert_eq!(places(&small(&workbook(2, None, &full))).map(|places| places.len()), Ok(4_002));
    }

    #[test]
    fn a_claimed_size_costs_nothing() {
        for rows in [1, 65_536, 0xFFFF_FFFF] {
            let claiming = small(&workbook(1, Some(rows), &[(2, 1)]));
            assert_eq!(places(&claiming), Ok(vec!["00!B3".to_owned(), "00!".to_owned()]), "{rows} rows");
        }
    }

    #[test]
    fn many_sheets_in_one_place_are_refused() {
        let wide = small(&workbook(1_000, None, &[(0, 0), (4_000, 200)]));
        assert!(matches!(rebuilt(&wide), Err(ExtractError::TooLarge(_))));
        let cells: Vec<_> = (0..2_000).map(|row| (row, 0)).collect();
        assert!(matches!(rebuilt(&small(&workbook(1_000, None, &cells))), Err(ExtractError::Damaged(_))));
    }

    #[test]
    fn damage_is_said_and_circles_end() {
        let whole = small(&workbook(1, None, &[(0, 0)]));
        for length in (0..whole.len()).step_by(37) {
            let cut = rebuilt(&whole[..length]);
            assert!(cut.is_ok() || matches!(cut, Err(ExtractError::Damaged(_))));
        }
        // The stream's first sector, and the directory, point to themselves.
        for (sector, itself) in [(2, 2_u32), (1, 1)] {
            let mut circle = whole.clone();
            circle[512 + sector * 4..516 + sector * 4].copy_from_slice(&itself.to_le_bytes());
            assert!(places(&circle).is_ok() || places(&circle).is_err());
        }
    }
}
