//! One history: a few messages, two or three instances, and whatever the seed has in store for them.

use crate::broker::{ACK_WAIT, Broker, PLAN_AGE, Record, WINDOW};
use crate::instance::{Instance, Without};
use crate::packs::Packs;

const STEPS: u32 = 1_500;
/// Steps until all must have been settled once nothing goes wrong any more.
const STEPS_TO_REST: u32 = 200_000;

/// Kinds of trouble: the broker dies; copies of our stream are behind.
const DEATH: u32 = 6;
const LAG: u32 = 7;

/// What happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Went {
    pub(crate) messages: u64,
    pub(crate) redelivered: u64,
    pub(crate) duplicates: u64,
    pub(crate) leases_over: u64,
    pub(crate) looked_up: u64,
    pub(crate) found: u64,
    pub(crate) crashes: u64,
    pub(crate) slept: u64,
    pub(crate) cuts: u64,
    pub(crate) stalls: u64,
    pub(crate) deaths: u64,
    pub(crate) dead: u64,
    /// Decided again under a pack that would have decided otherwise, and not committed.
    pub(crate) decided_otherwise: u64,
}

impl Went {
    pub(crate) fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.redelivered += other.redelivered;
        self.duplicates += other.duplicates;
        self.leases_over += other.leases_over;
        self.looked_up += other.looked_up;
        self.found += other.found;
        self.crashes += other.crashes;
        self.slept += other.slept;
        self.cuts += other.cuts;
        self.stalls += other.stalls;
        self.deaths += other.deaths;
        self.dead += other.dead;
        self.decided_otherwise += other.decided_otherwise;
    }

    fn take(&mut self, instance: &Instance) {
        self.duplicates += instance.duplicates;
        self.leases_over += instance.leases_over;
        self.looked_up += instance.looked_up;
        self.found += instance.found;
    }
}

/// Plays one history to its end.
pub(crate) fn run(seed: u64, packs: &Packs, without: Without) -> Result<Went, String> {
    let mut history = History::new(seed, packs);
    for _ in 0..STEPS {
        history.trouble(without);
        history.step(without)?;
    }
    history.heal();
    for _ in 0..STEPS_TO_REST {
        history.step(without)?;
        if history.is_at_rest() {
            return history.judge();
        }
    }
    Err(format!("something is not settled: {:?}", history.went))
}

struct History<'p> {
    packs: &'p Packs,
    rng: fastrand::Rng,
    broker: Broker,
    instances: Vec<Instance>,
    started: u64,
    received: u64,
    went: Went,
    /// How much may go wrong.
    faults: u32,
    /// Machines are paused so that no clock of theirs knows; else the broker dies.
    is_paused: bool,
    /// How many steps pass, in the mean, until time leaps.
    calm: u32,
}

impl<'p> History<'p> {
    fn new(seed: u64, packs: &'p Packs) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut broker = Broker::default();
        broker.now = 1_000_000;
        let faults = rng.u32(2..40);
        let (count, is_paused) = (rng.usize(1..=3), rng.bool());
        let mut history = Self {
            packs,
            rng,
            broker,
            instances: Vec::new(),
            started: 0,
            received: 0,
            went: Went::default(),
            faults,
            is_paused,
            calm: 1_000,
        };
        for _ in 0..count {
            let instance = history.start();
            history.instances.push(instance);
        }
        history
    }

    fn start(&mut self) -> Instance {
        self.started += 1;
        let world = self.rng.usize(..self.packs.count());
        // What dies forgets.
        Instance::new(self.started, world, self.rng.i64(-100_000..=100_000), !self.is_paused)
    }

    /// What may happen at any time.
    fn trouble(&mut self, without: Without) {
        if self.rng.u32(..40) == 0 && self.received < 8 {
            self.received += 1;
            self.broker.receive(self.received);
        }
        if self.rng.u32(..1_000) >= self.faults {
            return;
        }
        let at = self.rng.usize(..self.instances.len());
        // What some safeguards are there for takes one thing at the right moment, and for long: there is more of it.
        let wanted = match without {
            Without::Clearance => Some(DEATH),
            Without::Fresh => Some(LAG),
            _ => None,
        };
        let wanted = wanted.filter(|_| self.rng.u32(..3) == 0);
        match wanted.unwrap_or_else(|| self.rng.u32(..11)) {
            0 => {
                self.went.crashes += 1;
                self.went.take(&self.instances[at]);
                let mut fresh = self.start();
                // What its kernel had taken still goes out.
                for (fresh, dead) in fresh.links.iter_mut().zip(&mut self.instances[at].links) {
                    fresh.up.append(&mut dead.up);
                }
                self.instances[at] = fresh;
            }
            1 | 2 => {
                self.went.slept += 1;
                let ms = [ACK_WAIT, PLAN_AGE, WINDOW, 4 * WINDOW][self.rng.usize(..4)];
                let ms = self.rng.u64(1..2 * ms);
                let instance = &mut self.instances[at];
                instance.asleep_until = self.broker.now + ms;
                // A machine that was stopped as a whole has not seen the time go by; one that was paused by another does not even
                // know.
                if self.rng.bool() {
                    instance.unseen += ms;
                    instance.unseen_by_wall += if self.is_paused { ms } else { 0 };
                }
            }
            3 => {
                self.went.cuts += 1;
                let link = self.rng.usize(..3);
                self.instances[at].cut(link);
            }
            4 => self.instances[at].world = self.rng.usize(..self.packs.count()),
            5 => self.broker.is_full = self.rng.bool(),
            // More than can be withstood: see `decile::commit`.
            DEATH if self.is_paused => {}
            DEATH => {
                self.went.deaths += 1;
                let away_min = if wanted.is_some() { WINDOW } else { [1, PLAN_AGE, WINDOW][self.rng.usize(..3)] };
                self.broker.dies(self.rng.u64(away_min..2 * away_min + 500), &mut self.rng);
                self.instances.iter_mut().for_each(|instance| (0..3).for_each(|link| instance.cut(link)));
            }
            LAG => self.broker.lag = self.rng.u64(..2 * WINDOW),
            8 => {
                self.went.stalls += 1;
                let link = self.rng.usize(..3);
                self.instances[at].links[link].stalled_until = self.broker.now + self.rng.u64(..2 * ACK_WAIT);
            }
            _ => {
                let ms_max = [500, ACK_WAIT, WINDOW][self.rng.usize(..3)];
                self.broker.now += self.rng.u64(..ms_max);
                // Nobody had a turn meanwhile.
                let now = self.broker.now;
                self.instances.iter_mut().for_each(|instance| instance.asleep_until = instance.asleep_until.max(now));
            }
        }
    }

    /// Nothing goes wrong any more; who sleeps wakes up in time.
    fn heal(&mut self) {
        self.broker.is_full = false;
        self.broker.lag = 0;
        // Half of the steps are turns of instances, shared by eleven things to do on three links: a lease is renewed within its
        // age only where its time takes enough of them.
        self.calm = 300;
    }

    fn is_at_rest(&self) -> bool {
        self.broker.is_done() && self.instances.iter().all(|instance| instance.is_at_rest(self.broker.now))
    }

    fn step(&mut self, without: Without) -> Result<(), String> {
        self.broker.now += if self.rng.u32(..self.calm) == 0 { self.rng.u64(..ACK_WAIT) } else { self.rng.u64(..5) };
        let at = self.rng.usize(..self.instances.len());
        let link = self.rng.usize(..3);
        let (broker, instance, rng) = (&mut self.broker, &mut self.instances[at], &mut self.rng);
        let is_awake = broker.now >= instance.asleep_until;
        match rng.u32(..4) {
            0 if is_awake && !broker.is_away() => instance.send(link, broker.now, without, rng),
            0 => {}
            1 => {
                let link = &mut instance.links[link];
                if broker.now >= link.stalled_until
                    && let Some(asked) = link.up.pop_front()
                {
                    let now = broker.now;
                    link.down.extend(broker.asked(asked).into_iter().map(|told| (now, told)));
                }
            }
            _ if is_awake => {
                let ids = |message| broker.id_of(message);
                instance.step(broker.now, rng, self.packs, without, &ids);
            }
            _ => {}
        }
        self.broker.wrong.take().map_or(Ok(()), Err)
    }

    fn judge(mut self) -> Result<Went, String> {
        for (message, records) in self.broker.committed() {
            if records.len() != 1 {
                return Err(format!("{message} is decided twice: {records:?}"));
            }
            self.went.dead += u64::from(records[0] == Record::Dead);
        }
        let committed: Vec<u64> = self.broker.committed().keys().copied().collect();
        if !committed.iter().copied().eq(self.broker.messages()) {
            return Err(format!("a message is lost: {committed:?}"));
        }
        let went = std::mem::take(&mut self.went);
        let mut went = Went { messages: self.received, redelivered: self.broker.redelivered, ..went };
        went.decided_otherwise = self.broker.decided_otherwise;
        self.instances.iter().for_each(|instance| went.take(instance));
        Ok(went)
    }
}
