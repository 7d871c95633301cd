//! The choices that a seed makes before the first step: the statements, the actions of people, and the kinds and rates
//! of faults.

use std::time::Duration;

use chrono::TimeDelta;
use riffle_contracts::ProcessingMode;
use riffle_statements::StatementsSettings;
use riffle_testkit::simulator::{FaultPlan, Rates, Rng};
use riffle_topology::{Consumed, MAX_RECEIVES, RIFFLE};

use crate::conditions::{Conditions, DeliveryRates};

use super::reader::{StatementContent, StatementLine, StatementNature};

const VISIBILITY: TimeDelta = TimeDelta::seconds(120);

pub const TENANTS: [&str; 2] = ["ann", "bob"];
pub const BUCKET: &str = "uploads";
/// The rules of tenants that have some. `model` implements the same rules independently.
pub const RULES: &str = "rules:\n- category: Food\n  contains: coffee\n- category: Pay\n  sign: in\n- category: Rent\n  contains: [rent, RENT]\n";

/// The time limit of a function. A worker that holds a file longer than its lease has lost it.
pub const LIMIT: TimeDelta = TimeDelta::seconds(20);

/// The parameters of one run.
#[derive(Debug, Clone)]
pub struct StatementsScenario {
    pub seed: u64,
    pub contents: Vec<StatementContent>,
    pub uploads: Vec<ScenarioUpload>,
    /// Whether the tenants have rules.
    pub rules: bool,
    /// The consumers whose events are replayed during processing, each with the time in milliseconds after the start.
    pub replays: Vec<(Consumed, i64)>,
    /// When dead letters are redriven during processing.
    pub redrives: Vec<i64>,
    /// When another parser is deployed during processing, if so.
    pub deploy: Option<i64>,
    pub settings: StatementsSettings,
    /// How long a received message stays hidden.
    pub visibility: TimeDelta,
    /// The maximum number of rows stored in one call.
    pub batch: usize,
    pub conditions: Conditions,
    /// How often an invocation stalls while others continue, in ten-thousandths of the steps.
    pub stalls: u32,
}

/// An object put into the bucket.
#[derive(Debug, Clone)]
pub struct ScenarioUpload {
    pub tenant: &'static str,
    pub key: String,
    /// The index in [`StatementsScenario::contents`].
    pub content: usize,
    pub account: Option<&'static str>,
    /// Milliseconds after the start.
    pub at: i64,
    /// When the bucket repeats its notification, each in milliseconds after the upload.
    pub notified_again: Vec<i64>,
    pub deletion: Option<When>,
    /// When its object is removed from the bucket without the flow.
    pub vanishes: Option<When>,
    /// It is marked as a restore package.
    pub skipped: bool,
}

/// The moment of an action on an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This many milliseconds after the upload.
    After(i64),
    /// When a worker has begun processing it.
    Begun,
    /// When a worker is about to write a part of it; the worker then stalls for a while.
    Writing,
    /// When a worker is about to write a part of it; the worker then sleeps until the file is deleted.
    Asleep,
    /// When some of its rows are stored.
    Stored,
    /// When it is processed.
    Finished,
    /// When it has failed.
    Failed,
    /// When another file with rows of its own account is done.
    NeighbourFinished,
}

impl StatementsScenario {
    /// Draws any scenario.
    pub(super) fn any(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x1265_7000_57A7_E000);
        let rng = &mut rng;
        let hostile = rng.chance(9_600);
        let contents = contents(rng);
        let uploads = uploads(rng, &contents);
        let mut rate = |choices: &[u32]| rng.pick(choices).copied().unwrap_or(0);
        let delivery = DeliveryRates {
            lose: rate(&[0, 0, 0, 20]),
            expose: rate(&[0, 0, 30, 150]),
            resurrect: rate(&[0, 0, 30, 150]),
            delay: rate(&[0, 0, 50]),
            repeat: rate(&[0, 0, 30, 150]),
        };
        let rates = if rng.chance(2_500) { Rates::default() } else { Rates::mixed(rng) };
        // In some runs the processor's stores never fail, in others the bus, the figures and the audit trail never do,
        // so that the effects of the remaining faults show.
        let plan = match (hostile, rng.below(10)) {
            (false, _) => FaultPlan::Quiet,
            (true, 0) => FaultPlan::Sparing(rates, &["records.", "rows.", "objects."]),
            (true, 1) => FaultPlan::Sparing(rates, &["bus.", "figures.", "audit."]),
            (true, _) => FaultPlan::Random(rates),
        };
        let when_hostile = |value: u32| if hostile { value } else { 0 };
        let targets: Vec<Consumed> = RIFFLE.replay_targets().collect();
        let replays = (0..*rng.pick(&[0, 0, 1, 3]).unwrap_or(&0))
            .filter_map(|_| Some((*rng.pick(&targets)?, rng.between(0, 200_000))))
            .collect();
        let redrives =
            (0..*rng.pick(&[0, 0, 1, 2]).unwrap_or(&0)).map(|_| rng.between(0, 1_500_000)).collect();
        let deploy = if rng.chance(2_000) { Some(rng.between(0, 150_000)) } else { None };
        let (rules, settings, batch) = (rng.chance(7_500), settings(rng), 1 + rng.below(4));
        let skew: i64 = if hostile { *rng.pick(&[0, 0, 900, 3_000]).unwrap_or(&0) } else { 0 };
        let settings =
            StatementsSettings { clocks_apart: Duration::from_millis(skew.unsigned_abs()), ..settings };
        let jumps = when_hostile(*rng.pick(&[0, 10, 50, 200]).unwrap_or(&0));
        let timeouts = rng.chance(6_000);
        let stalls = when_hostile(*rng.pick(&[0, 0, 50, 200]).unwrap_or(&0));
        let conditions = Conditions {
            plan,
            delivery: if hostile { delivery } else { DeliveryRates::default() },
            skew: TimeDelta::milliseconds(skew),
            jumps,
            timeouts,
            power_cuts: when_hostile(*rng.pick(&[0, 0, 0, 10, 30]).unwrap_or(&0)),
            garbage: rng.chance(1_000),
            hostile_steps: if hostile { 100 + rng.below(1_800) as u64 } else { 0 },
            concurrency: 1 + rng.below(4),
            largest_batch: 1 + rng.below(10),
        };
        Self {
            seed,
            contents,
            uploads,
            rules,
            replays,
            redrives,
            deploy,
            settings,
            visibility: VISIBILITY,
            batch,
            conditions,
            stalls,
        }
    }

    /// Returns a small scenario for placing faults, without random ones: two files that overlap, one of which is
    /// deleted.
    pub fn small(plan: FaultPlan) -> Self {
        let line =
            |day, cents| StatementLine { account: Some("a"), day, cents, currency: "EUR", text: "coffee" };
        let content = |number, lines| StatementContent { number, nature: StatementNature::Good, lines };
        let upload = |number: usize, deletion| ScenarioUpload {
            tenant: "ann",
            key: format!("statements/ann/{number}"),
            content: number,
            account: None,
            at: 0,
            notified_again: Vec::new(),
            deletion,
            vanishes: None,
            skipped: false,
        };
        Self {
            seed: 1,
            contents: vec![
                content(0, vec![line(1, -100), line(1, -100), line(2, 500)]),
                content(1, vec![line(1, -100), line(3, -700)]),
            ],
            uploads: vec![upload(0, None), upload(1, Some(When::Finished))],
            rules: true,
            replays: Vec::new(),
            redrives: Vec::new(),
            deploy: None,
            settings: StatementsSettings {
                part_rows: 2,
                clocks_apart: Duration::ZERO,
                ..settings(&mut Rng::new(1))
            },
            visibility: VISIBILITY,
            batch: 2,
            conditions: Conditions::friendly(plan),
            stalls: 0,
        }
    }

    /// Returns how long after the faults stop everything must have ended, once for each redrive of the dead letters:
    /// the longest chain of deliveries, sweeps and leases.
    pub fn patience(&self) -> TimeDelta {
        let give_up = TimeDelta::from_std(self.settings.give_up_after).unwrap_or_default();
        let receives = i32::try_from(MAX_RECEIVES).unwrap_or(5);
        // The notification, the file and its events may each use up their deliveries.
        (self.visibility * receives + give_up) * 3 + self.conditions.skew * 4
    }
}

fn contents(rng: &mut Rng) -> Vec<StatementContent> {
    const TEXTS: [&str; 5] = ["coffee", "rent", "salary", "a cinema | no", "coffee machine"];
    let texts: Vec<&'static str> = TEXTS.iter().filter(|text| !text.contains('|')).copied().collect();
    let accounts: &[Option<&'static str>] = &[Some("a"), Some("a"), Some("b"), None];
    let days = *rng.pick(&[2, 5, 40]).unwrap_or(&5);
    // Few different rows, so that files overlap and rows repeat.
    let pool: Vec<StatementLine> = (0..3 + rng.below(8))
        .map(|_| StatementLine {
            account: *rng.pick(accounts).unwrap_or(&None),
            day: 25 + u32::try_from(rng.below(days)).unwrap_or(0),
            cents: rng.between(-3, 3) * 125 + 5,
            currency: rng.pick(&["EUR", "EUR", "EUR", "USD", ""]).copied().unwrap_or("EUR"),
            text: rng.pick(&texts).copied().unwrap_or("coffee"),
        })
        .collect();
    let poison = *rng.pick(&[0, 0, 1_000, 3_000]).unwrap_or(&0);
    let count = match rng.below(20) {
        0 => 0,
        1..=3 => 1,
        4..=17 => 2 + rng.below(4),
        _ => 6 + rng.below(4),
    };
    (0..count)
        .map(|number| {
            let nature = if rng.chance(poison) { poisonous(rng) } else { harmless(rng) };
            let rows = *rng.pick(&[0, 1, 2, 3, 5, 8, 13]).unwrap_or(&3);
            let lines = (0..rows).filter_map(|_| rng.pick(&pool).cloned()).collect();
            StatementContent { number, nature, lines }
        })
        .collect()
}

fn harmless(rng: &mut Rng) -> StatementNature {
    match rng.below(20) {
        0 | 1 => StatementNature::Unbalanced,
        2 => StatementNature::Rejected,
        3 => StatementNature::RejectedLate,
        4 => StatementNature::RejectedBefore,
        5 => StatementNature::RejectedSince,
        6 => StatementNature::Mistaken { times: *rng.pick(&[1, 1, 2, 3]).unwrap_or(&1) },
        _ => StatementNature::Good,
    }
}

fn poisonous(rng: &mut Rng) -> StatementNature {
    let late = rng.chance(6_000);
    let times = *rng.pick(&[1, 2, 4, 6, 7, StatementNature::ALWAYS, StatementNature::ALWAYS]).unwrap_or(&1);
    if rng.chance(6_000) {
        StatementNature::Fails { times, late }
    } else {
        StatementNature::Kills { times, late }
    }
}

fn uploads(rng: &mut Rng, contents: &[StatementContent]) -> Vec<ScenarioUpload> {
    let deleting = *rng.pick(&[0, 0, 1_500, 4_000]).unwrap_or(&0);
    let vanishing = *rng.pick(&[0, 0, 0, 0, 1_500]).unwrap_or(&0);
    let two_tenants = rng.chance(3_000);
    let mut uploads: Vec<ScenarioUpload> = Vec::new();
    let mut contents: Vec<usize> = (0..contents.len()).collect();
    // Some are uploaded twice, under the same key or another one.
    for content in contents.clone() {
        if rng.chance(1_500) {
            contents.push(content);
        }
    }
    for content in contents {
        let tenant = if two_tenants && rng.chance(4_000) { TENANTS[1] } else { TENANTS[0] };
        let number = uploads.len();
        let key = match rng.below(30) {
            0 => format!("statements/{tenant}/ä b+{number}%20.csv"),
            1 => format!("statements/{tenant}/restore/{number}"),
            2 => format!("statements/{tenant}/{number}/"),
            3 => format!("others/{tenant}/{number}"),
            4..=6 if number > 0 => format!("statements/{tenant}/{}", number - 1),
            _ => format!("statements/{tenant}/{number}"),
        };
        let again = *rng.pick(&[0, 0, 0, 1, 2]).unwrap_or(&0);
        uploads.push(ScenarioUpload {
            tenant,
            key,
            content,
            account: *rng.pick(&[None, None, Some("a"), Some("c")]).unwrap_or(&None),
            at: *rng.pick(&[0, 0, 0, 50, 1_000, 30_000]).unwrap_or(&0),
            notified_again: (0..again).map(|_| rng.between(0, 100_000)).collect(),
            deletion: rng.chance(deleting).then(|| when(rng)),
            vanishes: rng.chance(vanishing).then(|| when(rng)),
            skipped: rng.chance(300),
        });
    }
    uploads
}

fn when(rng: &mut Rng) -> When {
    match rng.below(9) {
        0 => When::After(rng.between(0, 5_000)),
        1 => When::After(rng.between(0, 600_000)),
        2 => When::Begun,
        3 | 4 => When::Stored,
        5 | 6 => When::Finished,
        7 => When::NeighbourFinished,
        _ => When::Failed,
    }
}

/// Draws settings in about the same proportions as the real ones, but shorter.
fn settings(rng: &mut Rng) -> StatementsSettings {
    let modes = [
        ProcessingMode::Events,
        ProcessingMode::Events,
        ProcessingMode::Events,
        ProcessingMode::Direct,
        ProcessingMode::Shadow,
    ];
    StatementsSettings {
        mode: *rng.pick(&modes).unwrap_or(&ProcessingMode::Events),
        lease: Duration::from_secs(30),
        part_rows: 1 + rng.below(5),
        stores_at_once: 1 + rng.below(3),
        announce_after: Duration::from_secs(15),
        revive_after: Duration::from_secs(40),
        settle_after: Duration::from_mins(2),
        give_up_after: Duration::from_secs(750),
        ..StatementsSettings::default()
    }
}
