//! Workbooks in the format of Excel 97 (BIFF8), down to single records.

/// A sheet with its cells and the range that it claims to have.
#[derive(Debug, Default)]
pub struct XlsSheet<'a> {
    pub name: &'a str,
    /// First row, row after the last, first column, column after the last, as the sheet claims.
    pub claims: Option<(u32, u32, u16, u16)>,
    pub cells: &'a [XlsCell<'a>],
}

/// Row, column and text.
pub type XlsCell<'a> = (u16, u16, &'a str);

/// Returns the stream `Workbook` with these sheets.
pub fn workbook(sheets: &[XlsSheet<'_>]) -> Vec<u8> {
    let mut texts: Vec<&str> = Vec::new();
    let bodies: Vec<Vec<u8>> = sheets.iter().map(|sheet| body(sheet, &mut texts)).collect();
    let mut out = begin(0x0005);
    record(0x0042, &1200_u16.to_le_bytes(), &mut out);
    record(0x00E0, &[0; 20], &mut out);
    let listed: usize = sheets.iter().map(|sheet| 4 + 8 + sheet.name.len()).sum();
    let strings: usize = 4 + 8 + texts.iter().map(|text| 3 + text.len()).sum::<usize>();
    let mut at = out.len() + listed + strings + 4;
    for (sheet, body) in sheets.iter().zip(&bodies) {
        let mut data = u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        data.extend([0, 0, short(sheet.name), 0]);
        data.extend(sheet.name.bytes());
        record(0x0085, &data, &mut out);
        at += body.len();
    }
    let count = u32::try_from(texts.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut table = [count, count].concat();
    for text in texts {
        table.extend([short(text), 0, 0]);
        table.extend(text.bytes());
    }
    record(0x00FC, &table, &mut out);
    record(0x000A, &[], &mut out);
    out.extend(bodies.concat());
    out
}

fn body<'a>(sheet: &XlsSheet<'a>, texts: &mut Vec<&'a str>) -> Vec<u8> {
    let mut out = begin(0x0010);
    if let Some((first_row, last_row, first_column, last_column)) = sheet.claims {
        let rows = [first_row, last_row].map(u32::to_le_bytes).concat();
        let columns = [first_column, last_column, 0].map(u16::to_le_bytes).concat();
        record(0x0200, &[rows, columns].concat(), &mut out);
    }
    for (row, column, text) in sheet.cells {
        let mut data = [*row, *column, 0].map(u16::to_le_bytes).concat();
        data.extend(u32::try_from(texts.len()).unwrap_or(u32::MAX).to_le_bytes());
        record(0x00FD, &data, &mut out);
        texts.push(text);
    }
    record(0x000A, &[], &mut out);
    out
}

/// Appends a record with this number.
pub fn record(number: u16, data: &[u8], out: &mut Vec<u8>) {
    out.extend(number.to_le_bytes());
    out.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(data);
}

fn begin(kind: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let data = [0x0600, kind, 0x0DBB, 0x07CC, 0, 0, 6, 0].map(u16::to_le_bytes).concat();
    record(0x0809, &data, &mut out);
    out
}

fn short(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}
