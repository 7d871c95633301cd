//! Deflate streams that unpack to a thousand times their size, built without unpacked data of that size in memory.

use miniz_oxide::MZFlush;
use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;

/// The unpacked size of one piece in bytes.
const PIECE: usize = 4 << 20;

/// Returns raw Deflate of `pieces` times 4 MiB of `byte`, after `head` and before `tail`.
pub(super) fn raw(head: &[u8], byte: u8, pieces: usize, tail: &[u8]) -> Vec<u8> {
    let mut out = piece(head);
    // After a full flush the decoder needs no earlier data, so the same bytes can be repeated.
    out.extend(piece(&vec![byte; PIECE]).repeat(pieces));
    out.extend(piece(tail));
    // An empty last block.
    out.extend([1, 0, 0, 0xFF, 0xFF]);
    out
}

/// Returns the same as zlib, with a wrong checksum: no reader gets that far.
pub(super) fn zlib(head: &[u8], byte: u8, pieces: usize, tail: &[u8]) -> Vec<u8> {
    [&[0x78, 0x9C][..], &raw(head, byte, pieces, tail), &[0; 4]].concat()
}

fn piece(content: &[u8]) -> Vec<u8> {
    if content.is_empty() {
        return Vec::new();
    }
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(6, -15, 0));
    let mut out = vec![0; content.len() / 100 + 4096];
    let result = deflate(&mut compressor, content, &mut out, MZFlush::Full);
    out.truncate(result.bytes_written);
    out
}
