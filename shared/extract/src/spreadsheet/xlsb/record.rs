//! The records of a binary part. Numbers and names: [MS-XLSB], "Binary File Format (.xlsb) Structure".

use std::io::{BufRead, BufReader, Read};

use crate::ExtractError;
use crate::output::UnitOutput;
use crate::package::Package;

/// The longest record that is read; others are far shorter (a text of a cell has at most 32,767 characters).
const RECORD_MAX: usize = 16 << 20;

/// Calls `each` with the number and content of every record. Returns `None` if there is no such part.
pub(super) fn records(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
    mut each: impl FnMut(u16, Fields<'_>, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
) -> Result<Option<()>, ExtractError> {
    let mut archive = package.archive();
    let Some(entry) = package.stream(&mut archive, name, out)? else { return Ok(None) };
    let mut reader = BufReader::with_capacity(64 * 1024, entry);
    let mut content = Vec::new();
    while let Some(first) = next_byte(&mut reader)? {
        let kind = if first & 0x80 == 0 {
            u16::from(first)
        } else {
            u16::from(first & 0x7F) | u16::from(byte(&mut reader)? & 0x7F) << 7
        };
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let part = byte(&mut reader)?;
            length |= usize::from(part & 0x7F) << shift;
            if part & 0x80 == 0 {
                break;
            }
        }
        if length > RECORD_MAX {
            return Err(ExtractError::TooLarge(format!("a record of {length} bytes")));
        }
        content.clear();
        let read = (&mut reader).take(length as u64).read_to_end(&mut content).map_err(|_| broken_off())?;
        if read < length {
            return Err(broken_off());
        }
        each(kind, Fields(&content), out)?;
    }
    Ok(Some(()))
}

fn next_byte(reader: &mut impl BufRead) -> Result<Option<u8>, ExtractError> {
    let first = reader.fill_buf().map_err(|_| broken_off())?.first().copied();
    if first.is_some() {
        reader.consume(1);
    }
    Ok(first)
}

fn byte(reader: &mut impl BufRead) -> Result<u8, ExtractError> {
    next_byte(reader)?.ok_or_else(broken_off)
}

fn broken_off() -> ExtractError {
    ExtractError::Damaged("it breaks off".to_owned())
}

/// The fields of a record, from the left.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], ExtractError> {
        let (head, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| ExtractError::Damaged("a record is too short".to_owned()))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ExtractError> {
        let bytes = self.bytes(N)?;
        Ok(std::array::from_fn(|at| bytes[at]))
    }

    pub fn u8(&mut self) -> Result<u8, ExtractError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16, ExtractError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, ExtractError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn f64(&mut self) -> Result<f64, ExtractError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// Returns a number of which only the upper 30 bits are stored: a float, or a whole number; either may stand for a
    /// hundredth of itself.
    pub fn rk(&mut self) -> Result<f64, ExtractError> {
        let rk = self.u32()?;
        #[expect(clippy::cast_possible_wrap, reason = "the bits of a signed number")]
        let number =
            if rk & 2 == 0 { f64::from_bits(u64::from(rk & !3) << 32) } else { f64::from(rk as i32 >> 2) };
        Ok(if rk & 1 == 0 { number } else { number / 100.0 })
    }

    /// Appends a text: the number of its UTF-16 units, and those. Returns false for one that is null.
    pub fn text(&mut self, out: &mut String) -> Result<bool, ExtractError> {
        let length = self.u32()?;
        if length == u32::MAX {
            return Ok(false);
        }
        let bytes = self.bytes((length as usize).saturating_mul(2))?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Ok(true)
    }

    pub fn owned_text(&mut self) -> Result<String, ExtractError> {
        let mut text = String::new();
        self.text(&mut text)?;
        Ok(text)
    }
}
