//! Whether a class deserves to be trusted: what people said of its decisions, and how sure that makes us. Pure.
//!
//! Nothing here raises a level. It says what a person may rest a promotion on.

mod bound;
mod evidence;
mod standing;
#[cfg(test)]
mod tests;

pub use bound::{Bound, SIGNIFICANCE, Tally, threshold};
pub use evidence::{Evidence, Lying, Said};
pub use standing::{Next, Standing, next_level, standings};
