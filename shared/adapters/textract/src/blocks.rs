//! Converts Textract's list of blocks to lines of words. A page is the parent of its lines and a line the parent of its
//! words, by id.

use std::collections::BTreeMap;

use aws_sdk_textract::types::{Block, BlockType, Relationship, RelationshipType};
use riffle_ports::{OcrError, OcrLine, OcrWord, PortError};

/// Returns the lines in Textract's order, followed by words that are in no line.
///
/// Words count whatever Textract's confidence: a speck read as a letter is not a code, and a possible code should be
/// shown.
///
/// # Errors
/// There is no page: even a blank picture has a page block, so this is not a valid answer.
pub(crate) fn lines(blocks: &[Block]) -> Result<Vec<OcrLine>, OcrError> {
    let of = |kind: BlockType| blocks.iter().filter(move |block| block.block_type() == Some(&kind));
    if of(BlockType::Page).next().is_none() {
        return Err(PortError::Unavailable("Textract returned no page".to_owned()).into());
    }
    let mut words: BTreeMap<&str, &Block> =
        of(BlockType::Word).filter_map(|word| Some((word.id()?, word))).collect();
    let mut lines = Vec::new();
    for line in of(BlockType::Line) {
        let own: Vec<OcrWord> = children(line).filter_map(|id| words.remove(id)).filter_map(word).collect();
        // A line without words becomes one word, so that its text is not lost.
        let own = if own.is_empty() { word(line).into_iter().collect() } else { own };
        lines.push(OcrLine { words: own });
    }
    let alone = of(BlockType::Word).filter(|block| block.id().is_none_or(|id| words.contains_key(id)));
    lines.extend(alone.filter_map(word).map(|word| OcrLine { words: vec![word] }));
    lines.retain(|line| !line.words.is_empty());
    Ok(lines)
}

fn children(block: &Block) -> impl Iterator<Item = &str> {
    let children = block.relationships().iter().filter(|to| to.r#type() == Some(&RelationshipType::Child));
    children.flat_map(Relationship::ids).map(String::as_str)
}

/// Returns a word; `None` if it has no text. A word without a box covers the whole page.
fn word(block: &Block) -> Option<OcrWord> {
    let text = block.text().map(str::trim).filter(|text| !text.is_empty())?.to_owned();
    let bounds = block.geometry().and_then(|geometry| geometry.bounding_box());
    let bounds = bounds.map_or([0.0, 0.0, 1.0, 1.0], |at| {
        let on_page = |edge: f32| if edge.is_finite() { edge.clamp(0.0, 1.0) } else { 0.0 };
        let (left, top) = (on_page(at.left()), on_page(at.top()));
        [left, top, on_page(left + at.width()), on_page(top + at.height())]
    });
    Some(OcrWord { text, bounds })
}
