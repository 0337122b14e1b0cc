//! The executor of a channel: the one part that writes to a source, and the third wall before that.
//!
//! It takes nothing on trust. For each action it
//!
//! 1. looks at the last receipt of the decision ([`Step`]): what may have had an effect is never carried out again;
//! 2. reads the action ([`Claim`]) and checks the signature that it carries ([`verify::check`]);
//! 3. records its intent, behind the receipt that it has seen and no other, and awaits the broker's ack: of several
//!    executors one begins;
//! 4. looks up the halt, and the grant or ruling, as they are now, and the broker's time ([`verify::verify`]);
//! 5. runs the command, with the action as JSON on its standard input;
//! 6. records the outcome, behind its intent, and acknowledges the delivery.
//!
//! An executor that was killed between 3 and 6 leaves an intent without an outcome. The next one records `unknown` and
//! raises an alarm: whether the source was written to is for a person to find out.
//!
//! A bridge that is no command builds on the same parts: [`Claim::read`], [`verify::check`], [`verify::verify`],
//! [`Step::after`] are pure, and [`Receipt`](crate::decision::Receipt) is what it publishes.

mod broker;
mod claim;
mod command;
mod execute;
mod ledger;
mod notify;
mod pull;
mod step;
pub mod verify;

pub use crate::channel::CANARY;
pub use claim::{Claim, Delivered};
pub use command::Exec;
pub use execute::Executor;
pub use notify::{Notifier, Remind};
pub use pull::Until;
pub use step::{LastReceipt, Step};
