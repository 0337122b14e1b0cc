//! Reviews in a terminal: brings keys, the clock and what is published to the screen, and carries out what it wants.

use super::Opened;
use super::answer::{Outcome, may, publish};
use crate::cli::Exit;
use crate::cli::args::{ConfigFile, Connect};
use crate::cli::inbox::opened::{Place, published};
use crate::cli::inbox::terminal::{News, POLL, TICK, Terminal, follow, key_of};
use crate::cli::signing::{KeyArgs, Signatory};
use crate::review::screen::{Input, Intent, Prepared, Screen, draw};
use jiff::Timestamp;
use ratatui::crossterm::event::{self, Event};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// Everything that a terminal session holds.
struct Session {
    screen: Screen,
    place: Place,
    signatory: Arc<Signatory>,
    runtime: tokio::runtime::Runtime,
    tell: Sender<News>,
    news: Receiver<News>,
}

/// Runs it until the person leaves.
pub(super) fn run(file: &ConfigFile, connect: &Connect, key: &KeyArgs) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let Opened { place, world, reviews, watch } = runtime.block_on(Opened::open(file, connect))?;
    let signatory = Arc::new(key.signatory(&world.config)?);
    may(&signatory)?;
    let (tell, news) = channel();
    runtime.spawn(follow(watch, tell.clone()));
    let classes = world.pack.classes().cloned().collect();
    let screen = Screen::new(reviews, classes, &signatory.operator.name, Timestamp::now());
    let mut session = Session { screen, place, signatory, runtime, tell, news };
    let mut terminal = Terminal::enter()?;
    let ended = session.run(&mut terminal);
    drop(terminal);
    session.runtime.shutdown_background();
    ended
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
                if let Event::Key(key) = event::read()?
                    && let Some(key) = key_of(&key)
                {
                    match self.screen.take(Input::Key(key)) {
                        Intent::Nothing => {}
                        Intent::Quit => return Ok(Exit::Yes),
                        Intent::Sign(prepared) => self.sign(*prepared),
                    }
                }
            }
            while let Ok(news) = self.news.try_recv() {
                is_new = true;
                if self.hear(news) == Intent::Quit {
                    return Ok(Exit::Yes);
                }
            }
            if ticked.elapsed() >= TICK {
                (is_new, ticked) = (true, Instant::now());
                self.screen.take(Input::Now(Timestamp::now()));
            }
        }
    }

    fn hear(&mut self, news: News) -> Intent {
        match news {
            News::Published(kept) => self.screen.take(Input::Published(published(&kept))),
            News::Reading(trouble) => self.screen.take(Input::Connection(trouble)),
            News::Stored(decision) => self.screen.take(Input::Stored(decision)),
            News::Refused(why) => self.screen.take(Input::Refused(why)),
        }
    }

    /// Signs and publishes beside the screen, which goes on.
    fn sign(&self, prepared: Prepared) {
        let (place, tell, signatory) = (self.place.clone(), self.tell.clone(), Arc::clone(&self.signatory));
        self.runtime.spawn(async move {
            let news = match publish(&place, &prepared, &signatory).await {
                Ok(Outcome::Stored(_)) => News::Stored(prepared.decision),
                Ok(Outcome::Taken) => News::Refused("somebody else has reviewed it".to_owned()),
                Err(error) => News::Refused(format!("{error:#}")),
            };
            // Nobody listens any more once the screen is closed.
            let _ = tell.send(news);
        });
    }
}
