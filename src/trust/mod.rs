//! Whether a class deserves to be trusted: what people said of its decisions, and how sure that makes us. Pure.
//!
//! Nothing here raises a level. It says what a person may rest a promotion on, and which levels of a file rest on one.

mod admission;
mod agreement;
mod bound;
mod cause;
mod evidence;
mod overview;
mod sampling;
mod standing;
#[cfg(test)]
mod tests;
mod unearned;
mod upheld;

pub use admission::{Admission, NotPromoted, Places, Refused, admit, admit_as_if, ended};
pub use agreement::{Agreement, RUN_MEAN_MIN};
pub use bound::{Bound, SIGNIFICANCE, Tally, threshold};
pub use cause::Cause;
pub use evidence::{Evidence, Lying, Said};
pub use overview::{Overview, Sure, overview};
pub use sampling::Sampler;
pub use standing::{Next, Standing, next_level, standings, tested};
pub use unearned::unearned;
pub use upheld::{Compared, NotUpheld, Today, Upheld, compared_min};
