//! The choices that a seed makes before the first step: the files, the clients, and the kinds and rates of faults.

use std::time::Duration;

use chrono::TimeDelta;
use riffle_scan::{Links, ScanSettings};
use riffle_testkit::simulator::{FaultPlan, Rates, Rng};
use riffle_topology::RIFFLE;
use riffle_topology::scan::{QUARANTINE, WORK};

use super::search::FileNature;
use crate::conditions::{Conditions, DeliveryRates};

const VISIBILITY: TimeDelta = TimeDelta::seconds(60);

/// The codes that every simulated scan searches for.
pub const CODES: [&str; 4] = ["HOLE-1", "HOLE-2", "HOLE-3", "HOLE-4"];

/// The parameters of one run.
#[derive(Debug, Clone)]
pub struct ScanScenario {
    pub seed: u64,
    /// The folders of files, one per session.
    pub folders: Vec<Vec<FileNature>>,
    pub clients: Vec<ClientPlan>,
    pub settings: ScanSettings,
    /// How long a received message stays hidden.
    pub visibility: TimeDelta,
    pub conditions: Conditions,
    pub network: Network,
    /// Whether nothing goes wrong between functions and clients and no message is lost, so that listening clients must
    /// receive everything without requesting a snapshot.
    pub clear_line: bool,
    /// Whether nothing goes wrong in quarantine except by the files themselves.
    pub calm_quarantine: bool,
    /// The rate at which files are changed or removed during the scan.
    pub meddling: u32,
    /// Whether the requested folders do not exist.
    pub missing_folder: bool,
    /// The number of files per page of a listing.
    pub page: usize,
    /// The change made to each file of the first folder after its session has ended and before it is retried. Empty if
    /// the session is not retried.
    pub mends: Vec<Mend>,
    /// Set if the folders are on Google Drive.
    pub drive: Option<DrivePlan>,
}

/// The expiry of tokens.
#[derive(Debug, Clone, Default)]
pub struct DrivePlan {
    /// The number of calls after which all tokens issued so far expire, then the number of further calls until the next
    /// expiry, and so on.
    pub fuses: Vec<u32>,
    /// How often a client renews with an expired token, in ten-thousandths.
    pub stale: u32,
}

/// The owner's change to a file before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    Leaves,
    Replaces,
    Removes,
}

/// The faults of the network to the clients, in ten-thousandths of the frames.
#[derive(Debug, Clone, Copy, Default)]
pub struct Network {
    pub lose: u32,
    pub double: u32,
    pub reorder: u32,
    /// The rate of broken connections, in ten-thousandths of the steps.
    pub drop: u32,
}

/// The behaviour of one client.
#[derive(Debug, Clone, Copy)]
pub struct ClientPlan {
    pub tenant: &'static str,
    /// The folder it scans. Clients of one folder and tenant use the same request id.
    pub folder: usize,
    /// Cancels after this many frames, or when its session is about to end.
    pub cancel_after: Option<u32>,
    /// Only tries to listen to the other tenant's session or to retry it.
    pub pries: bool,
    /// Retries the first folder's session.
    pub retries: bool,
    pub joins: Joins,
}

/// When a client opens its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    /// This many milliseconds after the start.
    After(i64),
    /// When a session is about to end.
    Late,
}

impl ScanScenario {
    /// Returns whether reports are real workbooks: in every 32nd scenario, because creating them takes longer than
    /// everything else.
    pub fn has_workbooks(&self) -> bool {
        self.seed.is_multiple_of(32)
    }

    /// Returns the scenario that `seed` determines.
    pub fn any(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5CA7_7E2E_D5EE_D000);
        let rng = &mut rng;
        let hostile = rng.chance(9_700);
        let sessions = if rng.chance(1_500) { 2 } else { 1 };
        let folders: Vec<Vec<FileNature>> = (0..sessions).map(|_| folder(rng)).collect();
        let clients = clients(rng, folders.len());
        let calm_quarantine = rng.chance(5_000);
        let largest_batch = 1 + rng.below(10);
        let clear_line = rng.chance(3_000);
        let rates = if rng.chance(2_500) { Rates::default() } else { Rates::mixed(rng) };
        let mut rate = |choices: &[u32]| rng.pick(choices).copied().unwrap_or(0);
        let delivery = DeliveryRates {
            lose: rate(&[0, 0, 20, 100]),
            expose: rate(&[0, 0, 30, 150]),
            resurrect: rate(&[0, 0, 30, 150]),
            delay: rate(&[0, 0, 50]),
            repeat: 0,
        };
        let network = Network {
            lose: rate(&[0, 0, 300, 2_000]),
            double: rate(&[0, 0, 500]),
            reorder: rate(&[0, 0, 2_000]),
            drop: rate(&[0, 0, 20, 100]),
        };
        let short_deadline = rng.chance(1_000);
        let settings = settings(rng, short_deadline);
        let one_of = |rng: &mut Rng, choices: &[u32]| {
            if hostile { *rng.pick(choices).unwrap_or(&0) } else { 0 }
        };
        let skew = TimeDelta::milliseconds(one_of(rng, &[0, 0, 900, 3_000]).into());
        let jumps = one_of(rng, &[0, 10, 50, 200]);
        let timeouts = rng.chance(5_000);
        let meddling = one_of(rng, &[0, 0, 0, 30, 100]);
        let power_cuts = one_of(rng, &[0, 0, 0, 10, 30]);
        let garbage = rng.chance(1_000);
        let hostile_steps = if hostile { 100 + rng.below(1_500) as u64 } else { 0 };
        let (missing_folder, page, concurrency) = (rng.chance(200), 1 + rng.below(6), 1 + rng.below(4));
        let conditions = Conditions {
            plan: match (hostile, clear_line) {
                (false, _) => FaultPlan::Quiet,
                (true, false) => FaultPlan::Random(rates),
                (true, true) => FaultPlan::Sparing(rates, &["client.", "connections."]),
            },
            delivery: match (hostile, clear_line) {
                (false, _) => DeliveryRates::default(),
                (true, false) => delivery,
                (true, true) => DeliveryRates { lose: 0, ..delivery },
            },
            skew,
            jumps,
            timeouts,
            power_cuts,
            garbage,
            hostile_steps,
            concurrency,
            largest_batch,
        };
        let scenario = Self {
            seed,
            folders,
            clients,
            settings,
            visibility: VISIBILITY,
            conditions,
            network: if hostile && !clear_line { network } else { Network::default() },
            clear_line,
            calm_quarantine,
            meddling,
            missing_folder,
            page,
            mends: Vec::new(),
            drive: None,
        };
        scenario.and_then().with_drive()
    }

    /// In one scenario of four, adds a retry of the first folder's session. Uses a generator of its own, so that the
    /// other choices of a seed do not depend on it.
    fn and_then(mut self) -> Self {
        let mut rng = Rng::new(self.seed ^ 0x0A6A_1200_D0E5_0000);
        self.settings.retrying_deliveries = *rng.pick(&[0, 0, 3]).unwrap_or(&0);
        if !rng.chance(2_500) {
            return self;
        }
        for nature in &mut self.folders[0] {
            if rng.chance(1_000) {
                *nature = FileNature::Partly;
            }
        }
        let mend = |_: &FileNature| *rng.pick(&MENDS).unwrap_or(&Mend::Leaves);
        self.mends = self.folders[0].iter().map(mend).collect();
        let pages = *rng.pick(&[1, 1, 2]).unwrap_or(&1);
        let cancel_after = rng.chance(1_000).then(|| u32::try_from(rng.below(12)).unwrap_or(0));
        self.clients.extend((0..pages).map(|page| ClientPlan {
            tenant: "ann",
            folder: 0,
            cancel_after: cancel_after.filter(|_| page == 0),
            pries: false,
            retries: true,
            joins: Joins::After(0),
        }));
        if self.conditions.hostile_steps > 0 {
            self.conditions.hostile_steps += 500 + rng.below(1_500) as u64;
        }
        self
    }

    /// In one scenario of four, puts the folders on Google Drive, with tokens that expire at any moment. In a fifth of
    /// these nothing else goes wrong, so that a pause which needs a sweep to continue is detected. Uses a generator of
    /// its own, as for the retries.
    fn with_drive(mut self) -> Self {
        let mut rng = Rng::new(self.seed ^ 0xD21F_E000_70CE_2500);
        if !rng.chance(2_500) {
            return self;
        }
        let mut fuse = || u32::try_from(rng.below(24)).unwrap_or(0);
        let fuses = [fuse(), fuse(), fuse()].into_iter().collect::<Vec<_>>();
        let most = rng.below(4);
        let stale = *rng.pick(&[0, 0, 2_000]).unwrap_or(&0);
        self.drive = Some(DrivePlan { fuses: fuses.into_iter().take(most).collect(), stale });
        if rng.chance(2_000) {
            let Conditions { timeouts, garbage, concurrency, largest_batch, .. } = self.conditions;
            let friendly = Conditions::friendly(FaultPlan::Quiet);
            self.conditions = Conditions { timeouts, garbage, concurrency, largest_batch, ..friendly };
            self.network = Network::default();
            self.meddling = 0;
        }
        self
    }

    /// Returns the small scenario on a Google Drive folder whose token expires once.
    pub fn small_drive(plan: FaultPlan) -> Self {
        Self { drive: Some(DrivePlan { fuses: vec![3], stale: 0 }), ..Self::small(plan) }
    }

    /// Returns the small scenario in which the session is retried after its damaged file has been replaced.
    pub fn small_retry(plan: FaultPlan) -> Self {
        let mut scenario = Self::small(plan);
        scenario.mends = vec![Mend::Leaves, Mend::Replaces];
        let client = scenario.clients[0];
        scenario.clients.push(ClientPlan { retries: true, ..client });
        scenario
    }

    /// Returns a small scenario for placing faults, without random ones: two files in two chunks, one client.
    pub fn small(plan: FaultPlan) -> Self {
        let healthy = FileNature::Healthy { codes: 1, places: 1 };
        Self {
            seed: 1,
            folders: vec![vec![healthy, FileNature::Damaged]],
            clients: vec![ClientPlan {
                tenant: "ann",
                folder: 0,
                cancel_after: None,
                pries: false,
                retries: false,
                joins: Joins::After(0),
            }],
            clear_line: false,
            settings: ScanSettings { chunk_size: 1, ..settings(&mut Rng::new(1), false) },
            visibility: VISIBILITY,
            conditions: Conditions::friendly(plan),
            network: Network::default(),
            calm_quarantine: false,
            meddling: 0,
            missing_folder: false,
            page: 10,
            mends: Vec::new(),
            drive: None,
        }
    }

    /// Returns how long after the faults stop every session must have ended: the longest chain of visibility timeouts,
    /// stalls and sweeps that a lost message can cause.
    pub fn patience(&self) -> TimeDelta {
        let stall = TimeDelta::from_std(self.settings.stall).unwrap_or_default();
        let lease = TimeDelta::from_std(self.settings.lease).unwrap_or_default();
        let attempt = TimeDelta::from_std(self.settings.attempt).unwrap_or_default();
        let sweep = TimeDelta::minutes(1);
        let receives =
            [WORK, QUARANTINE].map(|queue| RIFFLE.queue(queue).map_or(5, |one| one.queue.max_receives));
        let receives = i32::try_from(receives.iter().sum::<u32>()).unwrap_or(8);
        let chain = self.visibility * receives + attempt;
        // Once for the messages under way, once for those sent again.
        let once = chain + stall + sweep * 2;
        // A session that pauses may need a reminder, and may lose the messages that follow the new token.
        let pauses = self.drive.as_ref().map_or(0, |drive| drive.fuses.len() + 2);
        let pauses = i32::try_from(pauses).unwrap_or(8);
        once * 2 + (once + stall + sweep * 4) * pauses + lease + self.conditions.skew * 4
    }
}

fn folder(rng: &mut Rng) -> Vec<FileNature> {
    let files = match rng.below(20) {
        0 => 0,
        1 => 1,
        2..=15 => 2 + rng.below(8),
        _ => 8 + rng.below(8),
    };
    let many = rng.chance(300);
    let killers = *rng.pick(&[0, 0, 0, 400, 1_500]).unwrap_or(&0);
    (0..files)
        .map(|_| {
            if rng.chance(killers) {
                return FileNature::Killer;
            }
            match rng.below(12) {
                0 => FileNature::Damaged,
                1 => FileNature::Fickle,
                2 => FileNature::Healthy { codes: 0, places: 0 },
                // More than the ledger stores inline.
                3 => FileNature::Healthy { codes: 2, places: 12 },
                // More than one frame holds.
                4 if many => FileNature::Healthy { codes: 4, places: 120 },
                _ => FileNature::Healthy { codes: 1, places: 1 + u32::try_from(rng.below(2)).unwrap_or(0) },
            }
        })
        .collect()
}

const MENDS: [Mend; 6] =
    [Mend::Leaves, Mend::Leaves, Mend::Replaces, Mend::Replaces, Mend::Replaces, Mend::Removes];

/// When second pages are opened: at once, while files are read, around the end of the session, long after it.
const LATER: [Joins; 8] = [
    Joins::After(0),
    Joins::After(100),
    Joins::After(300),
    Joins::After(900),
    Joins::After(60_000),
    Joins::Late,
    Joins::Late,
    Joins::Late,
];

fn clients(rng: &mut Rng, folders: usize) -> Vec<ClientPlan> {
    let mut clients = Vec::new();
    for folder in 0..folders {
        let tenant = if folder == 0 { "ann" } else { "bob" };
        // A second page with the same request id: a reconnection from elsewhere, or a second window.
        let pages = *rng.pick(&[1, 1, 1, 1, 2, 3]).unwrap_or(&1);
        let cancel = rng.chance(1_500);
        for page in 0..pages {
            clients.push(ClientPlan {
                tenant,
                folder,
                cancel_after: (cancel && page == 0).then(|| {
                    // Half of them when the session is about to end, half while files are read.
                    if rng.chance(5_000) { u32::MAX } else { u32::try_from(rng.below(12)).unwrap_or(0) }
                }),
                pries: false,
                retries: false,
                joins: if page == 0 { Joins::After(0) } else { *rng.pick(&LATER).unwrap_or(&Joins::Late) },
            });
        }
    }
    if rng.chance(800) {
        clients.push(ClientPlan {
            tenant: "eve",
            folder: 0,
            cancel_after: None,
            pries: true,
            retries: false,
            joins: Joins::After(0),
        });
    }
    clients
}

fn settings(rng: &mut Rng, short_deadline: bool) -> ScanSettings {
    ScanSettings {
        chunk_size: 1 + u32::try_from(rng.below(4)).unwrap_or(0),
        deadline: if short_deadline {
            Duration::from_secs(1 + rng.below(400) as u64)
        } else {
            Duration::from_hours(24)
        },
        lease: Duration::from_secs(40),
        drawing: Duration::from_secs(10),
        stall: Duration::from_mins(3),
        reading: Duration::from_secs(6),
        mending: Duration::from_secs(5),
        attempt: Duration::from_secs(20),
        files_at_once: 2,
        bytes_at_once: u64::MAX,
        retrying_deliveries: 0,
        progress_every: Duration::from_millis(500),
        folders_allowed: true,
        prefixes_allowed: false,
        drive_folder: None,
        links: Links::Files,
        prices: riffle_scan::Prices::default(),
    }
}
