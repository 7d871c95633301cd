//! Pictures of codes on their pages, for the report.
//!
//! The finisher draws them, not the workers: only the first matches of a report get a picture, and which ones these are
//! is known only when every file has its result. The finisher draws under its lease, so that no other process draws the
//! same pictures at the same time, and for part of the lease only ([`crate::ScanSettings::drawing`]). A picture not
//! drawn by then is replaced by the reason.
//!
//! The pictures of a file are stored if absent, and the stored ones count, including the reasons for missing pictures.
//! So a report has the same bytes no matter which process builds it and how often, even if a file is replaced or time
//! runs out between two tries, and a process that takes over from a dead finisher continues where that one stopped.
//! Which matches are tried follows from the results alone. Nothing here fails a scan, except for the storage that the
//! report needs too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use riffle_extract::{Bounds, View};
use riffle_ports::{Entry, FileSource, Opened, PortError, Put, ReadError, SessionId, Source};
use riffle_reader::PageError;
use serde::{Deserialize, Serialize};

use crate::Scan;
use crate::evidence::page_images::PageImages;
use crate::matching::Match;
use crate::report::CodePicture;
use crate::scan::SessionCodes;
use crate::state::request::keys;

/// Most matches shown with a picture, and most bytes of these pictures: Excel holds all of them in memory, and so does
/// the process that builds the report.
const MAX_PICTURES: usize = 1_000;
const MAX_BYTES: usize = 32 << 20;

/// The source of the files and the drawer of their pages.
#[derive(Clone)]
pub(crate) struct Drawing {
    pub files: Arc<dyn FileSource>,
    pub images: Arc<dyn PageImages>,
}

/// The pictures of one report, file by file in the order of the files.
pub(crate) struct Crops<'a> {
    scan: &'a Scan,
    session: &'a SessionId,
    source: &'a Source,
    codes: &'a SessionCodes,
    until: DateTime<Utc>,
    left: usize,
    bytes_left: usize,
    /// Whether matches on pages were left out.
    is_cut: bool,
}

/// The result of drawing one match, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Crop {
    /// A PNG in base64.
    Png(String),
    /// The reason there is no picture.
    Why(String),
}

/// By the match's number within its file.
type StoredCrops = BTreeMap<usize, Crop>;

impl<'a> Crops<'a> {
    pub fn new(scan: &'a Scan, session: &'a SessionId, source: &'a Source, codes: &'a SessionCodes) -> Self {
        let drawing = TimeDelta::from_std(scan.settings.drawing).unwrap_or(TimeDelta::MAX);
        let now = scan.ports.clock.now();
        let until = now.checked_add_signed(drawing).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Self { scan, session, source, codes, until, left: MAX_PICTURES, bytes_left: MAX_BYTES, is_cut: false }
    }

    /// Returns the pictures of the next file, by the matches' numbers.
    pub async fn of(
        &mut self,
        (index, entry): (u32, &Entry),
        matches: &[Match],
    ) -> Result<BTreeMap<usize, CodePicture>, PortError> {
        let mut wanted: Vec<_> = matches.iter().enumerate().filter_map(wanted).collect();
        let room = if self.bytes_left == 0 { 0 } else { self.left };
        self.is_cut |= wanted.len() > room;
        wanted.truncate(room);
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.left -= wanted.len();
        let key = keys::crops(self.session, index);
        let stored = self.stored(&key, entry, &wanted).await?;
        let broken = |why: &dyn std::fmt::Display| {
            PortError::Broken(format!("the stored pictures {key} cannot be read: {why}"))
        };
        let stored: StoredCrops = serde_json::from_slice(&stored).map_err(|error| broken(&error))?;
        let mut pictures = BTreeMap::new();
        for (ordinal, crop) in stored {
            let picture = match crop {
                Crop::Png(png) => {
                    let png = BASE64_STANDARD.decode(png).map_err(|error| broken(&error))?;
                    self.bytes_left = self.bytes_left.saturating_sub(png.len());
                    CodePicture::Drawn(png)
                }
                Crop::Why(why) => CodePicture::Missing(why),
            };
            pictures.insert(ordinal, picture);
        }
        Ok(pictures)
    }

    /// Returns what the report says about which matches have pictures.
    pub fn note(&self) -> String {
        if self.scan.drawing.is_none() {
            return "none: pages cannot be drawn here".to_owned();
        }
        match (self.is_cut, self.bytes_left) {
            (false, _) => "of every match on a page".to_owned(),
            (true, 0) => format!("of the first matches on pages only, up to {} MB", MAX_BYTES >> 20),
            (true, _) => format!("of the first {MAX_PICTURES} matches on pages only"),
        }
    }

    /// Returns the stored pictures of a file, drawing them first if none are stored.
    async fn stored(&self, key: &str, entry: &Entry, wanted: &[CropKey]) -> Result<Bytes, PortError> {
        let objects = &self.scan.ports.objects;
        if let Some(stored) = objects.get(key).await? {
            return Ok(stored);
        }
        let drawn = self.draw(entry, wanted).await;
        let drawn = Bytes::from(serde_json::to_vec(&drawn).expect("pictures are plain data"));
        match objects.put_if_absent(key, drawn.clone()).await? {
            Put::Stored => Ok(drawn),
            // Another finisher was faster: the report shows its pictures.
            Put::Exists => Ok(objects.get(key).await?.unwrap_or(drawn)),
        }
    }

    async fn draw(&self, entry: &Entry, wanted: &[CropKey]) -> StoredCrops {
        let all = |why: String| wanted.iter().map(|wanted| (wanted.0, Crop::Why(why.clone()))).collect();
        let Some(drawing) = &self.scan.drawing else {
            return all("pages cannot be drawn here".to_owned());
        };
        if self.is_late() {
            return all(LATE.to_owned());
        }
        let opened: Arc<dyn Opened> = match drawing.files.open(self.source, entry).await {
            Ok(opened) => opened.into(),
            Err(error) => return all(unreadable(&error)),
        };
        let found = self.find(&*drawing.images, &entry.name, &opened, wanted).await.map_err(reason);
        let crop = |(ordinal, page, place): &CropKey| {
            let (ordinal, page, opened) = (*ordinal, *page, Arc::clone(&opened));
            let bounds = match place {
                Where::Known(bounds) => Ok(*bounds),
                Where::OnPage(code) => found
                    .as_ref()
                    .map_err(String::clone)
                    .and_then(|found| found.get(&(page, *code)).copied().ok_or_else(|| NOT_FOUND.to_owned())),
            };
            async move {
                let drawn = match bounds {
                    _ if self.is_late() => Err(LATE.to_owned()),
                    Err(why) => Err(why),
                    Ok(bounds) => {
                        let drawn =
                            drawing.images.draw(&entry.name, opened, page, View::Around(bounds)).await;
                        drawn.map(|drawn| drawn.png).map_err(reason)
                    }
                };
                (ordinal, drawn)
            }
        };
        let mut drawing = stream::iter(wanted.iter().map(crop)).buffered(self.scan.settings.files_at_once);
        let mut drawn = StoredCrops::new();
        let mut room = self.bytes_left;
        while room > 0
            && let Some((ordinal, outcome)) = drawing.next().await
        {
            let crop = match outcome {
                Ok(png) => {
                    room = room.saturating_sub(png.len());
                    Crop::Png(BASE64_STANDARD.encode(png))
                }
                Err(why) => Crop::Why(why),
            };
            drawn.insert(ordinal, crop);
        }
        // The rest had no room left.
        for (ordinal, ..) in wanted {
            let full = || Crop::Why("the earlier pictures use up the available space".to_owned());
            drawn.entry(*ordinal).or_insert_with(full);
        }
        drawn
    }

    /// Finds the first place of each wanted code on each page, by page and code. The first stands for all: a picture of
    /// all places would show none of them.
    async fn find(
        &self,
        images: &dyn PageImages,
        name: &str,
        opened: &Arc<dyn Opened>,
        wanted: &[CropKey],
    ) -> Result<BTreeMap<(u32, u32), Bounds>, PageError> {
        let pages: BTreeSet<u32> = wanted
            .iter()
            .filter(|(_, _, place)| matches!(place, Where::OnPage(_)))
            .map(|(_, page, _)| *page)
            .collect();
        if pages.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = images.find(name, Arc::clone(opened), pages, Arc::clone(&self.codes.matcher)).await?;
        let first = |found: Match| Some(((found.place.page().ok()?, found.code), *found.boxes.first()?));
        Ok(found.into_iter().filter_map(first).collect())
    }

    fn is_late(&self) -> bool {
        self.scan.ports.clock.now() >= self.until
    }
}

const LATE: &str = "there was not enough time to draw it";
const NOT_FOUND: &str = "its position on the page could not be found";

/// The number of a match, its page, and its place on the page.
type CropKey = (usize, u32, Where);

#[derive(Debug, Clone)]
enum Where {
    /// Known from reading the file.
    Known(Bounds),
    /// To be found: where the page has this code.
    OnPage(u32),
}

fn wanted((ordinal, found): (usize, &Match)) -> Option<CropKey> {
    let place = found.boxes.first().map_or(Where::OnPage(found.code), |bounds| Where::Known(*bounds));
    Some((ordinal, found.place.page().ok()?, place))
}

fn reason(error: PageError) -> String {
    match error {
        PageError::Source(error) => unreadable(&error),
        PageError::Page(error) => error.to_string(),
    }
}

/// Returns the reason for users. A failure of the environment means nothing to a reader of the report, so it is only
/// logged.
fn unreadable(error: &ReadError) -> String {
    match error {
        ReadError::Port(error) => {
            tracing::warn!(%error, "a picture for a report was not drawn");
            "it could not be drawn".to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use futures::executor::block_on;
    use riffle_extract::{Drawn, Place, Sink as _, Unit};
    use riffle_testkit::memory::{
        ManualClock, MemoryConnections, MemoryFiles, MemoryLedger, MemoryNotifier, MemoryObjects,
        MemoryQueue, SeededIds,
    };

    use super::*;
    use crate::matching::{CodeList, MatchRule, Matcher};
    use crate::{ScanPorts, ScanSettings};

    const BOUNDS: Bounds = Bounds { x0: 1.0, y0: 1.0, x1: 2.0, y1: 2.0 };

    /// Draws a different picture each time, which takes a second.
    struct Fickle {
        drawn: AtomicU8,
        clock: Arc<ManualClock>,
    }

    #[async_trait]
    impl PageImages for Fickle {
        async fn draw(
            &self,
            _name: &str,
            _opened: Arc<dyn Opened>,
            _page: u32,
            view: View,
        ) -> Result<Drawn, PageError> {
            let View::Around(region) = view else { panic!("no crop: {view:?}") };
            self.clock.advance(TimeDelta::seconds(1));
            let png = vec![self.drawn.fetch_add(1, Ordering::Relaxed)];
            Ok(Drawn { png, width: 1, height: 1, page: (1.0, 1.0), region })
        }

        async fn find(
            &self,
            _name: &str,
            _opened: Arc<dyn Opened>,
            pages: BTreeSet<u32>,
            codes: Arc<Matcher>,
        ) -> Result<Vec<Match>, PageError> {
            let mut text = codes.file();
            for page in pages {
                text.unit(&Unit { place: &Place::Page(page), text: "A-2", ocr: false, glyphs: None });
            }
            let boxed = |found| Match { boxes: vec![BOUNDS], ..found };
            Ok(text.finish().matches.into_iter().map(boxed).collect())
        }
    }

    struct World {
        scan: Scan,
        clock: Arc<ManualClock>,
        files: Arc<MemoryFiles>,
        source: Source,
        entry: Entry,
    }

    impl World {
        fn new(seconds: u64) -> Self {
            let clock = Arc::new(ManualClock::new());
            let ports = ScanPorts {
                ledger: Arc::new(MemoryLedger::new()),
                objects: Arc::new(MemoryObjects::new()),
                queue: Arc::new(MemoryQueue::new(clock.clone(), chrono::TimeDelta::minutes(3))),
                connections: Arc::new(MemoryConnections::new()),
                notifier: Arc::new(MemoryNotifier::new()),
                clock: clock.clone(),
                ids: Arc::new(SeededIds::new(1)),
                meter: Arc::default(),
            };
            let files = Arc::new(MemoryFiles::new(10));
            files.write("f", "a.pdf", "as it was read");
            let source = Source::Folders(vec!["f".to_owned()]);
            let listed = block_on(async { files.list(&source).await.expect("listed").next().await });
            let entry = listed.expect("a page").expect("entries").remove(0);
            let images = Arc::new(Fickle { drawn: AtomicU8::new(0), clock: clock.clone() });
            let settings = ScanSettings { drawing: Duration::from_secs(seconds), ..ScanSettings::default() };
            let scan = Scan::new(ports, settings).with_pictures(files.clone(), images);
            Self { scan, clock, files, source, entry }
        }

        /// Tries to draw the pictures of a file with one match in a text and others on a page.
        fn pictures(&self, on_pages: usize) -> (BTreeMap<usize, CodePicture>, String) {
            let found = |code, place, boxes| Match { code, place, snippet: String::new(), boxes };
            let mut matches = vec![found(0, Place::Line(1), Vec::new())];
            // Alternates between a place known from reading and a place to be looked up on the page.
            let known = |number| if number % 2 == 0 { vec![BOUNDS] } else { Vec::new() };
            matches.extend((0..on_pages).map(|number| found(1, Place::Page(2), known(number))));
            self.pictures_of(&matches)
        }

        fn pictures_of(&self, matches: &[Match]) -> (BTreeMap<usize, CodePicture>, String) {
            let list = CodeList::new(vec!["A-1".to_owned(), "A-2".to_owned()]).expect("codes");
            let built = Arc::new(Matcher::new(&list, MatchRule::Token));
            let (session, codes) = (SessionId("s".to_owned()), SessionCodes { list, matcher: built });
            let mut crops = Crops::new(&self.scan, &session, &self.source, &codes);
            let pictures = block_on(crops.of((0, &self.entry), matches)).expect("pictures");
            (pictures, crops.note())
        }
    }

    fn drawn(byte: u8) -> CodePicture {
        CodePicture::Drawn(vec![byte])
    }

    #[test]
    fn what_was_drawn_once_stays_though_its_file_changes() {
        let world = World::new(60);
        let first = world.pictures(2);
        assert_eq!(first.0, BTreeMap::from([(1, drawn(0)), (2, drawn(1))]));
        assert_eq!(first.1, "of every match on a page");
        world.files.write("f", "a.pdf", "another one");
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(world.pictures(2), first);
    }

    #[test]
    fn a_missing_picture_says_why_and_that_stays_too() {
        let world = World::new(1);
        let (pictures, _) = world.pictures(2);
        assert_eq!(pictures, BTreeMap::from([(1, drawn(0)), (2, CodePicture::Missing(LATE.to_owned()))]));
        assert_eq!(
            world.pictures(2).0,
            pictures,
            "a missing picture stays missing, even if there is time later"
        );

        let world = World::new(60);
        world.files.remove("f", "a.pdf");
        let (pictures, _) = world.pictures(1);
        let Some(CodePicture::Missing(why)) = pictures.get(&1) else { panic!("{pictures:?}") };
        assert!(why.contains("no longer exists"), "{why}");
        world.files.write("f", "a.pdf", "as it was read");
        assert_eq!(world.pictures(1).0, pictures);
    }

    #[test]
    fn a_code_that_is_not_found_again_has_no_picture() {
        let world = World::new(60);
        let found = Match { code: 0, place: Place::Page(2), snippet: String::new(), boxes: Vec::new() };
        let (pictures, _) = world.pictures_of(&[found]);
        assert_eq!(pictures, BTreeMap::from([(0, CodePicture::Missing(NOT_FOUND.to_owned()))]));
    }

    #[test]
    fn the_first_thousand_are_drawn() {
        let world = World::new(3600);
        let (pictures, note) = world.pictures(MAX_PICTURES);
        assert_eq!((pictures.len(), &*note), (1_000, "of every match on a page"));
        let world = World::new(3600);
        let (pictures, note) = world.pictures(MAX_PICTURES + 1);
        assert_eq!((pictures.len(), pictures.contains_key(&1_001)), (1_000, false));
        assert_eq!(note, "of the first 1000 matches on pages only");
    }
}
