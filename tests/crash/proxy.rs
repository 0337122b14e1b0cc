//! Between the daemon and its server: understands NATS's frames well enough to stop everything at a chosen step, and can
//! make the network bad. What a crash at any step needs is so outside the daemon.

mod frame;
mod link;
mod step;

pub(crate) use step::Step;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use step::Trap;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Everything passes.
    Fair,
    /// Everything comes later by so much.
    Slow(Duration),
    /// Nothing passes; it all comes when it is over.
    Held,
    /// Bytes are taken and vanish, and new connections fare no better. When it is over, what was connected stays deaf.
    Swallowed,
    /// Connections are cut, and there are no new ones.
    Cut,
}

/// A running proxy; it ends with this value.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

/// What the links share.
struct Shared {
    server: SocketAddr,
    state: Mutex<State>,
    weather: watch::Sender<Weather>,
    /// Whether the trap has sprung.
    sprung: watch::Sender<bool>,
}

struct State {
    trap: Option<Trap>,
    /// Ends the links that there are.
    links: CancellationToken,
    /// Whether those made now are deaf, and stay so.
    is_deaf: Arc<AtomicBool>,
}

impl Proxy {
    /// Before a server.
    pub(crate) async fn before(url: &str) -> Self {
        let server = url.trim_start_matches("nats://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shared = Arc::new(Shared {
            server,
            state: Mutex::new(State { trap: None, links: CancellationToken::new(), is_deaf: Arc::default() }),
            weather: watch::Sender::new(Weather::Fair),
            sprung: watch::Sender::new(false),
        });
        let address = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Stops everything at the step, the so-manieth time that it is taken.
    pub(crate) fn trap(&self, step: Step, times: usize) {
        self.shared.state.lock().unwrap().trap = Some(Trap::new(step, times));
    }

    /// Waits until the trap has sprung, for a while.
    pub(crate) async fn has_sprung(&self, within: Duration) -> bool {
        let mut sprung = self.shared.sprung.subscribe();
        tokio::time::timeout(within, sprung.wait_for(|it| *it)).await.is_ok()
    }

    /// Ends all connections, forgets the trap; new connections are as if nothing had been.
    pub(crate) fn reset(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.trap = None;
        std::mem::take(&mut state.links).cancel();
        self.shared.sprung.send_replace(false);
    }

    /// Changes the weather.
    pub(crate) fn weather(&self, weather: Weather) {
        let mut state = self.shared.state.lock().unwrap();
        let before = self.shared.weather.send_replace(weather);
        if before == Weather::Swallowed {
            state.is_deaf = Arc::default();
        }
        match weather {
            Weather::Cut => std::mem::take(&mut state.links).cancel(),
            Weather::Swallowed => state.is_deaf.store(true, Ordering::Relaxed),
            Weather::Fair | Weather::Slow(_) | Weather::Held => {}
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.reset();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        if *shared.weather.borrow() == Weather::Cut {
            continue;
        }
        let (ended, is_deaf) = {
            let state = shared.state.lock().unwrap();
            (state.links.clone(), Arc::clone(&state.is_deaf))
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move { ended.run_until_cancelled(link::carry(client, &shared, &is_deaf)).await });
    }
}
