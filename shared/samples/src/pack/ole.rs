//! Compound files (OLE2), which contain old Office documents.

/// Bytes per sector.
pub const SECTOR: usize = 512;
const END: u32 = 0xFFFF_FFFE;
const FREE: u32 = 0xFFFF_FFFF;
const TABLE: u32 = 0xFFFF_FFFD;
/// The minimum size of a stream in bytes. A smaller one would have to be stored in pieces of another stream.
const LARGE: usize = 4096;

/// Returns a compound file with these streams; short ones are padded with zeros. At most about 7 MB in total.
pub fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let per_sector = SECTOR / 4;
    let lengths: Vec<usize> =
        streams.iter().map(|(_, stream)| stream.len().max(LARGE).div_ceil(SECTOR)).collect();
    let directory = (streams.len() + 1).div_ceil(SECTOR / 128);
    let content = directory + lengths.iter().sum::<usize>();
    let tables = content.div_ceil(per_sector - 1);

    let mut chains: Vec<u32> = vec![TABLE; tables];
    chain(&mut chains, directory);
    let mut starts = Vec::new();
    for length in &lengths {
        starts.push(number(chains.len()));
        chain(&mut chains, *length);
    }
    chains.resize(tables * per_sector, FREE);

    let mut file = header(tables);
    file.extend(chains.iter().flat_map(|next| next.to_le_bytes()));
    file.extend(entry("Root Entry", 5, END, 0));
    for ((name, stream), start) in streams.iter().zip(starts) {
        file.extend(entry(name, 2, start, stream.len().max(LARGE)));
    }
    file.resize(SECTOR * (1 + tables + directory), 0);
    for ((_, stream), length) in streams.iter().zip(lengths) {
        let end = file.len() + length * SECTOR;
        file.extend(*stream);
        file.resize(end, 0);
    }
    file
}

fn header(tables: usize) -> Vec<u8> {
    let mut file = vec![0; SECTOR];
    file[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    // Versions, byte order, sizes of sectors (2⁹) and of small sectors (2⁶).
    file[24..34].copy_from_slice(b"\x3E\0\x03\0\xFE\xFF\x09\0\x06\0");
    let mut put = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(44, number(tables));
    put(48, number(tables));
    put(56, 4096);
    put(60, END);
    put(68, END);
    for slot in 0..109 {
        put(76 + slot * 4, if slot < tables { number(slot) } else { FREE });
    }
    file
}

/// Appends a chain of `length` consecutive sectors.
fn chain(chains: &mut Vec<u32>, length: usize) {
    for left in (0..length).rev() {
        let next = number(chains.len() + 1);
        chains.push(if left == 0 { END } else { next });
    }
}

fn entry(name: &str, kind: u8, start: u32, size: usize) -> [u8; 128] {
    let mut entry = [0; 128];
    for (slot, unit) in entry.as_chunks_mut::<2>().0.iter_mut().zip(name.encode_utf16()) {
        *slot = unit.to_le_bytes();
    }
    let name_bytes = u16::try_from(name.encode_utf16().count() * 2 + 2).unwrap_or(64);
    entry[64..66].copy_from_slice(&name_bytes.to_le_bytes());
    (entry[66], entry[67]) = (kind, 1);
    for link in [68, 72, 76] {
        entry[link..link + 4].copy_from_slice(&FREE.to_le_bytes());
    }
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry[120..124].copy_from_slice(&number(size).to_le_bytes());
    entry
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
