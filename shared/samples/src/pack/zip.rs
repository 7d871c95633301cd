//! ZIP archives whose directory can make false claims.

use miniz_oxide::deflate::compress_to_vec;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The flag for names in UTF-8.
const UTF8: u16 = 1 << 11;

/// An archive that is being built.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
    last: Option<Packed>,
}

/// The fields of an entry that are in both of its headers.
#[derive(Debug, Clone, Copy)]
struct Packed {
    at: u32,
    method: u16,
    checksum: u32,
    size: u32,
    unpacked: u32,
}

impl Archive {
    #[must_use]
    pub fn stored(mut self, name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        self.add(name.as_ref(), content, STORED, crc32(content), size(content));
        self
    }

    #[must_use]
    pub fn deflated(mut self, name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        self.add(name.as_ref(), &compress_to_vec(content, 6), DEFLATED, crc32(content), size(content));
        self
    }

    /// Adds an entry that claims `unpacked` bytes, whatever `packed` (raw Deflate) contains.
    #[must_use]
    pub fn claiming(mut self, name: impl AsRef<[u8]>, packed: &[u8], checksum: u32, unpacked: u32) -> Self {
        self.add(name.as_ref(), packed, DEFLATED, checksum, unpacked);
        self
    }

    /// Adds a directory entry with the content of the last entry.
    #[must_use]
    pub fn again(mut self, name: impl AsRef<[u8]>) -> Self {
        if let Some(last) = self.last {
            self.list(name.as_ref(), last);
        }
        self
    }

    pub fn finish(mut self) -> Vec<u8> {
        let (at, length) = (size(&self.bytes), size(&self.directory));
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend([self.entries, self.entries].iter().flat_map(|n| n.to_le_bytes()));
        self.bytes.extend([length, at].iter().flat_map(|n| n.to_le_bytes()));
        self.bytes.extend([0, 0]);
        self.bytes
    }

    fn add(&mut self, name: &[u8], content: &[u8], method: u16, checksum: u32, unpacked: u32) {
        let packed = Packed { at: size(&self.bytes), method, checksum, size: size(content), unpacked };
        self.bytes.extend(b"PK\x03\x04");
        header(&mut self.bytes, name, packed);
        self.bytes.extend(name);
        self.bytes.extend(content);
        self.list(name, packed);
        self.last = Some(packed);
    }

    fn list(&mut self, name: &[u8], packed: Packed) {
        self.directory.extend(b"PK\x01\x02\x14\0");
        header(&mut self.directory, name, packed);
        self.directory.extend([0; 10]);
        self.directory.extend(packed.at.to_le_bytes());
        self.directory.extend(name);
        self.entries = self.entries.saturating_add(1);
    }
}

/// Writes the fields that have the same order in both headers.
fn header(out: &mut Vec<u8>, name: &[u8], packed: Packed) {
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    out.extend([20, UTF8, packed.method, 0, 0x21].iter().flat_map(|n| n.to_le_bytes()));
    out.extend([packed.checksum, packed.size, packed.unpacked].iter().flat_map(|n| n.to_le_bytes()));
    out.extend([name_length, 0].iter().flat_map(|n| n.to_le_bytes()));
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Returns the CRC-32 checksum of ZIP.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |sum, byte| sum >> 8 ^ TABLE[((sum ^ u32::from(*byte)) & 0xFF) as usize])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let mut value = byte;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xEDB8_8320 ^ value >> 1 } else { value >> 1 };
            bit += 1;
        }
        table[byte as usize] = value;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
