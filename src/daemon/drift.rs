//! Drift: what this instance decided is counted and told, what all told is folded, and an alarm is given once over all
//! instances.

use super::agreement::Watchful;
use super::workers::Snapshots;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::outbound::Outlet;
use crate::bus::records::find_last;
use crate::bus::{Published, Trouble, publish_expecting};
use crate::class::Class;
use crate::decision::Disposed;
use crate::drift::{Alarm, Detector, REPLAY_S, Tally, TallyRecord, WINDOW_S};
use crate::metrics::Counted;
use crate::store::DriftReader;
use crate::trust::Sampler;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// How long the last word may take when we stop.
const LAST_WORD_MAX: Duration = Duration::from_secs(2);
/// The most windows that wait to be told: an hour's.
const UNTOLD_MAX: usize = 12;
/// An alarm of longer ago is no news: whoever starts folds what others have seen.
const NEWS_S: i64 = 2 * 86_400;
/// For how long more is sampled after an alarm.
const SAMPLED_MORE_S: i64 = 86_400;
/// How long tallies are kept: as long as they say anything, and a day.
const KEPT: Duration = Duration::from_secs(REPLAY_S.unsigned_abs() + 86_400);

/// What was decided here, counted by windows.
#[derive(Debug, Default)]
pub(super) struct Counting(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    current: Tally,
    over: Vec<Tally>,
}

impl Counting {
    /// Counts a committed decision. What is passed on is not triaged.
    pub(super) fn count(&self, counted: &Counted, now: Timestamp) {
        if counted.disposition() == Disposed::Pass {
            return;
        }
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.go_on(now.as_second());
        let reason = counted.reason().map(|reason| reason.as_str());
        windows.current.add(counted.class().map(Class::as_str), reason, counted.payload_bytes, counted.unknown_words);
    }

    /// The windows that are over.
    fn over(&self, now: Timestamp) -> Vec<Tally> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.go_on(now.as_second());
        std::mem::take(&mut windows.over)
    }

    /// The same with the one that is not.
    fn all(&self, now: Timestamp) -> Vec<Tally> {
        let mut over = self.over(now);
        let current = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).current);
        over.extend((current.start_s > 0).then_some(current));
        over
    }
}

impl Windows {
    fn go_on(&mut self, now_s: i64) {
        // A clock that was far ahead has counted what belongs nowhere; one that is set back by a little changes nothing.
        if now_s < self.current.start_s - WINDOW_S {
            self.current = Tally::at(now_s);
        }
        if now_s >= self.current.start_s + WINDOW_S {
            let over = std::mem::replace(&mut self.current, Tally::at(now_s));
            if over.start_s > 0 {
                self.over.push(over);
            }
        }
    }
}

/// What is told on `<root>.alert.drift`.
#[derive(Debug, serde::Serialize)]
struct DriftAlert<'a> {
    v: u32,
    detector: &'a str,
    now: f64,
    usual: f64,
    why: &'a str,
    at: Timestamp,
}

/// Tells, folds, and raises alarms.
pub(super) struct Drifting {
    outlet: Outlet,
    snapshot: Snapshots,
    watchful: Watchful,
    sampler: Arc<Mutex<Sampler>>,
    counting: Arc<Counting>,
    /// Names this start of this instance.
    instance: u64,
    untold: VecDeque<Tally>,
    /// What all have told; none where it could not be read.
    told: Option<DriftReader>,
    is_caught_up: bool,
    /// Alarms that are not told yet.
    unraised: VecDeque<Alarm>,
}

impl Drifting {
    pub(super) fn new(
        snapshot: Snapshots,
        watchful: Watchful,
        sampler: Arc<Mutex<Sampler>>,
        counting: Arc<Counting>,
    ) -> Self {
        let outlet = watchful.outlet.clone();
        let (instance, untold, unraised) = (fastrand::u64(..), VecDeque::new(), VecDeque::new());
        let (told, is_caught_up) = (None, false);
        Self { outlet, snapshot, watchful, sampler, counting, instance, untold, told, is_caught_up, unraised }
    }

    /// Looks until `stop`, and then tells what is left.
    pub(super) async fn keep(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.look() => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.untold.extend(self.counting.all(Timestamp::now()));
        let _ = tokio::time::timeout(LAST_WORD_MAX, self.tell()).await;
    }

    /// Each by itself: who cannot tell can still hear.
    async fn look(&mut self) {
        self.untold.extend(self.counting.over(Timestamp::now()));
        let told = self.tell().await;
        let read = self.read().await;
        let raised = self.raise().await;
        for trouble in [told, read, raised].into_iter().filter_map(Result::err) {
            tracing::warn!(%trouble, "drift was not looked after; trying again");
        }
    }

    /// One record a window: also where nothing was decided, so that everybody sees that the window is over.
    async fn tell(&mut self) -> Result<(), Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        // What is older would come too late to count.
        self.untold.drain(..self.untold.len().saturating_sub(UNTOLD_MAX));
        while let Some(tally) = self.untold.front() {
            let subject = root.tally(tally.start_s, self.instance);
            let bytes = TallyRecord::new(tally.clone()).encode().map_err(|error| other(&error))?;
            // Taken: an answer that was lost.
            match publish_expecting(connection, stream, &subject, 0, KEPT, bytes).await? {
                Published::Stored(_) | Published::Taken => self.untold.pop_front(),
            };
        }
        Ok(())
    }

    /// What was told since the last look. After trouble, all is read anew: what was read may have a gap.
    async fn read(&mut self) -> Result<(), Trouble> {
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let mut told = match self.told.take() {
            Some(told) => told,
            None => DriftReader::open(connection, stream, root).await?,
        };
        let alarms = told.read().await?;
        if !self.is_caught_up {
            self.is_caught_up = true;
            tracing::info!(alarms = alarms.len(), "drift: all that was told is read");
        }
        self.told = Some(told);
        self.unraised.extend(alarms);
        Ok(())
    }

    async fn raise(&mut self) -> Result<(), Trouble> {
        while let Some(alarm) = self.unraised.front().cloned() {
            self.alarm(&alarm).await?;
            self.unraised.pop_front();
        }
        Ok(())
    }

    async fn alarm(&self, alarm: &Alarm) -> Result<(), Trouble> {
        let (now, snapshot) = (Timestamp::now(), self.snapshot.load_full());
        let class = class_of(&alarm.what);
        if alarm.at_s < now.as_second() - NEWS_S {
            return Ok(());
        }
        let until_s = alarm.at_s + SAMPLED_MORE_S;
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner).drifted(class.as_ref(), until_s);
        let Outlet { connection, stream, root, .. } = &self.outlet;
        let detector = alarm.what.to_string();
        let slot = root.drift_slot(alarm.at_s, &detector);
        if find_last(connection, stream, slot.as_str()).await?.is_some() {
            return Ok(());
        }
        // Before it is told: who dies in between comes here again.
        if let Some(class) = class.as_ref().filter(|class| snapshot.policy.drift_demotes.contains(class)) {
            self.watchful.drifts(class, &alarm.why, &snapshot).await?;
        }
        let (why, at) = (alarm.why.as_str(), Timestamp::from_second(alarm.at_s).unwrap_or(now));
        let told = DriftAlert { v: 1, detector: &detector, now: alarm.now, usual: alarm.usual, why, at };
        let bytes = serde_json::to_vec(&told).map_err(|error| other(&error))?;
        let entries = [
            BatchEntry { subject: slot, bytes: Vec::new().into(), kept: Some(KEPT), expected: Some(0) },
            BatchEntry {
                subject: root.alert("drift"),
                bytes: bytes.into(),
                kept: Some(snapshot.retention.escalated),
                expected: None,
            },
        ];
        match batch::publish(connection, stream, &entries).await {
            Batched::Stored(_) => {
                tracing::warn!(detector, why, "drift");
                self.watchful.metrics.drifted(alarm.what.kind(), class.as_ref(), 1);
                Ok(())
            }
            // Another instance told it.
            Batched::Refused => Ok(()),
            Batched::Unknown(why) => Err(other(&why)),
        }
    }
}

/// Which class an alarm is about; none for one of all messages.
fn class_of(what: &Detector) -> Option<Class> {
    match what {
        Detector::Rate { class: Some(class), .. } => Class::parse(class).ok(),
        Detector::Rate { class: None, .. }
        | Detector::Classes
        | Detector::Reasons
        | Detector::Lengths
        | Detector::UnknownWords => None,
    }
}

fn other(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Other { doing: "look after drift".to_owned(), why: why.to_string() }
}
