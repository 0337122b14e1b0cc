//! One connection of the daemon's, and the one to the server in its place.

use super::frame::Frame;
use super::step::{Course, From};
use super::{Shared, Weather};
use bytes::{Bytes, BytesMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A frame on its way through.
struct Passing {
    bytes: Bytes,
    due: Instant,
    /// The trap springs once it is written.
    springs: bool,
}

/// Carries until one side ends.
pub(super) async fn carry(client: TcpStream, shared: &Shared, is_deaf: &AtomicBool) {
    let Some(server) = knock(shared).await else { return };
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    tokio::select! {
        () = pump(From::Daemon, client_reads, server_writes, shared, is_deaf) => {}
        () = pump(From::Server, server_reads, client_writes, shared, is_deaf) => {}
    }
}

/// How long whoever comes is kept waiting for a server that is away.
const KNOCKS_MAX: Duration = Duration::from_secs(10);
const KNOCK: Duration = Duration::from_millis(2);

/// A connection to the server, as soon as there is one: who waits here is the first when it is back.
async fn knock(shared: &Shared) -> Option<TcpStream> {
    let until = Instant::now() + KNOCKS_MAX;
    while Instant::now() < until {
        match TcpStream::connect(shared.server).await {
            Ok(server) => return Some(server),
            Err(_) => tokio::time::sleep(KNOCK).await,
        }
    }
    None
}

/// One direction. What was read before the end is still written.
async fn pump(
    from: From,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    shared: &Shared,
    is_deaf: &AtomicBool,
) {
    let (passing, to_write) = mpsc::unbounded_channel();
    tokio::join!(read(from, reader, passing, shared, is_deaf), write(writer, to_write, shared, is_deaf));
}

async fn read(
    from: From,
    mut reader: impl AsyncRead + Unpin,
    passing: mpsc::UnboundedSender<Passing>,
    shared: &Shared,
    is_deaf: &AtomicBool,
) {
    let mut read = BytesMut::with_capacity(65_536);
    while reader.read_buf(&mut read).await.is_ok_and(|it| it > 0) {
        while let Some(frame) = Frame::take(&mut read) {
            let course = shared.see(from, &frame);
            let weather = *shared.weather.borrow();
            let due = Instant::now() + if let Weather::Slow(by) = weather { by } else { Duration::ZERO };
            match course {
                Course::Stop => shared.stopped().await,
                Course::Pass | Course::PassAsLast if is_deaf.load(Ordering::Relaxed) => {}
                Course::Pass | Course::PassAsLast => {
                    let springs = course == Course::PassAsLast;
                    let _ = passing.send(Passing { bytes: frame.bytes, due, springs });
                    if springs {
                        std::future::pending().await
                    }
                }
            }
        }
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut passing: mpsc::UnboundedReceiver<Passing>,
    shared: &Shared,
    is_deaf: &AtomicBool,
) {
    let mut weather = shared.weather.subscribe();
    while let Some(next) = passing.recv().await {
        tokio::time::sleep_until(next.due).await;
        let _ = weather.wait_for(|it| *it != Weather::Held).await;
        if is_deaf.load(Ordering::Relaxed) {
            continue;
        }
        if writer.write_all(&next.bytes).await.is_err() {
            return;
        }
        if next.springs {
            shared.sprung.send_replace(true);
        }
    }
    let _ = writer.shutdown().await;
}

impl Shared {
    fn see(&self, from: From, frame: &Frame) -> Course {
        self.state.lock().unwrap().trap.as_mut().map_or(Course::Pass, |trap| trap.see(from, frame))
    }

    /// Nothing passes any more, until the link is ended.
    async fn stopped(&self) {
        let is_at_once = self.state.lock().unwrap().trap.as_ref().is_some_and(super::step::Trap::stops);
        if is_at_once {
            self.sprung.send_replace(true);
        }
        std::future::pending().await
    }
}
