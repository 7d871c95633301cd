//! Unpacks streams within a limit.
//!
//! `hayro-syntax` unpacks a stream without a limit, to a thousand times its size and more where filters are chained.
//! This module computes the worst case from the packed size, which settles nearly all streams; the others are measured
//! before they are unpacked.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::Filter;
use hayro_syntax::object::Stream;
use hayro_syntax::object::dict::keys;
use memchr::memmem;

/// Bytes that one packed byte unpacks to at most.
const FLATE_MOST: u64 = 1032;
/// Codes of 12 bits, each for up to 4,096 bytes.
const LZW_MOST: u64 = 2731;
const RUN_LENGTH_MOST: u64 = 64;
/// `z` stands for four zeros.
const ASCII85_MOST: u64 = 4;

/// Why a stream has no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnpackError {
    TooLarge,
    Damaged,
}

/// Returns the stream's data, if it is at most `most` bytes long.
pub(super) fn unpack<'a>(stream: &Stream<'a>, most: u64) -> Result<Cow<'a, [u8]>, UnpackError> {
    let filters = stream.filters();
    let worst = filters.iter().fold(1_u64, |worst, filter| worst.saturating_mul(factor(*filter)));
    // Without a filter the data does not grow.
    if worst > 1 {
        let raw = stream.raw_data();
        if (raw.len() as u64).saturating_mul(worst) > most {
            let plain = *filters == [Filter::FlateDecode]
                && !stream.dict().contains_key(keys::DECODE_PARMS)
                && !stream.dict().contains_key(keys::DP);
            if plain {
                match inflate(&raw, most) {
                    Inflated::Whole(data) => return Ok(Cow::Owned(data)),
                    Inflated::TooLarge => return Err(UnpackError::TooLarge),
                    // hayro's decoder repairs what it can.
                    Inflated::Damaged => {}
                }
            } else if !fits(raw, &filters, most) {
                return Err(UnpackError::TooLarge);
            }
        }
    }
    stream.decoded_data().map_err(|_| UnpackError::Damaged)
}

/// Returns whether a compressed stream is invalid. For streams that unpack without an error but give nothing.
pub(super) fn is_broken(stream: &Stream<'_>, most: u64) -> bool {
    *stream.filters() == [Filter::FlateDecode]
        && matches!(inflate(&stream.raw_data(), most), Inflated::Damaged)
}

/// Returns whether the streams that hold objects unpack to at most `most` bytes in total: they are unpacked while the
/// file is opened, and kept. They are found by their names; those of an encrypted file cannot be checked.
pub(super) fn objects_fit(file: &[u8], most: u64) -> bool {
    let mut streams = Vec::new();
    let mut packed = 0;
    // A file too small for a bomb need not be searched.
    if (file.len() as u64).saturating_mul(FLATE_MOST) <= most {
        return true;
    }
    for name in [&b"/ObjStm"[..], b"/XRef"] {
        for at in memmem::find_iter(file, name) {
            // A dictionary is short, and the stream it describes follows it.
            let head = &file[at..file.len().min(at + 1024)];
            let Some(begin) = memmem::find(head, b"stream") else { continue };
            let data = &file[at + begin + b"stream".len()..];
            let data = data.strip_prefix(b"\r").unwrap_or(data);
            let data = data.strip_prefix(b"\n").unwrap_or(data);
            let data = &data[..memmem::find(data, b"endstream").unwrap_or(data.len())];
            let dict = &file[at.saturating_sub(512)..at + begin];
            let dict = &dict[memmem::rfind(&dict[..dict.len().min(512)], b"obj").unwrap_or(0)..];
            // The only reason to pack them twice is to hide how large they are.
            if memmem::find_iter(dict, b"/FlateDecode").count() + memmem::find_iter(dict, b"/LZW").count() > 1
            {
                return false;
            }
            packed += data.len() as u64;
            streams.push(data);
        }
    }
    if packed.saturating_mul(FLATE_MOST) <= most {
        return true;
    }
    let mut left = most;
    for data in streams {
        match size(ZlibDecoder::new(data), left) {
            Some(size) => left -= size,
            None => return false,
        }
    }
    true
}

fn factor(filter: Filter) -> u64 {
    match filter {
        Filter::FlateDecode => FLATE_MOST,
        Filter::LzwDecode => LZW_MOST,
        Filter::RunLengthDecode => RUN_LENGTH_MOST,
        Filter::Ascii85Decode => ASCII85_MOST,
        // Pictures are not unpacked here; the other filters do not grow.
        _ => 1,
    }
}

enum Inflated {
    Whole(Vec<u8>),
    TooLarge,
    Damaged,
}

fn inflate(packed: &[u8], most: u64) -> Inflated {
    let mut data = Vec::new();
    match ZlibDecoder::new(packed).take(most + 1).read_to_end(&mut data) {
        Ok(_) if data.len() as u64 > most => Inflated::TooLarge,
        Ok(_) => Inflated::Whole(data),
        // If only the header is damaged, the data may still unpack to too much.
        Err(_) if data.is_empty() && size(DeflateDecoder::new(packed), most).is_none() => Inflated::TooLarge,
        Err(_) => Inflated::Damaged,
    }
}

/// Counts the bytes up to the end or an error; `None` if there are more than `most`.
fn size(mut data: impl Read, most: u64) -> Option<u64> {
    let mut buffer = [0; 16 * 1024];
    let mut size = 0;
    while let Ok(read @ 1..) = data.read(&mut buffer) {
        size += read as u64;
        if size > most {
            return None;
        }
    }
    Some(size)
}

/// Applies a chain of filters as far as necessary to know the size at its end; returns whether it is at most `most`.
fn fits(raw: Cow<'_, [u8]>, filters: &[Filter], most: u64) -> bool {
    let mut data = raw;
    for (index, filter) in filters.iter().enumerate() {
        let rest = filters[index..].iter().fold(1_u64, |worst, filter| worst.saturating_mul(factor(*filter)));
        if (data.len() as u64).saturating_mul(rest) <= most {
            return true;
        }
        let last = index + 1 == filters.len();
        data = match filter {
            Filter::FlateDecode if last => {
                let raw = size(ZlibDecoder::new(&*data), most).is_some();
                return raw && size(DeflateDecoder::new(&*data), most).is_some();
            }
            Filter::LzwDecode if last => return lzw_size(&data) <= most,
            Filter::RunLengthDecode if last => return run_length_size(&data) <= most,
            Filter::FlateDecode => match inflate(&data, most) {
                Inflated::Whole(data) => Cow::Owned(data),
                Inflated::TooLarge | Inflated::Damaged => return false,
            },
            Filter::AsciiHexDecode => Cow::Owned(hex(&data)),
            Filter::Ascii85Decode => Cow::Owned(ascii85(&data)),
            // Not unpacked here.
            Filter::DctDecode | Filter::JpxDecode | Filter::Jbig2Decode | Filter::CcittFaxDecode => {
                return true;
            }
            Filter::Crypt => data,
            Filter::LzwDecode | Filter::RunLengthDecode => return false,
        };
    }
    data.len() as u64 <= most
}

fn hex(data: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = data
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| u8::try_from(char::from(*byte).to_digit(16)?).ok())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

fn ascii85(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut group = Vec::with_capacity(5);
    let flush = |group: &mut Vec<u8>, out: &mut Vec<u8>| {
        let bytes = group.len().saturating_sub(1);
        group.resize(5, 84);
        let value =
            group.iter().fold(0_u32, |value, digit| value.wrapping_mul(85).wrapping_add(u32::from(*digit)));
        out.extend(&value.to_be_bytes()[..bytes.min(4)]);
        group.clear();
    };
    for byte in data {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            b'~' => break,
            _ => {}
        }
        if group.len() == 5 {
            flush(&mut group, &mut out);
        }
    }
    if !group.is_empty() {
        flush(&mut group, &mut out);
    }
    out
}

/// Computes the unpacked size from lengths only: each new code is one byte longer than the previous one.
fn lzw_size(data: &[u8]) -> u64 {
    let (mut size, mut buffer, mut bits) = (0_u64, 0_u32, 0);
    let mut lengths: Vec<u64> = Vec::with_capacity(4096);
    let (mut width, mut last) = (9, None);
    for byte in data {
        buffer = (buffer << 8 | u32::from(*byte)) & 0x00FF_FFFF;
        bits += 8;
        if bits < width {
            continue;
        }
        bits -= width;
        let code = (buffer >> bits & ((1 << width) - 1)) as usize;
        match code {
            256 => {
                lengths.clear();
                (width, last) = (9, None);
                continue;
            }
            257 => break,
            _ => {}
        }
        let length = match code {
            0..=255 => 1,
            // A code that is just being defined repeats the previous one.
            code => lengths.get(code - 258).copied().unwrap_or_else(|| last.unwrap_or(0) + 1),
        };
        if let Some(last) = last
            && lengths.len() < 4096 - 258
        {
            lengths.push(last + 1);
        }
        size += length;
        last = Some(length);
        width = match lengths.len() + 258 {
            0..511 => 9,
            511..1023 => 10,
            1023..2047 => 11,
            _ => 12,
        };
    }
    size
}

fn run_length_size(data: &[u8]) -> u64 {
    let (mut size, mut at) = (0, 0);
    while let Some(length) = data.get(at).filter(|length| **length != 128) {
        let length = usize::from(*length);
        (size, at) = if length < 128 {
            (size + length as u64 + 1, at + length + 2)
        } else {
            (size + 257 - length as u64, at + 2)
        };
    }
    size
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).expect("written");
        encoder.finish().expect("finished")
    }

    pub(crate) fn hexed(data: &[u8]) -> String {
        data.iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }

    #[test]
    fn sizes_are_known_without_unpacking() {
        // 300 × `a` with 9-bit codes: 97, 258, 259 …, each one longer.
        let mut bits = String::new();
        let mut made = 0;
        for code in [256, 97].into_iter().chain(258..) {
            bits += &format!("{code:09b}");
            made += if code < 258 { u64::from(code == 97) } else { code - 256 };
            if made >= 300 {
                break;
            }
        }
        bits += &format!("{:09b}", 257);
        bits += &"0".repeat(8 - bits.len() % 8);
        let packed: Vec<u8> = (0..bits.len() / 8)
            .map(|i| u8::from_str_radix(&bits[i * 8..i * 8 + 8], 2).expect("bits"))
            .collect();
        assert_eq!(lzw_size(&packed), made);
        assert_eq!(run_length_size(&[2, 1, 2, 3, 254, 7, 128, 0]), 6);
        assert_eq!(ascii85(b"87cURDZ~>"), b"Hello");
        assert_eq!(hex(b"48 65 6C6>"), b"Hel\x60");
    }

    #[test]
    fn chains_are_followed_to_their_end() {
        let zeros = vec![0; 10 << 20];
        let (once, twice) = (deflate(&zeros), deflate(&deflate(&zeros)));
        let flate = Filter::FlateDecode;
        let fits = |data: &[u8], filters: &[Filter]| fits(Cow::Borrowed(data), filters, 1 << 20);
        assert!(!fits(&once, &[flate]));
        assert!(!fits(&twice, &[flate, flate]));
        assert!(!fits(hexed(&once).as_bytes(), &[Filter::AsciiHexDecode, flate]));
        assert!(fits(&deflate(&zeros[..1 << 20]), &[flate]));
    }

    #[test]
    fn object_streams_are_looked_at_all_together() {
        let stream = [
            b"1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n",
            &deflate(&vec![0; 1 << 20])[..],
            b"\nendstream endobj ",
        ]
        .concat();
        assert!(objects_fit(&stream.repeat(4), 5 << 20));
        assert!(!objects_fit(&stream.repeat(6), 5 << 20));
    }
}
