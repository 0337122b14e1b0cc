//! The parts of the story: a server, a daemon and commands of the real binary, traffic, and what lies on the bus.

use super::{CHANNEL, CLASS, WAIT_MAX};
use crate::authority::Seed;
use crate::bus::private::PrivateServer;
use crate::bus::{self, Access, AckBounds, Connection, Purpose};
use crate::channel::Channel;
use crate::class::Class;
use crate::cli::demo::files::main_file;
use crate::cli::demo::traffic::Sample;
use crate::cli::print::dim;
use crate::cli::world::{self, World};
use crate::decision::Disposed;
use crate::drift::{REPLAY_S, Tally, TallyRecord, WINDOW_S};
use crate::rulings::Basis;
use crate::store::{self, Filter, Watch};
use crate::subject::Root;
use crate::trust::{Bound, SIGNIFICANCE, Tally as Answers, threshold};
use anyhow::{Context as _, bail};
use async_nats::jetstream::message::PublishMessage;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use toml_edit::{Item, Table, value};

const DAY_S: i64 = 86_400;
/// The most lines of a command that are shown.
const SHOWN_LINES_MAX: usize = 12;
/// How often it is looked for something.
pub(super) const LOOK: Duration = Duration::from_millis(100);

/// Everything that is on stage.
pub(super) struct Scene {
    server: PrivateServer,
    folder: Arc<tempfile::TempDir>,
    pub(super) connection: Connection,
    pub(super) stream: String,
    pub(super) root: Root,
    world: World,
    daemon: Option<Child>,
    marks: Vec<(Timestamp, &'static str)>,
}

/// What is known of the class, and what is missing.
pub(super) struct Next {
    pub(super) answers: Answers,
    pub(super) bound: f64,
    pub(super) threshold: f64,
    pub(super) missing: u64,
}

/// What became of the class's messages in one second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Second {
    pub(super) at_s: i64,
    pub(super) handled: usize,
    pub(super) all: usize,
}

/// Messages that keep coming.
pub(super) struct Traffic {
    is_over: Arc<AtomicBool>,
    planted: Arc<Mutex<Option<&'static str>>>,
    sending: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Scene {
    /// A server of its own, and a folder with everything at level 1 and one operator.
    pub(super) async fn set(config: &Path) -> anyhow::Result<Self> {
        let server = PrivateServer::start()?;
        let folder = Arc::new(tempfile::Builder::new().prefix("decile-story-").tempdir()?);
        write_files(config, folder.path(), server.url())?;
        let world = world::load(&folder.path().join("decile.toml"))?;
        let access = Access::local(server.url().to_owned());
        let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
        let (stream, root) = (world.config.bus.stream.clone(), Root::new(&world.config.bus.root)?);
        let scene = Self { server, folder, connection, stream, root, world, daemon: None, marks: Vec::new() };
        scene.run(&["setup", "--apply"])?;
        println!("private nats-server at {}", scene.server.url());
        Ok(scene)
    }

    /// Starts `decile run`, and waits until it is ready.
    pub(super) async fn start_daemon(&mut self) -> anyhow::Result<()> {
        let mut command = self.command(&["run"]);
        self.daemon = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        let deadline = Instant::now() + WAIT_MAX;
        while self.last(&self.root.filter("lease.>")).await?.is_none() {
            if Instant::now() > deadline {
                bail!("the daemon did not start within {WAIT_MAX:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Has the daemon read its files again.
    pub(super) fn reload(&self) -> anyhow::Result<()> {
        let daemon = self.daemon.as_ref().context("there is no daemon")?;
        let pid = rustix::process::Pid::from_child(daemon);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).context("the daemon is gone")
    }

    /// Runs a command and shows what it prints; of much, the beginning and the end.
    pub(super) fn show(&self, arguments: &[&str]) -> anyhow::Result<()> {
        println!("  {}", dim(&format!("$ decile {}", arguments.join(" "))));
        let printed = self.run(arguments)?;
        let lines: Vec<&str> = printed.lines().collect();
        let left_out = lines.len().saturating_sub(SHOWN_LINES_MAX);
        for (at, line) in lines.iter().enumerate() {
            if left_out == 0 || at < SHOWN_LINES_MAX / 2 || at >= SHOWN_LINES_MAX / 2 + left_out {
                println!("  {line}");
            } else if at == SHOWN_LINES_MAX / 2 {
                println!("  {}", dim(&format!("… {left_out} more lines …")));
            }
        }
        Ok(())
    }

    /// Shows the detectors of the class.
    pub(super) fn show_drift(&self) -> anyhow::Result<()> {
        println!("  {}", dim(&format!("$ decile drift --class {CLASS}")));
        // It says no: there was an alarm.
        let output = self.command(&["drift", "--class", CLASS]).output()?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            println!("  {line}");
        }
        Ok(())
    }

    /// Runs a command; what it prints comes back.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output()?;
        if !output.status.success() {
            bail!("`decile {}`: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| PathBuf::from("decile")));
        let file = |name: &str| self.folder.path().join(name);
        command.args(arguments).arg("--config").arg(file("decile.toml")).env("DECILE_KEY_FILE", file("ada.key"));
        command
    }

    /// What people have said of the class, and what is missing.
    pub(super) async fn evidence(&self) -> anyhow::Result<Next> {
        let authority = &self.world.config.authority;
        let heard = store::read_evidence(&self.connection, &self.stream, &self.root, authority, 0).await?;
        let (class, channel) = (Class::parse(CLASS)?, Channel::parse(CHANNEL)?);
        let is_of_it = |basis: &Basis| basis.class == class && basis.channel == channel;
        let said = heard.said().filter(|said| is_of_it(&said.basis));
        let answers = said.fold(Answers::default(), |answers, said| answers.and(said.agreed));
        let threshold = threshold(crate::policy::level::Level::Routine).context("a level above 1 has one")?;
        let bound = Bound::new(threshold, SIGNIFICANCE, 1);
        let missing = bound.missing(answers).unwrap_or(u64::MAX);
        Ok(Next { answers, bound: bound.lower(answers), threshold, missing })
    }

    /// Sends samples of the channel over and over, until it is stopped.
    pub(super) fn send(&self, samples: &[Sample], rate: u32) -> Traffic {
        let (is_over, planted) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
        let specs = self.world.config.channels.sources.iter().flat_map(|source| &source.channels);
        let spec = specs.into_iter().find(|spec| spec.channel.as_str() == CHANNEL).cloned();
        let (connection, samples) = (self.connection.clone(), samples.to_vec());
        let (over, plant) = (Arc::clone(&is_over), Arc::clone(&planted));
        let sending = tokio::spawn(async move {
            let spec = spec.context("the story's channel is not configured")?;
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
            for (number, sample) in samples.iter().cycle().enumerate() {
                ticks.tick().await;
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let sender = *plant.lock().unwrap_or_else(PoisonError::into_inner);
                let wire = sample.again(number, sender.filter(|_| sample.is_of(CLASS))).wire(&spec, Timestamp::now());
                let message = PublishMessage::build().payload(wire.payload);
                connection.jetstream.send_publish(wire.subject, message).await?.await?;
            }
            Ok(())
        });
        Traffic { is_over, planted, sending }
    }

    /// Six weeks in which a tenth of the class was escalated, as an instance would have told them: until this morning.
    pub(super) async fn remember_six_weeks(&self) -> anyhow::Result<()> {
        let now_s = Timestamp::now().as_second();
        println!("  {}", dim("(what was counted in the six weeks before is made up)"));
        self.remember(now_s - 42 * DAY_S, now_s - DAY_S / 2, 10).await
    }

    /// The hours since, in which most of it was: as an instance would have told them.
    pub(super) async fn remember_today(&self) -> anyhow::Result<()> {
        let now_s = Timestamp::now().as_second();
        println!("  {}", dim("(what was counted in half a day of it is made up, too)"));
        self.remember(now_s - DAY_S / 2, now_s, 40).await
    }

    async fn remember(&self, from_s: i64, to_s: i64, percent: u32) -> anyhow::Result<()> {
        let client = &self.connection.client;
        let last = |at_s: i64| at_s - at_s.rem_euclid(WINDOW_S);
        let kept = Duration::from_secs(REPLAY_S.unsigned_abs());
        let mut start_s = last(from_s);
        while start_s < last(to_s) {
            let mut tally = Tally::at(start_s);
            for message in 0..20 {
                tally.add(Some(CLASS), (message * 5 < percent).then_some("novel"), 100, None);
            }
            let bytes = TallyRecord::new(tally).encode()?;
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-TTL", format!("{}s", kept.as_secs()).as_str());
            client.publish_with_headers(self.root.tally(start_s, 0).as_str().to_owned(), headers, bytes.into()).await?;
            start_s += WINDOW_S;
        }
        client.flush().await?;
        Ok(())
    }

    /// The reason of an alert, where there is one.
    pub(super) async fn alarmed(&self, kind: &'static str) -> anyhow::Result<Option<String>> {
        let Some(payload) = self.last(self.root.alert(kind).as_str()).await? else { return Ok(None) };
        let told: serde_json::Value = serde_json::from_slice(&payload)?;
        let reason = told.get("why").or_else(|| told.get("reason")).and_then(serde_json::Value::as_str);
        Ok(Some(crate::plain::one_line(reason.unwrap_or_default(), 200)))
    }

    /// The same, once there is one.
    pub(super) async fn alarm(&self, kind: &'static str) -> anyhow::Result<String> {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            if let Some(why) = self.alarmed(kind).await? {
                return Ok(why);
            }
            if Instant::now() > deadline {
                bail!("no alert of kind `{kind}` within {WAIT_MAX:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn last(&self, filter: &str) -> anyhow::Result<Option<bytes::Bytes>> {
        let mut watch = Watch::open(&self.connection, &self.stream, [filter.to_owned()], 0, LOOK).await?;
        let mut last = None;
        while let Some(kept) = watch.next_stored().await? {
            last = Some(kept.payload);
        }
        Ok(last)
    }

    /// Something happened now.
    pub(super) fn mark(&mut self, what: &'static str) {
        self.marks.push((Timestamp::now(), what));
    }

    /// What happened, and when.
    pub(super) fn marks(&self) -> &[(Timestamp, &'static str)] {
        &self.marks
    }

    /// What became of the class's messages on the channel, second by second.
    pub(super) async fn seconds(&self) -> anyhow::Result<Vec<Second>> {
        let mut seconds: std::collections::BTreeMap<i64, Second> = std::collections::BTreeMap::new();
        let (channel, class) = (Some(CHANNEL.to_owned()), Some(CLASS.to_owned()));
        let filter = Filter { channel, class, ..Filter::default() };
        store::read_all(&self.connection, &self.stream, &self.root, &filter, |stored| {
            let at_s = stored.committed_at.as_second();
            let second = seconds.entry(at_s).or_insert(Second { at_s, ..Second::default() });
            second.all += 1;
            second.handled += usize::from(stored.record.decision().disposition == Disposed::Handle);
        })
        .await?;
        Ok(seconds.into_values().collect())
    }

    /// In a line, what was handled in the last seconds.
    pub(super) async fn handled_lately(&self) -> anyhow::Result<String> {
        let seconds = self.seconds().await?;
        let lately = seconds.iter().rev().take(5);
        let (handled, all) = lately.fold((0, 0), |(handled, all), it| (handled + it.handled, all + it.all));
        Ok(format!("{handled} of the last {all} messages of the class were handled; nobody had to look"))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

impl Traffic {
    /// From now on, what is of the class is written by somebody else.
    pub(super) fn plant(&self, sender: &'static str) {
        *self.planted.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    /// No more of it.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        self.sending.await?
    }
}

fn write_files(config: &Path, folder: &Path, url: &str) -> anyhow::Result<()> {
    let mut main = main_file(config)?.text;
    let mut bus = Table::new();
    bus.insert("servers", value(toml_edit::Array::from_iter([url])));
    main.insert("bus", Item::Table(bus));
    let seed = Seed::generate();
    let operators = format!(
        "deployment = \"story\"\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"*\"]\npromotions = true\n\
         [[operator.grants]]\nchannels = [\"*\"]\ntypes = [\"*\"]\n",
        seed.public()
    );
    let policy = format!(
        "# Everything at level 1.\n[[class]]\nname = \"{CLASS}\"\naction = {{ type = \"label\", label = \"update\" }}\n\n\
         # More than anybody would want to review, so that the story is short.\n\
         [review]\npercent = 100\nper_hour_max = 1000\n"
    );
    for (name, text) in [
        ("decile.toml", main.to_string()),
        ("operators.toml", operators),
        ("policy.toml", policy),
        ("ada.key", seed.reveal()?.to_string()),
    ] {
        std::fs::write(folder.join(name), text)?;
    }
    let key = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("ada.key"), key)?;
    Ok(())
}
