//! PDFs assembled from the text of their objects.

/// Returns a PDF of these objects, numbered from 1, with a valid cross-reference table. The first object is the
/// catalogue.
pub fn pdf<T: AsRef<[u8]>>(objects: &[T]) -> Vec<u8> {
    let listed: Vec<(u32, &[u8])> = (1..).zip(objects.iter().map(AsRef::as_ref)).collect();
    numbered(&listed, "/Root 1 0 R")
}

/// Returns a PDF of objects with the given numbers; `trailer` has the entries of the trailer in addition to `/Size`.
pub fn numbered(objects: &[(u32, &[u8])], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let size = objects.iter().map(|(number, _)| number.saturating_add(1)).max().unwrap_or(1).min(10_000);
    let mut offsets = vec![None; size as usize];
    for (number, object) in objects {
        if let Some(offset) = offsets.get_mut(*number as usize) {
            *offset = Some(out.len());
        }
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(*object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {size}\n").bytes());
    for offset in offsets {
        match offset {
            Some(offset) => out.extend(format!("{offset:010} 00000 n \n").bytes()),
            None => out.extend(b"0000000000 65535 f \n"),
        }
    }
    out.extend(format!("trailer\n<</Size {size} {trailer}>>\nstartxref\n{table}\n%%EOF\n").bytes());
    out
}

/// Returns a stream object with its length; `entries` are further entries of its dictionary.
pub fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut out = format!("<<{entries}/Length {}>>\nstream\n", content.len()).into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}
