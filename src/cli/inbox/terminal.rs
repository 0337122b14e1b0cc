//! The inbox in a terminal: brings keys, the clock and what is published to the screen, and carries out what it wants.

use super::answering::{Outcome, publish};
use super::opened::{Opened, Place, published};
use crate::cli::Exit;
use crate::cli::args::{ConfigFile, Connect};
use crate::cli::signing::{KeyArgs, Signatory};
use crate::cli::world;
use crate::decision::DecisionId;
use crate::inbox::TEXT_BYTES_MAX;
use crate::inbox::answer::{Natures, Prepared};
use crate::inbox::screen::draw::draw;
use crate::inbox::screen::{Input, Intent, Key, Person, Screen};
use crate::store::{Kept, Watch};
use anyhow::Context as _;
use async_nats::connection::State;
use jiff::Timestamp;
use ratatui::DefaultTerminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, enable_raw_mode};
use std::io::{Read as _, Write as _, stdout};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long a key is waited for before something else is looked at: how late news can be.
pub(in crate::cli) const POLL: Duration = Duration::from_millis(50);
/// How often the clock is looked at.
pub(in crate::cli) const TICK: Duration = Duration::from_secs(1);
/// How long until the stream is read again after it could not be.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// What comes from the bus.
pub(in crate::cli) enum News {
    /// Something was published.
    Published(Kept),
    /// The stream cannot be read, or can be again.
    Reading(Option<String>),
    /// An answer was stored.
    Stored(DecisionId),
    /// It was not.
    Refused(String),
}

/// Runs it until the person leaves.
pub(super) fn run(file: &ConfigFile, connect: &Connect, key: &KeyArgs) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let config = world::load_config(&file.config)?;
    let signatory = if key.is_given() { Some(Arc::new(key.signatory(&config)?)) } else { None };
    let Opened { place, config, inbox, watch } = runtime.block_on(Opened::with(config, connect))?;
    let natures = Natures::of(&config.policy);
    let person = signatory.as_ref().map(|it| Person { operator: it.operator.clone(), natures });
    let (tell, news) = channel();
    runtime.spawn(follow(watch, tell.clone()));
    let screen = Screen::new(inbox, person, editor().is_some(), Timestamp::now());
    let mut session = Session { screen, place, signatory, runtime, tell, news, is_connected: true };
    let mut terminal = Terminal::enter()?;
    let ended = session.run(&mut terminal);
    drop(terminal);
    session.runtime.shutdown_background();
    ended
}

/// Everything that a terminal session holds.
struct Session {
    screen: Screen,
    place: Place,
    signatory: Option<Arc<Signatory>>,
    runtime: tokio::runtime::Runtime,
    tell: Sender<News>,
    news: Receiver<News>,
    is_connected: bool,
}

impl Session {
    fn run(&mut self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let (mut is_new, mut ticked) = (true, Instant::now());
        loop {
            if is_new {
                terminal.inner.draw(|frame| draw(frame, &self.screen))?;
            }
            is_new = false;
            if event::poll(POLL)? {
                is_new = true;
                let intent = self.pressed(&event::read()?);
                if self.carry_out(intent, terminal)? {
                    return Ok(Exit::Yes);
                }
            }
            while let Ok(news) = self.news.try_recv() {
                is_new = true;
                self.hear(news);
            }
            if ticked.elapsed() >= TICK {
                (is_new, ticked) = (true, Instant::now());
                self.tick();
            }
        }
    }

    fn pressed(&mut self, event: &Event) -> Intent {
        match event {
            Event::Key(key) => key_of(key).map_or(Intent::Nothing, |key| self.screen.take(Input::Key(key))),
            Event::Paste(text) => self.screen.take(Input::Paste(text)),
            // Painting asks for the size each time.
            _ => Intent::Nothing,
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Published(kept) => self.screen.take(Input::Published(published(&kept))),
            News::Reading(trouble) => self.screen.take(Input::Connection { trouble }),
            News::Stored(decision) => self.screen.take(Input::Stored { decision }),
            News::Refused(why) => self.screen.take(Input::Refused { why }),
        };
    }

    fn tick(&mut self) {
        self.screen.take(Input::Now(Timestamp::now()));
        let is_connected = self.place.connection.client.connection_state() == State::Connected;
        if is_connected != self.is_connected {
            self.is_connected = is_connected;
            let trouble = (!is_connected).then(|| "the connection is lost; trying to get it back".to_owned());
            self.screen.take(Input::Connection { trouble });
        }
    }

    /// Carries out what the screen wants; whether it wants to be closed comes back.
    fn carry_out(&mut self, intent: Intent, terminal: &mut Terminal) -> anyhow::Result<bool> {
        match intent {
            Intent::Nothing => {}
            Intent::Quit => return Ok(true),
            Intent::Sign { prepared, typed } => self.sign(*prepared, typed),
            Intent::Edit(text) => {
                let edited = terminal.aside(|| edit(&text))?;
                let input = match edited {
                    Ok(text) => Input::Edited(text),
                    Err(error) => Input::Refused { why: format!("the editor failed: {error}") },
                };
                self.screen.take(input);
            }
        }
        Ok(false)
    }

    /// Signs and publishes beside the screen, which goes on.
    fn sign(&self, prepared: Prepared, typed: Option<String>) {
        let Some(signatory) = self.signatory.clone() else { return };
        let (place, tell) = (self.place.clone(), self.tell.clone());
        self.runtime.spawn(async move {
            let news = match publish(&place, prepared, typed.as_deref(), &signatory).await {
                Ok(Outcome::Stored(answered)) => News::Stored(answered.ruling.decision),
                Ok(Outcome::Taken(_)) => News::Refused("it was answered before; see who by".to_owned()),
                Err(error) => News::Refused(format!("{error:#}")),
            };
            // Nobody listens any more once the screen is closed.
            let _ = tell.send(news);
        });
    }
}

/// Tells of everything that is published, for as long as somebody listens. What fails is tried again.
pub(in crate::cli) async fn follow(mut watch: Watch, tell: Sender<News>) {
    let mut is_failing = false;
    loop {
        let news = match watch.next().await {
            Ok(kept) => {
                if std::mem::take(&mut is_failing) && tell.send(News::Reading(None)).is_err() {
                    return;
                }
                News::Published(kept)
            }
            Err(trouble) => {
                is_failing = true;
                tokio::time::sleep(RETRY_DELAY).await;
                News::Reading(Some(trouble.to_string()))
            }
        };
        if tell.send(news).is_err() {
            return;
        }
    }
}

/// The terminal in its drawing state; as it was before, once this is gone.
pub(in crate::cli) struct Terminal {
    pub(in crate::cli) inner: DefaultTerminal,
}

impl Terminal {
    pub(in crate::cli) fn enter() -> anyhow::Result<Self> {
        let inner = ratatui::try_init().context("the terminal cannot be drawn on; `--plain` prints lines")?;
        let _ = execute!(stdout(), EnableBracketedPaste);
        Ok(Self { inner })
    }

    /// Something else has the terminal for a while.
    fn aside<T>(&mut self, other: impl FnOnce() -> T) -> std::io::Result<T> {
        leave();
        let made = other();
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Clear(ClearType::All))?;
        // A new one remembers nothing of what was painted before.
        self.inner = ratatui::Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(made)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
    }
}

fn leave() {
    let _ = execute!(stdout(), DisableBracketedPaste);
    let _ = ratatui::try_restore();
}

/// The person's editor.
fn editor() -> Option<String> {
    ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|editor| !editor.is_empty())
}

/// A text in the person's editor; `None` where it was left as it is, or the editor says that it failed.
fn edit(text: &str) -> std::io::Result<Option<String>> {
    let mut file = tempfile::Builder::new().prefix("decile-draft-").suffix(".txt").tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let command = format!("{} \"$1\"", editor().unwrap_or_default());
    let ended = std::process::Command::new("sh").args(["-c", &command, "sh"]).arg(file.path()).status()?;
    let mut edited = String::new();
    // Editors replace files: it is read by its name.
    std::fs::File::open(file.path())?.take(TEXT_BYTES_MAX as u64 + 1).read_to_string(&mut edited)?;
    let is_changed = edited.trim_end() != text.trim_end();
    Ok((ended.success() && is_changed).then_some(edited))
}

/// The key that was pressed, where it is one that we know.
pub(in crate::cli) fn key_of(key: &KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    Some(match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Tab => Key::Tab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
