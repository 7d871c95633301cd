//! The adapter against a double of Textract on this machine. Time is tokio's, paused except while a task waits for it.

mod double;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use riffle_ports::{Meter, Ocr, OcrError, OcrLine, PortError, QuotaLimits, Quotas};
use riffle_testkit::memory::{ManualClock, MemoryUsage};
use riffle_textract_adapter::{Pace, Textract};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::time::Instant;

use double::{Double, ScriptedAnswer, page};

const TENANT: &str = "acme";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

struct World {
    double: Double,
    textract: Arc<Textract>,
    meter: Arc<Meter>,
}

impl World {
    async fn of(answers: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        Self::at(1_000.0, answers).await
    }

    async fn at(pages_per_second: f64, answers: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        let double = Double::start(answers).await;
        let meter = Arc::new(Meter::default());
        let pace = Pace::per_second(pages_per_second).expect("a pace");
        let textract = Arc::new(Textract::new(&double.config(), Handle::current(), pace, Arc::clone(&meter)));
        Self { double, textract, meter }
    }

    /// Returns the pages billed since the last call.
    fn paid(&self) -> u64 {
        self.meter.take(DateTime::UNIX_EPOCH).ocr_pages
    }
}

fn words(lines: &[OcrLine]) -> Vec<Vec<&str>> {
    lines.iter().map(|line| line.words.iter().map(|word| word.text.as_str()).collect()).collect()
}

#[tokio::test(start_paused = true)]
async fn words_come_in_their_lines_with_their_boxes() {
    let world = World::of([page(&[&["HOLE-1", "Ø6.8"], &["THRU"]])]).await;
    let lines = world.textract.page(TENANT, PNG).await.expect("read");
    assert_eq!(words(&lines), [vec!["HOLE-1", "Ø6.8"], vec!["THRU"]]);
    #[expect(clippy::cast_possible_truncation, reason = "the factors are between 0 and 1")]
    let percent = |part: f32| (part * 100.0).round() as i32;
    assert_eq!(lines[0].words[1].bounds.map(percent), [10, 0, 20, 5]);
    assert_eq!(lines[1].words[0].bounds.map(percent), [0, 10, 10, 15]);
    let [seen] = &world.double.seen()[..] else { panic!("one request") };
    assert_eq!((seen.target.as_str(), &seen.picture[..]), ("Textract.DetectDocumentText", PNG));
    assert_eq!(world.paid(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_was_read_is_lost() {
    let geometry = json!({ "BoundingBox": { "Left": -0.5, "Top": "NaN", "Width": 3.0, "Height": 0.5 } });
    let blocks = json!([
        { "BlockType": "PAGE", "Id": "p" },
        { "BlockType": "LINE", "Id": "l", "Text": "no words", "Geometry": geometry },
        { "BlockType": "WORD", "Id": "w", "Text": "alone" },
        { "BlockType": "LINE", "Id": "e" },
    ]);
    let world = World::of([ScriptedAnswer::Json(json!({ "Blocks": blocks }))]).await;
    let lines = world.textract.page(TENANT, PNG).await.expect("read");
    assert_eq!(words(&lines), [["no words"], ["alone"]]);
    let bounds = lines[0].words[0].bounds;
    assert_eq!(format!("{bounds:?}"), "[0.0, 0.0, 1.0, 0.5]", "boxes are clipped to the page");
}

#[tokio::test(start_paused = true)]
async fn a_blank_page_has_no_lines() {
    let world = World::of([page(&[])]).await;
    assert_eq!(world.textract.page(TENANT, PNG).await, Ok(Vec::new()));
}

/// On the runtime of a function: one thread, which waits for the thread that reads.
#[test]
fn it_is_called_from_a_thread_that_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let world = World::of([page(&[&["HOLE-1"]])]).await;
        let textract: Arc<dyn Ocr> = Arc::clone(&world.textract) as _;
        let reads = [0, 1].map(|_| {
            let textract = Arc::clone(&textract);
            tokio::task::spawn_blocking(move || textract.read(TENANT, PNG))
        });
        for read in reads {
            let pages = read.await.expect("it ends").expect("read");
            assert_eq!(pages.iter().map(|lines| words(lines)).collect::<Vec<_>>(), [[["HOLE-1"]]]);
        }
        assert_eq!(world.paid(), 2);
    });
}

#[tokio::test(start_paused = true)]
async fn a_throttled_page_is_sent_again_later() {
    for code in ["ThrottlingException", "ProvisionedThroughputExceededException", "LimitExceededException"] {
        let throttled = ScriptedAnswer::Error(400, code, "slow down");
        let world = World::of([throttled.clone(), throttled, page(&[&["HOLE-1"]])]).await;
        let lines = world.textract.page(TENANT, PNG).await.expect("the request succeeds after retries");
        assert_eq!((words(&lines), world.double.seen().len()), (vec![vec!["HOLE-1"]], 3), "{code}");
        assert_eq!(world.paid(), 1, "a throttled request is not billed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_throttled_is_tried_another_time() {
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
        (400, "LimitExceededException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ] {
        let world = World::of([ScriptedAnswer::Error(status, code, "not now")]).await;
        let read = world.textract.page(TENANT, PNG).await;
        let Err(OcrError::Port(PortError::Unavailable(why))) = read else { panic!("{code}: {read:?}") };
        assert!(why.contains("not now"), "{why}");
        assert_eq!(why.contains("OCR_PAGES_PER_SECOND"), status == 400, "{why}");
        assert_eq!((world.double.seen().len(), world.paid()), (5, 0), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_picture_is_at_fault_itself() {
    for code in [
        "UnsupportedDocumentException",
        "BadDocumentException",
        "DocumentTooLargeException",
        "InvalidParameterException",
    ] {
        let world = World::of([ScriptedAnswer::Error(400, code, "Request has invalid image")]).await;
        let read = world.textract.page(TENANT, PNG).await;
        let Err(OcrError::Picture(why)) = read else { panic!("{code}: {read:?}") };
        assert!(why.contains("10 MB") && why.contains("10,000 pixels"), "{why}");
        assert_eq!((world.double.seen().len(), world.paid()), (1, 0), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_function_says_what_to_do() {
    for (code, advice) in [
        ("AccessDeniedException", "textract:DetectDocumentText"),
        ("UnrecognizedClientException", "credentials"),
        ("ExpiredTokenException", "credentials"),
        ("SubscriptionRequiredException", "OCR_BACKEND=off"),
        ("UnknownOperationException", "region"),
    ] {
        let world = World::of([ScriptedAnswer::Error(400, code, "no")]).await;
        let read = world.textract.page(TENANT, PNG).await;
        let Err(OcrError::Unavailable(why)) = read else { panic!("{code}: {read:?}") };
        assert!(why.contains(advice), "{why}");
        assert_eq!(world.double.seen().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_is_tried_another_time() {
    let pageless = r#"{"Blocks": [{"BlockType": "LINE", "Id": "l", "Text": "HOLE-1"}]}"#;
    for body in ["{\"Blocks\": [", "<html>", "[]", "{}", r#"{"Blocks": []}"#, pageless] {
        let world = World::of([ScriptedAnswer::Text(body)]).await;
        let read = world.textract.page(TENANT, PNG).await;
        assert!(matches!(&read, Err(OcrError::Port(PortError::Unavailable(_)))), "{body}: {read:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_answer_that_does_not_come() {
    let world = World::of([ScriptedAnswer::Never]).await;
    let since = Instant::now();
    let read = world.textract.page(TENANT, PNG).await;
    let Err(OcrError::Port(PortError::Unavailable(why))) = read else { panic!("{read:?}") };
    assert!(why.contains("in time"), "{why}");
    assert!(since.elapsed() <= Duration::from_mins(1), "{:?}", since.elapsed());
    assert_eq!(world.paid(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_out_of_reach_is_an_engine() {
    let world = World::of([page(&[])]).await;
    let config = world.double.config().into_builder().endpoint_url("http://127.0.0.1:1").build();
    let pace = Pace::per_second(1_000.0).expect("a pace");
    let textract = Textract::new(&config, Handle::current(), pace, Arc::default());
    let read = textract.page(TENANT, PNG).await;
    assert!(matches!(&read, Err(OcrError::Port(PortError::Unavailable(_)))), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn pages_go_at_their_pace() {
    let world = World::at(2.5, [page(&[&["HOLE-1"]])]).await;
    let since = Instant::now();
    let reads = (0..6).map(|_| {
        let textract = Arc::clone(&world.textract);
        tokio::spawn(async move { textract.page(TENANT, PNG).await })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.expect("it ends").expect("read");
    }
    let at: Vec<u128> =
        world.double.seen().iter().map(|seen| (seen.at - since).as_millis() / 100 * 100).collect();
    assert_eq!(at, [0, 400, 800, 1_200, 1_600, 2_000]);
    // Idle time is not saved up.
    tokio::time::advance(Duration::from_mins(1)).await;
    let since = Instant::now();
    for _ in 0..3 {
        world.textract.page(TENANT, PNG).await.expect("read");
    }
    assert!(since.elapsed() >= Duration::from_millis(800), "{:?}", since.elapsed());
}

#[test]
fn a_pace_is_a_number_above_nothing() {
    for odd in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        assert!(Pace::per_second(odd).is_none(), "{odd}");
    }
    assert!(Pace::per_second(0.2).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_textract_cannot_take_is_not_sent() {
    let world = World::of([page(&[&["HOLE-1"]])]).await;
    let large = vec![0; 10_000_001];
    // Two directories without an entry each.
    let pages = b"II*\0\x08\0\0\0\0\0\x0E\0\0\0\0\0\0\0\0\0";
    let pages_from_the_other_end = b"MM\0*\0\0\0\x08\0\0\0\0\0\x0E\0\0\0\0\0\0";
    for (picture, reason) in [
        (&large[..], "10 MB"),
        (&pages[..], "several pages"),
        (&pages_from_the_other_end[..], "several pages"),
    ] {
        let read = world.textract.page(TENANT, picture).await;
        let Err(OcrError::Picture(why)) = read else { panic!("{reason}: {read:?}") };
        assert!(why.contains(reason), "{why}");
    }
    assert!(world.double.seen().is_empty());
    let one = b"II*\0\x08\0\0\0\0\0\0\0\0\0";
    world.textract.page(TENANT, one).await.expect("read");
}

#[tokio::test]
async fn kept_texts_tell_engines_apart() {
    let world = World::of([page(&[])]).await;
    assert_eq!(world.textract.variant(), "Textract DetectDocumentText 2018-06-27");
    assert!(world.textract.is_available());
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_as_many_read_as_it_may() {
    let double = Double::start([page(&[&["HOLE-1"]]), page(&[&["HOLE-1"]])]).await;
    let (meter, pace) = (Arc::new(Meter::default()), Pace::per_second(1_000.0).expect("a pace"));
    let clock = Arc::new(ManualClock::new());
    let limits = QuotaLimits { ocr_pages_per_day: Some(1), ..QuotaLimits::default() };
    let quotas = Quotas::new(Arc::new(MemoryUsage::default()), clock, limits);
    let textract = Textract::new(&double.config(), Handle::current(), pace, Arc::clone(&meter));
    let textract = textract.with_quotas(quotas);
    textract.page(TENANT, PNG).await.expect("read");
    let Err(OcrError::Unavailable(why)) = textract.page(TENANT, PNG).await else { panic!("refused") };
    assert!(why.contains("1 pictures a day"), "{why}");
    textract.page("another", PNG).await.expect("another tenant has its own limit");
    assert_eq!(meter.take(DateTime::UNIX_EPOCH).ocr_pages, 2, "refused pictures are not billed");
}
