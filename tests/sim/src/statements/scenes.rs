//! Scenarios made for a moment that random ones seldom reach. Some of all schedules use one, with the real protocol as
//! with mutants; a mutant that differs only at such a moment is run in its scene only.

use riffle_testkit::simulator::{FaultPlan, Rates, Rng};

use super::mutants::StatementsMutant;
use super::reader::StatementNature;
use super::scenario::{StatementsScenario, When};
use crate::conditions::DeliveryRates;

/// The moment that a scenario is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A file is deleted while a worker is about to write a part of it and stalls for a while. The worker is ended
    /// before its lease expires.
    GoneInMidWrite,
    /// A file is deleted while a worker is about to write a part of it. The worker sleeps until the file is deleted,
    /// and continues.
    WrittenTooLate,
    /// As in `WrittenTooLate`, but the power fails now and then.
    KilledTooLate,
    /// The audit trail fails until its messages are dead letters, and files fail until about the same time, so that the
    /// audit's failure is noted on a record while the processing of its file ends.
    NotedMeanwhile,
    /// Files fail halfway, and another parser reads them the next time. None is rejected.
    OtherRules,
    /// A late worker rejects a file wrongly, while another reads it to its end.
    RejectedLate,
    /// Files become failed with some of their rows stored, and two invocations delete the same file at once.
    DeletedByTwo,
}

/// The calls that do not fail where only the audit trail does.
const ALL_BUT_AUDIT: &[&str] =
    &["records.", "rows.", "objects.", "bus.", "figures.", "inbox.", "letters.", "queue."];

impl Scene {
    const ALL: [Self; 7] = [
        Self::GoneInMidWrite,
        Self::WrittenTooLate,
        Self::NotedMeanwhile,
        Self::OtherRules,
        Self::RejectedLate,
        Self::KilledTooLate,
        Self::DeletedByTwo,
    ];

    /// Returns the scene of `seed`. Most seeds have none.
    fn of(seed: u64) -> Option<Self> {
        let nth = usize::try_from(seed % 25).unwrap_or(usize::MAX);
        Self::ALL.get(nth).copied()
    }
}

impl StatementsMutant {
    /// Returns the scene outside which this mutant nearly always behaves like the real protocol.
    const fn scene(self) -> Option<Scene> {
        match self {
            Self::DeletedUnderLease => Some(Scene::GoneInMidWrite),
            Self::LatePartStays => Some(Scene::WrittenTooLate),
            Self::SettledAtOnce => Some(Scene::KilledTooLate),
            Self::FailGoesOverNotes | Self::FinishGoesOverNotes => Some(Scene::NotedMeanwhile),
            Self::EarlierRulesForgotten => Some(Scene::OtherRules),
            Self::RejectTakesFromOthers => Some(Scene::RejectedLate),
            _ => None,
        }
    }
}

impl StatementsScenario {
    /// Returns the scenario that `seed` determines for the protocol of `mutant`.
    pub fn of(seed: u64, mutant: Option<StatementsMutant>) -> Self {
        let plain = Self::any(seed);
        match mutant.and_then(StatementsMutant::scene).or(Scene::of(seed)) {
            Some(scene) => plain.set_in(scene),
            None => plain,
        }
    }

    fn set_in(mut self, scene: Scene) -> Self {
        let mut rng = Rng::new(self.seed ^ 0x5CE4_E000);
        let rng = &mut rng;
        self.conditions.hostile_steps = self.conditions.hostile_steps.max(600);
        if self.conditions.plan == FaultPlan::Quiet {
            // Nothing fails at random, but the plan is not `Quiet`, so that the world does not count as friendly.
            self.conditions.plan = FaultPlan::Random(Rates::default());
        }
        self.settings.part_rows = 1 + rng.below(2);
        for upload in &mut self.uploads {
            upload.deletion = None;
            upload.vanishes = None;
        }
        match scene {
            Scene::GoneInMidWrite => {
                (self.conditions.timeouts, self.conditions.jumps) = (true, 0);
                self.delete_some(rng, When::Writing);
            }
            Scene::WrittenTooLate | Scene::KilledTooLate => {
                self.conditions.timeouts = false;
                self.conditions.power_cuts = if scene == Scene::KilledTooLate { 100 } else { 0 };
                self.conditions.plan = FaultPlan::Random(Rates::default());
                self.delete_some(rng, When::Asleep);
            }
            Scene::NotedMeanwhile => {
                // This takes many steps, so only a few files are used.
                self.conditions.hostile_steps = 1_000 + rng.below(1_000) as u64;
                self.uploads.truncate(3);
                let rates = Rates { unavailable: 8_000, ..Rates::default() };
                self.conditions.plan = FaultPlan::Sparing(rates, ALL_BUT_AUDIT);
                for content in &mut self.contents {
                    let times =
                        *rng.pick(&[4, 5, 6, StatementNature::ALWAYS]).unwrap_or(&StatementNature::ALWAYS);
                    content.nature = StatementNature::Fails { times, late: rng.chance(5_000) };
                }
            }
            Scene::DeletedByTwo => {
                (
                    self.conditions.timeouts,
                    self.conditions.power_cuts,
                    self.conditions.jumps,
                    self.conditions.concurrency,
                ) = (true, 0, 0, 4);
                self.conditions.plan = FaultPlan::Random(Rates::default());
                // A stalled invocation is late by much.
                self.stalls = 800;
                self.conditions.delivery = DeliveryRates { expose: 3_000, ..DeliveryRates::default() };
                self.conditions.hostile_steps = 1_500;
                self.uploads.truncate(1);
                // Few rows, so only one part: with several, a deletion that finds half of them may note all
                // days anyway.
                self.settings.part_rows = 2;
                for content in &mut self.contents {
                    content.nature = StatementNature::Fails { times: StatementNature::ALWAYS, late: true };
                    content.lines.truncate(5);
                }
                // By then the files have failed, and their rows are in the figures.
                for upload in &mut self.uploads {
                    upload.deletion = Some(When::After(rng.between(900_000, 1_500_000)));
                }
            }
            Scene::OtherRules => {
                self.deploy = Some(rng.between(1_000, 60_000));
                for content in &mut self.contents {
                    let times = *rng.pick(&[0, 1, 1, 2]).unwrap_or(&1);
                    content.nature = StatementNature::Fails { times, late: true };
                }
            }
            Scene::RejectedLate => {
                (self.conditions.timeouts, self.conditions.jumps, self.stalls) = (false, 200, 200);
                for content in &mut self.contents {
                    content.nature = StatementNature::Mistaken { times: 1 };
                }
            }
        }
        self
    }

    fn delete_some(&mut self, rng: &mut Rng, when: When) {
        for upload in &mut self.uploads {
            upload.deletion = rng.chance(6_000).then_some(when);
        }
    }
}
