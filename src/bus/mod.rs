//! NATS, and nothing that decides: how to reach it, what must be there, messages in, records out.

pub mod access;
pub mod advisory;
mod answer;
pub mod batch;
mod beating;
pub mod clearance;
mod clock;
mod connect;
mod context;
pub mod examine;
mod expecting;
pub mod follow;
pub mod hand;
pub mod inbound;
pub mod lag;
pub mod lease;
pub mod lookup;
mod monitor;
mod once;
pub mod outbound;
pub mod private;
pub mod records;
mod server;
pub mod setup;
mod trouble;

pub use access::{Access, Credential, Overrides};
pub(crate) use beating::{BEAT, beating};
pub use connect::{AckBounds, Connection, Purpose, Watcher, connect, connect_cleared};
pub use expecting::{Published, publish_expecting};
pub use once::publish_once;
pub(crate) use server::is_at_least;
pub use server::{
    Deviation, SERVER_RECOMMENDED, SERVER_REQUIRED, check_consumer, check_publish, check_server, check_version,
    deviations,
};
pub use trouble::Trouble;
