//! A look at an xls file before calamine gets it.
//!
//! calamine puts each sheet into one dense range from its first to its last cell, so two cells in opposite corners
//! would ask for 2³² of them. Here the records are walked without storing anything, and a file is refused whose
//! sheets span far more cells than they have.

use std::ops::Range;

use crate::ExtractError;

const SECTOR_END: u32 = 0xFFFF_FFF0;
/// A spanned area of so many cells is taken without asking (about 50 MB), and so many more per cell that is there.
const AREA_FREE: u64 = 1 << 20;
const AREA_PER_CELL: u64 = 64;
/// Beyond this it is refused whatever it holds (about 3 GB).
const AREA_MAX: u64 = 1 << 26;

pub(super) fn check(bytes: &[u8]) -> Result<(), ExtractError> {
    let stream = workbook_stream(bytes)
        .ok_or_else(|| ExtractError::Damaged("the workbook's container cannot be read".to_owned()))?;
    let mut area = 0_u64;
    let mut cells = 0_u64;
    let mut span: Option<Span> = None;
    let mut at = 0;
    while let Some(header) = stream.get(at..at + 4) {
        let kind = u16::from_le_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
        let Some(record) = stream.get(at + 4..at + 4 + length) else {
            break;
        };
        at += 4 + length;
        match kind {
            // Beginning and end of a sheet.
            0x0809 | 0x000A => area = area.saturating_add(span.take().map_or(0, |span| span.area())),
            0x002F => return Err(ExtractError::Encrypted),
            _ => {
                if let Some((row, columns)) = cell(kind, record) {
                    cells += u64::from(columns.end - columns.start);
                    span.get_or_insert_with(|| Span::at(row, &columns)).add(row, &columns);
                }
            }
        }
    }
    area = area.saturating_add(span.map_or(0, |span| span.area()));
    if area > AREA_MAX || area > AREA_FREE + cells.saturating_mul(AREA_PER_CELL) {
        return Err(ExtractError::TooLarge(format!("its sheets span {area} cells and hold {cells}")));
    }
    Ok(())
}

struct Span {
    rows: Range<u32>,
    columns: Range<u32>,
}

impl Span {
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

/// Row and columns of a record that holds cells.
fn cell(kind: u16, record: &[u8]) -> Option<(u32, Range<u32>)> {
    let word = |at: usize| Some(u32::from(u16::from_le_bytes([*record.get(at)?, *record.get(at + 1)?])));
    match kind {
        // RSTRING, BLANK, NUMBER, LABEL, BOOLERR, RK, LABELSST, FORMULA in the versions there are.
        0x00D6
        | 0x0201
        | 0x0203
        | 0x0204
        | 0x0205
        | 0x027E
        | 0x00FD
        | 0x0006
        | 0x0206
        | 0x0406
        | 0x0001..=0x0005 => {
            let column = word(2)?;
            Some((word(0)?, column..column + 1))
        }
        // MULRK and MULBLANK: first column after the row, last column at the end.
        0x00BD | 0x00BE => {
            let first = word(2)?;
            let last = word(record.len().checked_sub(2)?)?.max(first);
            Some((word(0)?, first..last + 1))
        }
        _ => None,
    }
}

/// The `Workbook` (or `Book`) stream of a compound file, put together from its sectors.
fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let container = Container::open(bytes)?;
    let directory = container.chain(container.directory, None)?;
    let entries = directory.as_chunks::<128>().0;
    let root = entries.first()?;
    let entry = entries.iter().find(|entry| {
        let name = &entry[..64];
        is_named(name, "Workbook") || is_named(name, "Book")
    })?;
    let start = u32_at(entry, 116)?;
    let size = u32_at(entry, 120)? as usize;
    if size >= 4096 {
        return container.chain(start, Some(size));
    }
    // Small streams stand in 64-byte pieces of a stream of their own.
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
    wide.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).zip(&mut units).all(|(a, b)| a == b)
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

    /// The sectors from `first` on, put together; a chain that runs in a circle ends when the file is used up.
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

    fn sheet(cells: &[(u16, u16)]) -> Vec<u8> {
        let mut stream = Vec::new();
        let mut record = |kind: u16, data: &[u8]| {
            stream.extend(kind.to_le_bytes());
            stream.extend(u16::try_from(data.len()).expect("short").to_le_bytes());
            stream.extend(data);
        };
        record(0x0809, &[0; 16]);
        for (row, column) in cells {
            let mut data = [0; 14];
            data[..2].copy_from_slice(&row.to_le_bytes());
            data[2..4].copy_from_slice(&column.to_le_bytes());
            record(0x0203, &data);
        }
        record(0x000A, &[]);
        stream.resize(stream.len().max(4096), 0);
        stream
    }

    /// A compound file with one stream, in sectors of 512 bytes.
    fn container(stream: &[u8]) -> Vec<u8> {
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
        let bomb = container(&sheet(&[(0, 0), (65_535, 65_535)]));
        assert!(matches!(check(&bomb), Err(ExtractError::TooLarge(_))));
    }

    #[test]
    fn ordinary_sheets_pass() {
        assert_eq!(check(&container(&sheet(&[(0, 0), (60_000, 3)]))), Ok(()));
        let full: Vec<_> = (0..100).flat_map(|row| (0..20).map(move |column| (row, column))).collect();
        assert_eq!(check(&container(&sheet(&full))), Ok(()));
    }

    #[test]
    fn damage_is_said_and_circles_end() {
        let whole = container(&sheet(&[(0, 0)]));
        for length in (0..whole.len()).step_by(37) {
            let cut = check(&whole[..length]);
            assert!(cut.is_ok() || matches!(cut, Err(ExtractError::Damaged(_))));
        }
        let mut circle = whole;
        // The stream's first sector follows itself.
        circle[512 + 8..512 + 12].copy_from_slice(&2_u32.to_le_bytes());
        assert!(check(&circle).is_ok() || check(&circle).is_err());
    }
}
