//! Whether the messages, or what becomes of them, are no longer as they used to be. Pure: a fold over tallies.
//!
//! Every five minutes somebody counts what was decided and puts the [`Tally`] on the bus. [`Drift`] folds tallies, in their
//! order, into alarms and readings. It has no clock and no chance in it, so that whoever folds the same tallies arrives at
//! the same alarms; and it forgets, so that whoever folds those of the last [`REPLAY_S`] arrives at the same state as
//! somebody who has listened for years.
//!
//! Two kinds of detector, and one promise over all of them together, [`RUN_MEAN_MIN`]:
//!
//! - the share escalated, in total and per class, up and down: an e-detector, each window one step (`rate`);
//! - the mix of classes, of reasons, of lengths and of shares of unknown words: a G-test, each day one test (`mix`).
//!
//! All compare with the same hours of the week in the four weeks before (`baseline`), so that day and night are no drift.

mod baseline;
mod calendar;
mod detector;
mod dispersion;
mod fold;
mod g;
mod gather;
mod grid;
mod mix;
mod mixed;
mod number;
mod rate;
mod reading;
mod tally;
#[cfg(test)]
mod tests;
mod watch;

pub use baseline::{DECISIONS_MIN, DISPERSION_MAX, TOLERANCE};
pub use calendar::{REPLAY_S, WINDOW_S};
pub use detector::{Alarm, Detector, Direction, Fired, Point, Reading, Silence};
pub use fold::{CLASSES_MAX, Drift, REASONS_MAX, RUN_MEAN_MIN};
pub use gather::{Gathering, TALLY_VERSION, TallyRecord};
pub use rate::REST_S;
pub use tally::{Counts, LENGTHS, NO_CLASS, OTHER, Tally, UNKNOWNS};
