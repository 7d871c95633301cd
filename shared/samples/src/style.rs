//! The look of one file: paper, faces, the draughtsman's habits; and the texts of its sheets.

use crate::canvas::RunStyle;
use crate::faces::Face;
use crate::rng::SampleRng;

/// Sheet sizes of ISO 216, landscape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    A3,
    A4,
}

impl Paper {
    /// Returns width and height in points.
    pub(crate) fn size(self) -> (f32, f32) {
        match self {
            Self::A3 => (1190.55, 841.89),
            Self::A4 => (841.89, 595.28),
        }
    }

    /// Returns the factor for the lengths of the A3 layout.
    pub(crate) fn scale(self) -> f32 {
        match self {
            Self::A3 => 1.0,
            Self::A4 => 0.76,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A3 => "A3",
            Self::A4 => "A4",
        }
    }
}

/// The habits of one file.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) paper: Paper,
    pub(crate) table: Face,
    pub(crate) callout: Face,
    pub(crate) body: Face,
    pub(crate) heading: Face,
    /// How codes are cut; one of these is chosen for each code.
    pub(crate) runs: &'static [RunStyle],
    /// The percentage of codes with another hyphen.
    pub(crate) look_alike: u32,
    /// The percentage of codes in notes that are in small letters.
    pub(crate) small_letters: u32,
    /// Whether notes break codes at the hyphen at the end of a line.
    pub(crate) breaks_codes: bool,
    /// Whether callouts above and below the view are turned by 90°.
    pub(crate) upright: bool,
    /// The text of a cell without content.
    pub(crate) blank: &'static str,
    pub(crate) company: (&'static str, &'static str),
    pub(crate) drawn: &'static str,
    pub(crate) checked: &'static str,
}

const RUNS: &[&[RunStyle]] = &[
    &[RunStyle::Whole],
    &[RunStyle::Whole, RunStyle::Whole, RunStyle::Kerned],
    &[RunStyle::Kerned],
    &[RunStyle::Whole, RunStyle::Halves],
    &[RunStyle::Glyphs],
    &[RunStyle::Whole, RunStyle::Kerned, RunStyle::Halves, RunStyle::Glyphs],
];

const COMPANIES: &[(&str, &str)] = &[
    ("NORDHAVEN MARINE WORKS", "DRIVE TRAIN DIVISION"),
    ("KESTREL PRECISION", "TOOLING AND FIXTURES"),
    ("ALDER & FINCH ENGINEERING", "PRESSURE EQUIPMENT"),
    ("TERN VALVES", "VALVE BODIES AND FLANGES"),
    ("HOLLOWAY TURBINE SERVICE", "CASING REPAIR"),
    ("BRIGHTWATER PUMPS", "PROCESS PUMPS"),
];
const PEOPLE: &[&str] = &[
    "M. ODUYA",
    "J. LINDQVIST",
    "P. HARGREAVE",
    "S. IYER",
    "T. BRANDT",
    "R. CASTELLANO",
    "A. NOWAK",
    "L. TRAN",
];

impl Style {
    pub(crate) fn choose(rng: &mut SampleRng) -> Self {
        let faces: (Face, Face, Face) = rng.pick(&[
            (Face::Sans, Face::Sans, Face::Sans),
            (Face::Lettering, Face::Lettering, Face::Lettering),
            (Face::Mono, Face::Lettering, Face::Sans),
            (Face::Recoded, Face::Recoded, Face::Recoded),
            (Face::Lettering, Face::Sans, Face::Mono),
            (Face::Sans, Face::Recoded, Face::Lettering),
        ]);
        let drawn = rng.pick(PEOPLE);
        let checked = loop {
            let other = rng.pick(PEOPLE);
            if other != drawn {
                break other;
            }
        };
        Self {
            paper: if rng.chance(65) { Paper::A3 } else { Paper::A4 },
            table: faces.0,
            callout: faces.1,
            body: faces.2,
            heading: if faces.2 == Face::Lettering { Face::Lettering } else { Face::Bold },
            runs: rng.pick(RUNS),
            look_alike: rng.pick(&[0, 0, 15, 40]),
            small_letters: rng.pick(&[0, 30]),
            breaks_codes: rng.chance(50),
            upright: rng.chance(50),
            blank: rng.pick(&["", "-", "\u{2013}"]),
            company: rng.pick(COMPANIES),
            drawn,
            checked,
        }
    }

    /// Returns the style of the same sheet drawn by a plotter and scanned.
    pub(crate) fn plotted(&self) -> Self {
        let face = Face::Lettering;
        // A4, because the details of A3 would be too fine for 200 dots per inch.
        Self { paper: Paper::A4, table: face, callout: face, body: face, heading: face, ..self.clone() }
    }
}

pub(crate) const PART_NAMES: &[(&str, &str)] = &[
    ("BASE PLATE", "PUMP SKID"),
    ("BEARING HOUSING COVER", "DRIVE END"),
    ("TUBE SHEET", "OIL COOLER"),
    ("MANIFOLD BLOCK", "HYDRAULIC UNIT"),
    ("ADAPTER FLANGE", "SUCTION LINE"),
    ("GEARBOX MOUNTING PLATE", "LEFT HAND"),
    ("DRILL JIG", "STATION 4"),
    ("VALVE BODY BLANK", "CLASS 300"),
    ("MOTOR BRACKET", "FRAME 132"),
    ("SPLITTER PLATE", "TURBINE CASING"),
];
pub(crate) const MATERIALS: &[&str] =
    &["S355J2+N", "EN AW-6082 T6", "1.4301", "42CRMO4 +QT", "EN-GJS-400-15", "P265GH", "C45E"];
pub(crate) const FINISHES: &[&str] =
    &["AS MACHINED", "HARD ANODISED 25 UM", "PAINT RAL 7035", "ZINC PLATED 8 UM"];
pub(crate) const OPERATIONS: &[&str] =
    &["", "", "", "REAM", "TAP M8", "TAP M12", "C'BORE", "CSK 90\u{B0}", "DEBURR"];

/// Notes without codes.
pub(crate) const PLAIN_NOTES: &[&str] = &[
    "ALL DIMENSIONS ARE IN MILLIMETRES UNLESS OTHERWISE STATED.",
    "REMOVE BURRS AND SHARP EDGES 0.3 MAX.",
    "GENERAL TOLERANCES TO ISO 2768 MK.",
    "HOLE POSITIONS WITHIN \u{D8}0.2 OF TRUE POSITION TO DATUM A, B, C.",
    "SURFACE FINISH RA 3.2 ALL OVER EXCEPT WHERE SHOWN.",
    "PRESSURE TEST AT 1.5 TIMES DESIGN PRESSURE BEFORE PAINTING.",
    "STAMP PART NUMBER 5 HIGH ON FACE SHOWN.",
    "MASK ALL THREADED HOLES BEFORE COATING.",
];
/// Notes with codes; `@` is replaced by a code.
pub(crate) const CODE_NOTES: &[&str] = &[
    "@ TO BE REAMED AFTER ASSEMBLY WITH THE MATING PART.",
    "DRILL AND TAP @ FROM THE FAR SIDE, SEE SECTION A-A.",
    "@ \u{2013} DRILL THRU AND COUNTERBORE BOTH SIDES.",
    "PLUG @ WITH SET SCREW AND SEALANT AFTER FLUSHING.",
    "DO NOT CONFUSE @ WITH @; CHECK THE HOLE TABLE BEFORE DRILLING.",
    "BREAK THROUGH OF @ INTO THE CROSS DRILLING (@) IS NOT ALLOWED.",
    "HOLES @, @ AND @ SHARE ONE SETTING ON THE JIG BORER.",
    "INSPECT @ BY BORE GAUGE AND RECORD THE RESULT.",
    "LOCATION OF @ TO BE AGREED WITH THE SITE. @ IS ALREADY DRILLED.",
];
pub(crate) const REVISIONS: &[&str] = &[
    "@ ADDED",
    "@ MOVED 2 MM",
    "@ WAS \u{D8}10",
    "DEPTH OF @ CORRECTED",
    "TOLERANCES REVISED",
    "MATERIAL CHANGED",
];
