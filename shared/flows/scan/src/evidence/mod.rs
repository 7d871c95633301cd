//! Where a match is, as a picture of its page.

pub(crate) mod match_evidence;
pub(crate) mod page_images;
pub(crate) mod page_views;
