//! NATS, and nothing that decides: how to reach it, what must be there, messages in, records out.

pub mod access;
mod beating;
mod connect;
mod context;
pub mod inbound;
pub mod lag;
pub mod outbound;
pub mod private;
mod server;
pub mod setup;
mod trouble;

pub use access::{Access, Credential, Overrides};
pub(crate) use beating::{BEAT, beating};
pub use connect::{AckBounds, Connection, Purpose, Watcher, connect};
pub use server::{SERVER_RECOMMENDED, SERVER_REQUIRED, check_consumer, check_publish, check_server};
pub use trouble::Trouble;
