//! Reads pictures with the real Tesseract, if it is installed. A separate test binary, because a child that is being
//! started briefly holds the lock of a state that another test has just closed.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use riffle_local_adapters::Tesseract;
use riffle_ports::{Ocr, OcrError};

/// Returns a white picture after `count` chunks of one kind, each of which causes a warning.
fn many_chunks(count: u32) -> Vec<u8> {
    let (width, height) = (200, 60);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    for _ in 0..count {
        writer.write_chunk(png::chunk::gAMA, &45_455_u32.to_be_bytes()).expect("a chunk");
    }
    writer.write_image_data(&vec![0xFF; (width * height) as usize]).expect("pixels");
    writer.finish().expect("whole");
    file
}

/// Reads a picture, and fails if it takes too long.
fn read(picture: Vec<u8>) -> Result<usize, OcrError> {
    let (give, take) = channel();
    thread::spawn(move || give.send(Tesseract::new("eng").read("local", &picture).map(|pages| pages.len())));
    match take.recv_timeout(Duration::from_mins(2)) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => panic!("the recognition did not stop"),
        Err(RecvTimeoutError::Disconnected) => panic!("it panicked"),
    }
}

#[test]
fn a_picture_that_is_worth_more_warnings_than_a_pipe_holds_blocks_nobody() {
    if Tesseract::new("eng").find().is_err() {
        return;
    }
    let few = read(many_chunks(1));
    assert_eq!(few, Ok(1), "an empty picture has one page");
    // libpng prints a line for each, some 300 KB in all.
    assert_eq!(read(many_chunks(5_000)), few);
}

#[test]
fn what_is_no_picture_is_refused_with_its_reason() {
    if Tesseract::new("eng").find().is_err() {
        return;
    }
    // Longer than a pipe's buffer, so only a part is consumed.
    let outcome = read(vec![b'x'; 3 << 20]);
    assert!(matches!(&outcome, Err(OcrError::Picture(why)) if why.contains("rror")), "{outcome:?}");
}
