//! `[bus]`: how to reach NATS.

use super::filter;
use super::number::Number;
use super::{Bus, JetStreamApi, Login, SyncInterval, Tls};
use crate::class::is_name;
use crate::diagnostic::Report;
use crate::diagnostic::table::{Placed, Table};
use std::path::{Path, PathBuf};

const SERVERS_MAX: usize = 16;

/// How to reach NATS. One login at most: a credentials file, an nkey file, or user and password file.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenBus {
    /// Server addresses, `nats://host:port` or `tls://host:port`; `nats://127.0.0.1:4222` by default.
    #[schemars(default)]
    pub servers: Vec<Placed<String>>,
    /// A credentials file (JWT and nkey).
    pub creds_file: Option<Placed<String>>,
    /// A file with an nkey seed.
    pub nkey_file: Option<Placed<String>>,
    /// A user; needs `password_file`.
    pub user: Option<Placed<String>>,
    /// The file with the user's password.
    pub password_file: Option<Placed<String>>,
    /// Refuse a connection without TLS; `false` by default.
    pub tls_required: Option<Placed<bool>>,
    /// Certificate authorities to trust beside the system's, PEM.
    pub tls_ca_file: Option<Placed<String>>,
    /// Our certificate, PEM; needs `tls_key_file`.
    pub tls_cert_file: Option<Placed<String>>,
    /// The key of our certificate, PEM.
    pub tls_key_file: Option<Placed<String>>,
    /// The first token of every subject of ours; `decile` by default.
    pub root: Option<Placed<String>>,
    /// The stream for decisions; `DECILE` by default.
    pub stream: Option<Placed<String>>,
    /// The JetStream domain.
    pub jetstream_domain: Option<Placed<String>>,
    /// The prefix of JetStream's API, in place of a domain.
    pub jetstream_prefix: Option<Placed<String>>,
    /// The prefix of our inboxes, where the account asks for one: `_INBOX_daemon`.
    pub inbox_prefix: Option<Placed<String>>,
    /// The longest wait for a server to take a connection, in milliseconds. What connects anew while the network is bad waits so
    /// long for nothing.
    #[schemars(with = "Option<u64>", extend("default" = 3_000, "minimum" = 100, "maximum" = 60_000))]
    pub connect_timeout_ms: Number,
    /// The longest wait for an answer of a server, in milliseconds.
    #[schemars(with = "Option<u64>", extend("default" = 5_000, "minimum" = 100, "maximum" = 60_000))]
    pub request_timeout_ms: Number,
    /// The servers' monitoring endpoints, `http://host:8222` each: `decile doctor` and `decile run` ask them how the
    /// servers sync to disk, and for their versions.
    #[schemars(default)]
    pub monitor: Vec<Placed<String>>,
    /// How often the servers sync to disk, where no monitoring endpoint says so: `always`, or a time, `2m`.
    pub sync_interval: Option<Placed<String>>,
}

impl WrittenBus {
    pub(super) fn read(table: &Table<'_>) -> Self {
        Self {
            servers: table.strings("servers"),
            creds_file: table.string("creds_file"),
            nkey_file: table.string("nkey_file"),
            user: table.string("user"),
            password_file: table.string("password_file"),
            tls_required: table.boolean("tls_required"),
            tls_ca_file: table.string("tls_ca_file"),
            tls_cert_file: table.string("tls_cert_file"),
            tls_key_file: table.string("tls_key_file"),
            root: table.string("root"),
            stream: table.string("stream"),
            jetstream_domain: table.string("jetstream_domain"),
            jetstream_prefix: table.string("jetstream_prefix"),
            inbox_prefix: table.string("inbox_prefix"),
            connect_timeout_ms: Number::read(table, "connect_timeout_ms", 3_000, 100..=60_000),
            request_timeout_ms: Number::read(table, "request_timeout_ms", 5_000, 100..=60_000),
            monitor: table.one_or_more_strings("monitor"),
            sync_interval: table.string("sync_interval"),
        }
    }

    /// The bus as meant; files are relative to `folder`.
    pub(super) fn resolve(&self, folder: &Path, report: &Report) -> Bus {
        Bus {
            servers: self.servers(report),
            login: self.login(folder, report),
            tls: self.tls(folder, report),
            root: self.root(report),
            stream: stream_name(self.stream.as_ref(), "DECILE", report),
            jetstream: self.jetstream(report),
            inbox_prefix: self.inbox_prefix(report),
            connect_timeout: self.connect_timeout_ms.ms(),
            request_timeout: self.request_timeout_ms.ms(),
            monitors: self.monitors(report),
            sync_told: self.sync_told(report),
        }
    }

    fn servers(&self, report: &Report) -> Vec<String> {
        for server in &self.servers {
            if let Some((message, help)) = wrong_server(&server.value) {
                report.error("bad-server", &server.at, message, help);
            }
        }
        if let Some(server) = self.servers.get(SERVERS_MAX) {
            report.error("bad-server", &server.at, format!("more than {SERVERS_MAX} servers"), "remove some");
        }
        if self.servers.is_empty() {
            return vec!["nats://127.0.0.1:4222".to_owned()];
        }
        self.servers.iter().map(|server| server.value.clone()).collect()
    }

    fn monitors(&self, report: &Report) -> Vec<String> {
        for monitor in self.monitor.iter().filter(|monitor| !is_monitor(&monitor.value)) {
            let message = "this is no address of a monitoring endpoint";
            report.error("bad-monitor", &monitor.at, message, "write `http://host:port`, without path or login");
        }
        if let Some(monitor) = self.monitor.get(SERVERS_MAX) {
            report.error("bad-monitor", &monitor.at, format!("more than {SERVERS_MAX} endpoints"), "remove some");
        }
        self.monitor.iter().map(|monitor| monitor.value.clone()).collect()
    }

    fn sync_told(&self, report: &Report) -> Option<SyncInterval> {
        let told = self.sync_interval.as_ref()?;
        let every = told.value.parse().ok();
        if every.is_none() {
            let message = format!("`{}` is no `sync_interval`", told.value);
            report.error("bad-interval", &told.at, message, "write \"always\", or a time: \"2m\", \"10s\"");
        }
        every
    }

    fn login(&self, folder: &Path, report: &Report) -> Login {
        let ways = [&self.creds_file, &self.nkey_file, &self.user];
        if let Some(second) = ways.into_iter().flatten().nth(1) {
            report.error("two-logins", &second.at, "there is more than one login", "keep one of them");
        }
        if let Some(creds) = &self.creds_file {
            return Login::Credentials(folder.join(&creds.value));
        }
        if let Some(nkey) = &self.nkey_file {
            return Login::Nkey(folder.join(&nkey.value));
        }
        match both(("user", &self.user), ("password_file", &self.password_file), report) {
            Some((user, file)) => Login::UserPassword { user: user.clone(), password_file: folder.join(file) },
            None => Login::Anonymous,
        }
    }

    fn tls(&self, folder: &Path, report: &Report) -> Tls {
        let path = |file: &String| -> PathBuf { folder.join(file) };
        let identity = both(("tls_cert_file", &self.tls_cert_file), ("tls_key_file", &self.tls_key_file), report);
        Tls {
            required: self.tls_required.as_ref().is_some_and(|required| required.value),
            ca_file: self.tls_ca_file.as_ref().map(|file| path(&file.value)),
            identity: identity.map(|(cert, key)| (path(cert), path(key))),
        }
    }

    fn root(&self, report: &Report) -> String {
        let Some(root) = &self.root else { return "decile".to_owned() };
        if !is_name(&root.value) {
            let message = format!("`{}` cannot be a `root`", root.value);
            report.error("bad-name", &root.at, message, "use 1 to 64 letters, digits, `_` or `-`: it is one token");
        }
        root.value.clone()
    }

    fn inbox_prefix(&self, report: &Report) -> Option<String> {
        let prefix = self.inbox_prefix.as_ref()?;
        check_literal(prefix, report);
        Some(prefix.value.clone())
    }

    fn jetstream(&self, report: &Report) -> JetStreamApi {
        if let (Some(_), Some(prefix)) = (&self.jetstream_domain, &self.jetstream_prefix) {
            let message = "there is a `jetstream_domain` and a `jetstream_prefix`";
            report.error("two-prefixes", &prefix.at, message, "keep one: a domain is a prefix by its name");
        }
        for token in [&self.jetstream_domain, &self.jetstream_prefix].into_iter().flatten() {
            check_literal(token, report);
        }
        match (&self.jetstream_domain, &self.jetstream_prefix) {
            (Some(domain), _) => JetStreamApi::Domain(domain.value.clone()),
            (None, Some(prefix)) => JetStreamApi::Prefix(prefix.value.clone()),
            (None, None) => JetStreamApi::Default,
        }
    }
}

/// Part of a subject that stands for itself only.
fn check_literal(subject: &Placed<String>, report: &Report) {
    if filter::wrong(&subject.value).is_some() || subject.value.contains(['*', '>']) {
        let message = format!("`{}` cannot be part of a subject", subject.value);
        report.error("bad-subject", &subject.at, message, "write tokens with dots between, without `*` and `>`");
    }
}

/// A stream's or consumer's name, checked: what NATS allows, and fit for a subject.
pub(super) fn stream_name(name: Option<&Placed<String>>, default: &str, report: &Report) -> String {
    let Some(name) = name else { return default.to_owned() };
    let text = &name.value;
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
    if text.is_empty() || text.len() > 255 || text.contains(is_wrong) {
        let message = format!("`{text}` cannot be the name of a stream or consumer");
        report.error(
            "bad-name",
            &name.at,
            message,
            "use 1 to 255 characters without space, `.`, `*`, `>`, `/` and `\\`",
        );
    }
    text.clone()
}

/// Two keys that need each other.
fn both<'a>(
    (first_key, first): (&str, &'a Option<Placed<String>>),
    (second_key, second): (&str, &'a Option<Placed<String>>),
    report: &Report,
) -> Option<(&'a String, &'a String)> {
    let (missing, there) = match (first, second) {
        (Some(first), Some(second)) => return Some((&first.value, &second.value)),
        (None, None) => return None,
        (Some(first), None) => (second_key, first),
        (None, Some(second)) => (first_key, second),
    };
    report.error("missing-key", &there.at, format!("`{missing}` is missing"), format!("add `{missing} = …`"));
    None
}

/// Whether it is the address of a monitoring endpoint: scheme, host and port, and nothing else.
pub fn is_monitor(address: &str) -> bool {
    let Ok(uri) = address.parse::<hyper::Uri>() else { return false };
    let has_no_path = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let host = uri.authority().is_some_and(|it| !it.host().is_empty() && !it.as_str().contains('@'));
    uri.scheme_str() == Some("http") && host && has_no_path
}

fn wrong_server(server: &str) -> Option<(String, &'static str)> {
    match server.parse::<async_nats::ServerAddr>() {
        Ok(address) if address.has_user_pass() => {
            Some(("a server's address holds a login".to_owned(), "use `creds_file`, `nkey_file` or `password_file`"))
        }
        Ok(address) if !address.is_websocket() && !address.host().is_empty() => None,
        _ => Some((
            format!("`{server}` is no address of a NATS server"),
            "write `nats://host:port` or `tls://host:port`",
        )),
    }
}
