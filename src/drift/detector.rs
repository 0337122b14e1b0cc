//! What watches for drift, what it says, and how it looks to people.

use std::fmt;

/// Which way a share went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More than usual.
    Up,
    /// Less than usual.
    Down,
}

/// One thing that is watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// The share of decisions that are escalations.
    Rate {
        /// Of this class; of all decisions where there is none.
        class: Option<String>,
        /// More than usual, or less.
        direction: Direction,
    },
    /// Which classes the messages have.
    Classes,
    /// For which reasons they are escalated.
    Reasons,
    /// How long they are.
    Lengths,
    /// What share of their words no rule knows.
    UnknownWords,
}

/// Something is not as it used to be.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Alarm {
    /// The end of the window, or of the day, that gave it: seconds since the epoch.
    pub at_s: i64,
    /// What noticed.
    pub what: Detector,
    /// A share, 0 to 1: escalated since it changed, as far as one can tell; for a mix, of what differs most.
    pub now: f64,
    /// What this share used to be at these hours of the week.
    pub usual: f64,
    /// One line for people.
    pub why: String,
}

/// When and why a detector gave its last alarm.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fired {
    /// Seconds since the epoch.
    pub at_s: i64,
    /// One line for people.
    pub why: String,
}

/// Why a detector says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Heard for less than two weeks.
    Young,
    /// Too few messages to know what is usual.
    Few,
    /// It gave an alarm within the last day, and then begins anew.
    Resting,
}

/// One point of a chart.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Point {
    /// Where the hour, or for a mix the day, begins: seconds since the epoch.
    pub at_s: i64,
    /// The share escalated; for a mix, how far it was from the usual, where 1 is the critical value.
    pub now: Option<f64>,
    /// What that is expected to be.
    pub usual: Option<f64>,
}

/// What a detector sees at present.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Reading {
    /// Which.
    pub what: Detector,
    /// How much speaks for a drift, on a log scale from 0 (nothing) to 1 (an alarm).
    pub height: f64,
    /// The share escalated within the last 24 hours; for a mix, the share of what differed most on the last day tested.
    pub now: Option<f64>,
    /// What this share used to be at these hours of the week.
    pub usual: Option<f64>,
    /// Why it says nothing, if so.
    pub silent: Option<Silence>,
    /// The last 168 hours, or for a mix the last 28 days, oldest first.
    pub points: Vec<Point>,
    /// Its last alarm, if within the last 28 days.
    pub last: Option<Fired>,
}

impl Detector {
    /// What kinds there are, as metrics have it.
    pub const KINDS: [&'static str; 6] = ["rate_up", "rate_down", "classes", "reasons", "lengths", "unknown_words"];

    /// Of which kind it is: one of [`Detector::KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rate { direction: Direction::Up, .. } => "rate_up",
            Self::Rate { direction: Direction::Down, .. } => "rate_down",
            Self::Classes => "classes",
            Self::Reasons => "reasons",
            Self::Lengths => "lengths",
            Self::UnknownWords => "unknown_words",
        }
    }
}

impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { class: None, direction } => write!(f, "escalated, in total, {direction}"),
            Self::Rate { class: Some(class), direction } => write!(f, "escalated, {class}, {direction}"),
            Self::Classes => f.write_str("classes"),
            Self::Reasons => f.write_str("reasons"),
            Self::Lengths => f.write_str("lengths"),
            Self::UnknownWords => f.write_str("unknown words"),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Young => "no baseline yet: heard for less than two weeks",
            Self::Few => "no baseline yet: too few messages",
            Self::Resting => "gave an alarm within the last day",
        })
    }
}
