//! `decile.toml`, as written: the bus, the other files, limits, retention, http and privacy.

use super::SenderKey;
use super::bus::WrittenBus;
use super::limits::{WrittenLimits, WrittenRetention};
use super::number::numbers;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::{Report, SourceFile};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HTTP_LISTEN: &str = "127.0.0.1:9464";
const KEY_BYTES_MIN: usize = 32;
const KEY_BYTES_MAX: u64 = 4_096;

/// The configuration of the daemon.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(title = "Decile: decile.toml", deny_unknown_fields)]
pub struct WrittenDecile {
    /// How to reach NATS.
    #[schemars(with = "Option<WrittenBus>")]
    pub bus: WrittenBus,
    /// Where the other files are; relative to this one.
    #[schemars(default)]
    pub files: WrittenFiles,
    /// Every bound.
    #[schemars(with = "Option<WrittenLimits>")]
    pub limits: WrittenLimits,
    /// How long records are kept.
    #[schemars(with = "Option<WrittenRetention>")]
    pub retention: WrittenRetention,
    /// Metrics and health.
    #[schemars(default)]
    pub http: WrittenHttp,
    /// What records say of people.
    #[schemars(default)]
    pub privacy: WrittenPrivacy,
    /// Attempts that must be refused.
    #[schemars(with = "Option<WrittenCanary>")]
    pub canary: WrittenCanary,
}

numbers! {
    /// Attempts that must be refused: on the reserved channel `decile.canary`, by grants that `decile setup` places.
    WrittenCanary {
        /// How often they are made, in seconds; 0 for never.
        interval_s = 0, 0..=86_400;
    }
}

/// Where the other files are; relative to this one.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenFiles {
    /// Streams and channels; `channels.toml` by default.
    pub channels: Option<Placed<String>>,
    /// What may happen; `policy.toml` by default.
    pub policy: Option<Placed<String>>,
    /// Who may sign what; `operators.toml` by default, and nobody where it is not there.
    pub operators: Option<Placed<String>>,
    /// The folder of the rules, or a pack that `decile compile` made of them; `../rules` by default.
    pub rules: Option<Placed<String>>,
}

/// Metrics and health.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenHttp {
    /// Address and port; `127.0.0.1:9464` by default, an empty text for none.
    pub listen: Option<Placed<String>>,
}

/// What records say of people.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenPrivacy {
    /// A file with 32 to 4,096 random bytes, which key the hash of a sender in handled decisions. Without it
    /// handled decisions do not name the sender at all.
    pub sender_key_file: Option<Placed<String>>,
}

impl WrittenDecile {
    /// Reads the file; every mistake goes to the report.
    pub fn read(file: &Arc<SourceFile>, report: &Report) -> Self {
        read_file(file, report, |table| Self {
            bus: section(table, "bus", WrittenBus::read),
            files: section(table, "files", WrittenFiles::read),
            limits: section(table, "limits", WrittenLimits::read),
            retention: section(table, "retention", WrittenRetention::read),
            http: section(table, "http", |table| WrittenHttp { listen: table.string("listen") }),
            privacy: section(table, "privacy", |table| WrittenPrivacy {
                sender_key_file: table.string("sender_key_file"),
            }),
            canary: section(table, "canary", WrittenCanary::read),
        })
    }
}

impl WrittenFiles {
    fn read(table: &Table<'_>) -> Self {
        Self {
            channels: table.string("channels"),
            policy: table.string("policy"),
            operators: table.string("operators"),
            rules: table.string("rules"),
        }
    }
}

impl WrittenHttp {
    pub(super) fn resolve(&self, report: &Report) -> Option<SocketAddr> {
        let Some(listen) = &self.listen else { return HTTP_LISTEN.parse().ok() };
        if listen.value.is_empty() {
            return None;
        }
        let Ok(address) = listen.value.parse::<SocketAddr>() else {
            let message = format!("`{}` is no address to listen on", listen.value);
            report.error("bad-address", &listen.at, message, format!("write address and port: `{HTTP_LISTEN}`"));
            return None;
        };
        if !address.ip().is_loopback() {
            let message = format!("`{address}` can be reached from other hosts, and asks for no login");
            report.warning("open-http", &listen.at, message, "make sure that a firewall stands before it");
        }
        Some(address)
    }
}

impl WrittenCanary {
    pub(super) fn resolve(&self) -> Option<Duration> {
        let every = Duration::from_secs(self.interval_s.value);
        (!every.is_zero()).then_some(every)
    }
}

impl WrittenPrivacy {
    /// Reads the key. What the file holds is derived to 32 bytes, so that any random file will do.
    pub(super) fn resolve(&self, folder: &Path, report: &Report) -> SenderKey {
        let Some(file) = &self.sender_key_file else { return SenderKey::Omit };
        match read_key(&folder.join(&file.value)) {
            Ok(bytes) => SenderKey::Keyed(blake3::derive_key("decile sender key, version 1", &bytes)),
            Err(wrong) => {
                let message = format!("`{}` is no key: {wrong}", file.value);
                report.error("sender-key", &file.at, message, "make one: `head -c 32 /dev/urandom > FILE`");
                SenderKey::Omit
            }
        }
    }
}

fn read_key(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string().to_lowercase())?.len();
    if size > KEY_BYTES_MAX {
        return Err(format!("it has more than {KEY_BYTES_MAX} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string().to_lowercase())?;
    if bytes.len() < KEY_BYTES_MIN { Err(format!("it has fewer than {KEY_BYTES_MIN} bytes")) } else { Ok(bytes) }
}

/// A section; one that is absent is read like one that is empty.
fn section<T>(table: &Table<'_>, key: &'static str, read: impl Fn(&Table<'_>) -> T) -> T {
    table.table(key, &read).unwrap_or_else(|| table.empty(read))
}
