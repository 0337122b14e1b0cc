//! Decile decides on messages by rules that people wrote, and brings what needs judgement to a person.
//!
//! The modules are the way of a message:
//!
//! ```text
//! NATS ─► bus::inbound ─► decode ─► views ─► classify ─► gate ─► Plan ─► bus::outbound ─► ack
//! ```
//!
//! From [`decode`] to [`triage::Plan`] the code is synchronous and pure: no async runtime, no NATS, no
//! files, no clock. `ARCHITECTURE.md` is the map.

pub mod admin;
pub mod authority;
pub mod automaton;
pub mod bus;
pub mod canary;
pub mod channel;
pub mod class;
pub mod classify;
pub mod cli;
pub mod commit;
pub mod config;
pub mod daemon;
pub mod decision;
pub mod decode;
pub mod diagnostic;
pub mod digest;
pub mod doctor;
pub mod drift;
pub mod executor;
pub mod facts;
pub mod gate;
pub mod governing;
pub mod health;
pub mod inbox;
pub mod message;
pub mod metrics;
pub mod pack;
pub mod permissions;
pub mod permit;
pub mod plain;
pub mod policy;
pub mod reason;
pub mod review;
pub mod rules;
pub mod rulings;
pub mod schema;
pub mod store;
pub mod subject;
pub mod survey;
pub mod token;
pub mod triage;
pub mod trust;
pub mod verdict;
pub mod views;
