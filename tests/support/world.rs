//! A configuration in a folder that vanishes.

use super::promoted;
use decile::bus::private::PrivateServer;
use decile::config::load_files;
use decile::diagnostic::Report;
use decile::policy::written::WrittenSigned;
use decile::rules;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A configuration: channels, policy and rules that tests change as they need.
pub(crate) struct World {
    folder: Arc<tempfile::TempDir>,
    url: String,
    bus: String,
    more: String,
    listen: String,
    is_unpromoted: bool,
}

/// When the tests began: worlds that are the same have the same digests.
fn began() -> &'static Timestamp {
    static BEGAN: OnceLock<Timestamp> = OnceLock::new();
    BEGAN.get_or_init(Timestamp::now)
}

/// What stands before what a world adds to the files of a test.
const PROMOTED: &str = "\n# promoted, because the test is about something else\n";

/// One stream, `IN`, with one channel of each kind that most tests need.
pub(crate) const CHANNELS: &str = r#"
[[source]]
stream = "IN"

[[source.channel]]
name = "test.main"
subject = "in.main.>"
self = ["decile-itself"]

[[source.channel]]
name = "test.direct"
subject = "in.direct"
mode = "direct"

[[source.channel]]
name = "test.raw"
subject = "in.raw"
preset = "raw"

[[source.channel]]
name = "test.mail"
subject = "in.mail"
preset = "mail"

[[source.channel]]
name = "test.events"
subject = "in.events"
preset = "cloudevents"
"#;

/// A class by a phrase, one that writes outward, and a restriction.
pub(crate) const RULES: &str = r#"
[[rule]]
id = "scheduling-confirm"
class = "scheduling_confirm"
any = ["works for me"]
none = ["can't"]
test = [{ match = "Thursday works for me" }, { no_match = "I can't make Thursday" }]

[[rule]]
id = "question"
class = "info_request"
any = ["opening hours"]

[[rule]]
id = "legal-lawyer"
restrict = "legal"
any = ["lawyer"]

[[rule]]
id = "news"
class = "newsletter"
any = ["this week's news"]
"#;

/// Internal at level 2, outward at levels 3 and 2, and a desk for the restriction.
pub(crate) const POLICY: &str = r#"
[[desk]]
name = "counsel"

[[restriction]]
name = "legal"
desk = "counsel"

[[class]]
name = "scheduling_confirm"
level = 2
action = { type = "label", label = "scheduled" }

[[class]]
name = "info_request"
level = 3
action = { type = "reply", template = "Dear {sender} , about {subject} on {date} ." }

[[class]]
name = "newsletter"
level = 2
action = { type = "archive" }

[[cap]]
per_hour = 1000

[[cap]]
class = "info_request"
per_hour = 500

[[cap]]
class = "newsletter"
per_hour = 500

[review]
percent = 0
"#;

impl World {
    /// The usual world, on a server.
    pub(crate) fn on(server: &PrivateServer) -> Self {
        Self::at(server.url())
    }

    /// The usual world, on whatever answers at an address.
    pub(crate) fn at(url: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("decile-test-").tempdir().map(Arc::new).expect("a folder");
        std::fs::create_dir(folder.path().join("rules")).expect("a folder");
        let [bus, more] = [const { String::new() }; 2];
        let world =
            Self { folder, url: url.to_owned(), bus, more, listen: "127.0.0.1:0".to_owned(), is_unpromoted: false };
        world.write_main();
        world.channels(CHANNELS).policy(POLICY).rules(RULES)
    }

    /// The usual world without a server.
    pub(crate) fn offline() -> Self {
        Self::at("nats://127.0.0.1:1")
    }

    /// With other channels.
    pub(crate) fn channels(self, text: &str) -> Self {
        self.write("channels.toml", text);
        self
    }

    /// With another policy.
    pub(crate) fn policy(self, text: &str) -> Self {
        self.write("policy.toml", text);
        self
    }

    /// With other rules.
    pub(crate) fn rules(self, text: &str) -> Self {
        self.write("rules/rules.toml", text);
        self
    }

    /// With other operators.
    pub(crate) fn operators(self, text: &str) -> Self {
        self.write("operators.toml", text);
        self
    }

    /// With more keys under `[bus]`.
    pub(crate) fn bus(mut self, keys: &str) -> Self {
        self.bus.push_str(keys);
        self.write_main();
        self
    }

    /// With nothing under `[bus]` but the address.
    pub(crate) fn plain_bus(mut self) -> Self {
        self.bus.clear();
        self.write_main();
        self
    }

    /// With more sections in the main file.
    pub(crate) fn more(mut self, sections: &str) -> Self {
        self.more.push_str(sections);
        self.write_main();
        self
    }

    /// With another address for metrics and health.
    pub(crate) fn listen(mut self, address: &str) -> Self {
        self.listen = address.to_owned();
        self.write_main();
        self
    }

    /// Writes a file, relative to the folder; levels above 1 are promoted, as far as the files make sense.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).expect("a file can be written");
        if !self.is_unpromoted && (name.ends_with("toml") || name.starts_with("rules/")) {
            self.promote();
        }
    }

    /// The same world where nobody promotes anything that a test does not.
    pub(crate) fn unpromoted(mut self) -> Self {
        self.is_unpromoted = true;
        for name in ["policy.toml", "operators.toml"] {
            let (text, has_more) = self.without_promotions(name);
            if has_more {
                std::fs::write(self.path(name), text).expect("a file can be written");
            }
        }
        self
    }

    /// Promotes whatever the policy wishes: a world is about something else.
    fn promote(&self) {
        let (policy, _) = self.without_promotions("policy.toml");
        let (operators, _) = self.without_promotions("operators.toml");
        if !policy.lines().any(|line| line.starts_with("level = 2") || line.starts_with("level = 3")) {
            return;
        }
        let operators =
            if operators.contains("deployment") { operators } else { format!("deployment = \"test\"\n{operators}") };
        let key = promoted::seed().public();
        let operators =
            format!("{operators}{PROMOTED}[[operator]]\nname = \"promoter\"\nkey = \"{key}\"\npromotions = true\n");
        let report = Report::new();
        let compiled = rules::compile(&rules::load(&self.path("rules"), &report), &report);
        let (Some((pack, _)), false) = (compiled, report.has_errors()) else { return };
        std::fs::write(self.path("policy.toml"), &policy).expect("a file can be written");
        std::fs::write(self.path("operators.toml"), &operators).expect("a file can be written");
        let Some(config) = load_files(&self.path("decile.toml"), &report).resolve(None, &report) else { return };
        let signed = promoted::signed(&config, &pack, &config.authority.deployment, *began());
        let entries: String = signed
            .iter()
            .map(|signed| WrittenSigned::promotion(std::str::from_utf8(&signed.encode().unwrap()).unwrap()))
            .collect();
        std::fs::write(self.path("policy.toml"), format!("{policy}{PROMOTED}{entries}"))
            .expect("a file can be written");
    }

    /// A file as the test wrote it, and whether more than that was in it.
    fn without_promotions(&self, name: &str) -> (String, bool) {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        let before = text.split_once(PROMOTED).map(|(before, _)| before.to_owned());
        (before.clone().unwrap_or(text), before.is_some())
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder, which is there for as long as somebody holds it.
    pub(crate) fn folder(&self) -> Arc<tempfile::TempDir> {
        Arc::clone(&self.folder)
    }

    /// The main file, as an argument.
    pub(crate) fn config(&self) -> String {
        self.path("decile.toml").to_string_lossy().into_owned()
    }

    /// The folder of the rules, as an argument.
    pub(crate) fn rules_dir(&self) -> String {
        self.path("rules").to_string_lossy().into_owned()
    }

    fn write_main(&self) {
        let Self { url, bus, more, listen, .. } = self;
        let text = format!(
            "[bus]\nservers = [\"{url}\"]\n{bus}\n\
             [files]\nchannels = \"channels.toml\"\npolicy = \"policy.toml\"\nrules = \"rules\"\n\
             [http]\nlisten = \"{listen}\"\n{more}\n"
        );
        self.write("decile.toml", text);
    }
}
