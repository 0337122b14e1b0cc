//! Random cases. Times cluster around one midnight, names are few: what decides is hit again and again.

use crate::case::{Cap, Case, GRANT_MAX, Line, Ns, Paper, S, Says, Signer, Step, What};
use crate::naive::tokens;
use crate::world::{CHANNELS, CLASSES, KINDS, THREADS};
use fastrand::Rng;

/// Half a minute before a minute, an hour, a day and a month end: 2027-01-31T23:59:30Z.
pub(crate) const T0: Ns = 1_801_439_970 * S;

/// Draws histories and cases.
pub(crate) struct Draw {
    pub(crate) rng: Rng,
    /// What was signed: by channel and type, so that a history finds many that could fit.
    papers: Vec<Vec<Paper>>,
    resumes: Vec<What>,
    /// A grant whose revocation was stored just now, on its subject.
    upon: Option<(String, What)>,
}

/// What a history is mostly about.
#[derive(Clone)]
pub(crate) struct Focus {
    channel: &'static str,
    kind: &'static str,
    class: &'static str,
    thread: Option<&'static str>,
    emoji: Option<&'static str>,
    heard: Ns,
    /// Caps that its policies have, and whose slots are taken.
    caps: Vec<Cap>,
}

/// Papers for a channel and a type; and sequences in a history, so that a resume can name each.
const PAPERS: usize = 24;
const SEQUENCE_MAX: u64 = 32;

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        let mut draw = Self { rng: Rng::with_seed(seed), papers: Vec::new(), resumes: Vec::new(), upon: None };
        for channel in CHANNELS {
            for kind in KINDS {
                let papers = (0..PAPERS).map(|_| draw.paper(channel, kind)).collect();
                draw.papers.push(papers);
            }
        }
        for revision in 1..=SEQUENCE_MAX {
            let signers = [Signer::Ada, Signer::Ada, Signer::Bob, Signer::Stranger, Signer::Elsewhere, Signer::Renamed];
            for signer in signers {
                let issued = draw.around(T0, &[0, 10, -20]);
                draw.resumes.push(What::Resume(signer, revision, issued));
            }
        }
        draw
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())].clone()
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.rng.u32(..many) == 0
    }

    /// One of these seconds from a moment; now and then a nanosecond beside it.
    fn around(&mut self, at: Ns, seconds: &[i64]) -> Ns {
        at + self.pick(seconds) * S + self.pick(&[0, 0, 0, 1, -1])
    }

    /// What is asked for, or anything.
    fn mostly<T: Clone>(&mut self, it: T, any: &[T]) -> T {
        if self.one_in(8) { self.pick(any) } else { it }
    }

    fn paper(&mut self, channel: &'static str, kind: &'static str) -> Paper {
        let issued_at = self.around(T0, &[0, 0, 20, -30]);
        let not_before = self.around(issued_at, &[0, 0, 0, -60, 40]);
        let rare = [Signer::Bob, Signer::Stranger, Signer::Elsewhere, Signer::Renamed, Signer::Changed];
        let expires_at = match self.rng.u32(..10) {
            0 => issued_at + GRANT_MAX + self.pick(&[0, 1]),
            1 => not_before + self.pick(&[0, 1]),
            2..=5 => not_before + 3_600 * S,
            _ => self.around(T0, &[30, 45, 60, 75]),
        };
        Paper {
            signer: if self.one_in(6) { self.pick(&rare) } else { Signer::Ada },
            id: format!("{:032x}", self.rng.u32(..4)),
            channel,
            kind,
            thread: self.pick(&[None, None, None, None, Some("t1"), Some("t2")]),
            after: 0,
            issued_at,
            not_before,
            expires_at,
            uses: self.pick(&[None, None, None, Some(0), Some(1), Some(2), Some(3)]),
            classes: self.pick(&[vec![], vec![], vec![], vec![], vec!["alpha"], vec!["gamma", "beta"]]),
            emoji: self.pick(&[None, None, None, Some("eyes")]),
        }
    }

    pub(crate) fn focus(&mut self) -> Focus {
        let thread = self.pick(&[None, Some("t1"), Some("t2")]);
        let emoji = self.pick(&[None, Some("eyes"), Some("wave")]);
        let mut focus = Focus {
            channel: self.pick(&CHANNELS[..4]),
            kind: self.pick(&KINDS),
            class: self.pick(&CLASSES),
            thread,
            emoji,
            heard: self.around(T0, &[0, 20, 28, 31, 40]),
            caps: Vec::new(),
        };
        focus.caps = (0..4).map(|_| self.cap(&focus)).collect();
        // No policy has two of the same actions in the same window.
        focus.caps.sort_by_key(|it| (it.class, it.channel, it.kind, it.window));
        focus.caps.dedup_by_key(|it| (it.class, it.channel, it.kind, it.window));
        focus
    }

    /// The next step of a history; `sequence` is the last one that was stored.
    pub(crate) fn step(&mut self, focus: &Focus, sequence: u64, steps: &[Step]) -> Step {
        if self.one_in(24) {
            return Step::Missed;
        }
        if steps.is_empty() || self.one_in(5) {
            let off = self.pick(&[0, 0, 0, 0, 1, -4, 5, -5, 6]) * S;
            let brokers = focus.heard + off + self.pick(&[0, 0, 0, 1, -1]);
            return Step::Heard { ours: focus.heard, brokers };
        }
        let sequence = sequence + self.rng.u64(1..=2);
        // Its clock may be some seconds off ours.
        let at = self.around(focus.heard, &[0, 0, 2, 5, -5, -40, 20]);
        // A halt that stands is ended before long, or tried to.
        let halts = if crate::naive::halt(steps).0 { 12 } else { 1 };
        let upon = self.upon.take();
        let (subject, what) = match self.rng.u32(..24) {
            _ if upon.is_some() => upon.unwrap(),
            it if it < halts => self.halting(steps),
            ..=17 if self.one_in(16) => (self.grant_subject(focus), What::Noise),
            ..=17 if self.one_in(12) => self.leveling(focus, steps, at),
            ..=17 => self.granting(focus, steps),
            _ => (self.slot(focus, at), What::Noise),
        };
        // Sometimes exactly as late as it may be, or later.
        let at = match &what {
            What::Grant(Paper { issued_at, .. })
            | What::Resume(_, _, issued_at)
            | What::Promotion(_, _, _, _, issued_at)
                if self.one_in(4) =>
            {
                issued_at + self.pick(&[60, -60]) * S + self.pick(&[0, 1, -1])
            }
            _ => at,
        };
        Step::Stored { subject, sequence, at, what }
    }

    fn grant_subject(&mut self, focus: &Focus) -> String {
        let (kind, channel) = (self.mostly(focus.kind, &KINDS), self.mostly(focus.channel, &CHANNELS));
        let more = if self.one_in(12) { ".x" } else { "" };
        format!("decile.grant.{kind}.{}{more}", tokens(channel))
    }

    /// A grant; mostly its revocation is stored first, and it names what was there before that.
    fn granting(&mut self, focus: &Focus, steps: &[Step]) -> (String, What) {
        let (kind, channel) = (self.mostly(focus.kind, &KINDS), self.mostly(focus.channel, &CHANNELS));
        let at = |names: &[&str], name| names.iter().position(|it| *it == name).unwrap();
        let papers = &self.papers[at(&CHANNELS, channel) * KINDS.len() + at(&KINDS, kind)];
        // Mostly one that could cover what the history is about.
        let fits = |paper: &&Paper| {
            paper.signer == Signer::Ada
                && (paper.thread.is_none() || paper.thread == focus.thread)
                && (paper.classes.is_empty() || paper.classes.contains(&focus.class))
                && (paper.emoji.is_none() || paper.emoji == focus.emoji)
                && (paper.not_before..paper.expires_at).contains(&focus.heard)
        };
        let fitting: Vec<&Paper> = papers.iter().filter(fits).collect();
        let any = fitting.is_empty() || self.rng.u32(..5) == 0;
        let paper = if any {
            papers[self.rng.usize(..papers.len())].clone()
        } else {
            fitting[self.rng.usize(..fitting.len())].clone()
        };
        // Sometimes where another's grant belongs.
        let subject = if self.one_in(12) {
            self.grant_subject(focus)
        } else {
            format!("decile.grant.{kind}.{}", tokens(channel))
        };
        let stored = |it: &Step| match it {
            Step::Stored { subject: on, sequence, .. } if *on == subject => Some(*sequence),
            _ => None,
        };
        let on: Vec<u64> = steps.iter().rev().filter_map(stored).chain([0]).collect();
        let after = if self.one_in(10) { self.pick(&on).saturating_sub(self.rng.u64(..2)) } else { on[0] };
        let grant = What::Grant(Paper { after, ..paper });
        if self.one_in(16) {
            return (subject, grant);
        }
        self.upon = Some((subject.clone(), grant));
        (subject, What::Noise)
    }

    /// A promotion or a demotion.
    fn leveling(&mut self, focus: &Focus, steps: &[Step], at: Ns) -> (String, What) {
        let (class, channel) = (self.mostly(focus.class, &CLASSES), self.mostly(focus.channel, &CHANNELS));
        let subject = crate::naive::level_subject(class, channel);
        if self.one_in(4) {
            return (subject, What::Noise);
        }
        let rare = [Signer::Bob, Signer::Stranger, Signer::Elsewhere, Signer::Renamed, Signer::Changed];
        let signer = if self.one_in(6) { self.pick(&rare) } else { Signer::Ada };
        let (of, on) = (self.mostly(class, &CLASSES), self.mostly(channel, &CHANNELS));
        let last = last_on(steps, &subject);
        let after = if self.one_in(4) { (last + self.rng.u64(..3)).saturating_sub(1) } else { last };
        // Whole seconds: what is signed is kept, and each is signed once.
        (subject, What::Promotion(signer, of, on, after, at / S * S))
    }

    fn halting(&mut self, steps: &[Step]) -> (String, What) {
        let halt = "decile.control.halt".to_owned();
        let last = steps.iter().rev().find_map(|step| match step {
            Step::Stored { subject, sequence, .. } if *subject == halt => Some(*sequence),
            _ => None,
        });
        let what = match last {
            Some(last) if last <= SEQUENCE_MAX && !self.one_in(6) => {
                let first = usize::try_from(last - 1).unwrap() * 6;
                let any = self.rng.usize(..6);
                let which = if self.one_in(3) { any } else { 0 };
                self.resumes[first + which].clone()
            }
            _ if self.one_in(4) => self.pick(&self.resumes.clone()[..12]),
            _ => What::Noise,
        };
        (halt, what)
    }

    /// A slot that is taken, or what looks like one.
    fn slot(&mut self, focus: &Focus, at: Ns) -> String {
        let number = self.pick(&[0, 0, 0, 1, 1, 2]);
        if self.one_in(4) {
            return format!("decile.slot.use.{:032x}.{number}", self.rng.u32(..4));
        }
        if self.one_in(10) {
            let odd = [
                "decile.slot.fence.x.0",
                "decile.slot.use.x",
                "decile.slot.cap.=all.=all.=all.=all.x",
                "elsewhere.slot.use.0",
            ];
            return self.pick(&odd).to_owned();
        }
        let cap = if self.one_in(6) { self.cap(focus) } else { self.pick(&focus.caps) };
        let now = self.around(at, &[0, 0, 0, 5, -5]);
        format!("{}.{number}", crate::naive::window(&cap, now).0)
    }

    fn cap(&mut self, focus: &Focus) -> Cap {
        let named = |draw: &mut Self, it, any: &[&'static str]| draw.rng.bool().then(|| draw.mostly(it, any));
        Cap {
            class: named(self, focus.class, &CLASSES),
            channel: named(self, focus.channel, &CHANNELS),
            kind: named(self, focus.kind, &KINDS),
            window: self.pick(&['m', 'h', 'd']),
            most: self.pick(&[1, 2, 3, 4]),
        }
    }

    fn line(&mut self, focus: &Focus, steps: &[Step]) -> Line {
        let last = last_on(steps, &crate::naive::level_subject(focus.class, focus.channel));
        let ends_at = self.one_in(16).then(|| self.around(focus.heard, &[-20, 0, 5, 60]));
        Line {
            after: if self.one_in(12) { self.pick(&[0, last.saturating_sub(1), last + 1]) } else { last },
            ends_at,
            level: self.pick(&[0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3]),
            kind: self.mostly(focus.kind, &KINDS),
            outward: !self.one_in(10),
            reversibility: self.pick(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2]),
            emoji: self.mostly(focus.emoji, &[None, Some("eyes")]),
            max_age: self.pick(&[60, 3_600, 7_200]) * S,
            desk: self.pick(&["human", "orchestrator", "law"]),
        }
    }

    /// A message, a policy and a moment.
    pub(crate) fn case(&mut self, focus: &Focus, steps: &[Step]) -> Case {
        let class = self.mostly(focus.class, &CLASSES);
        let says = match self.rng.u32(..30) {
            0 => Says::Broken,
            1 => Says::Nothing,
            2 => Says::Two,
            3 => Says::Lawyer,
            _ => Says::Class(class),
        };
        let mut lines = Vec::new();
        for class in ["alpha", "beta"] {
            lines.push((class, None, self.line(focus, steps)));
            for channel in [focus.channel, "mail.box"] {
                if self.one_in(4) && !lines.iter().any(|(it, on, _)| *it == class && *on == Some(channel)) {
                    lines.push((class, Some(channel), self.line(focus, steps)));
                }
            }
        }
        let channel = self.mostly(focus.channel, &CHANNELS);
        let caps = focus.caps.iter().filter(|_| self.rng.bool());
        let caps = caps.cloned().collect::<Vec<_>>().into_iter().map(|it| Cap { most: self.pick(&[1, 1, 2, 3]), ..it });
        let caps = caps.collect();
        let now = self.moment(focus, steps);
        let stored_at = now - self.pick(&[0, 0, 0, 1, 1, -1, -1, 59, 60, 3_601]) * S - self.pick(&[0, 0, 1, -1]);
        Case {
            says,
            channel,
            direct: channel == "chat.direct",
            automated: self.one_in(12),
            stored_at,
            sent_at: self.pick(&[None, None, None, Some(stored_at), Some(stored_at + 9 * S), Some(stored_at - 60 * S)]),
            thread: self.mostly(focus.thread, &[None, Some(THREADS[0]), Some(THREADS[1])]),
            lines,
            unlisted: self.line(focus, steps),
            caps,
            now,
        }
    }

    /// Mostly soon after the broker was heard; often when a grant begins or ends, or a day.
    fn moment(&mut self, focus: &Focus, steps: &[Step]) -> Ns {
        let bounds: Vec<Ns> = steps
            .iter()
            .flat_map(|step| match step {
                Step::Stored { what: What::Grant(paper), .. } => vec![paper.not_before, paper.expires_at],
                _ => vec![T0 + 30 * S],
            })
            .filter(|at| (at - focus.heard).abs() < 16 * S)
            .collect();
        if !bounds.is_empty() && self.one_in(3) {
            let bound = self.pick(&bounds);
            return bound + self.pick(&[0, -1, 1]);
        }
        self.around(focus.heard, &[0, 0, 1, 5, 10, 14, 15, -15, 16])
    }
}

/// The sequence of the last record on a subject; 0 where there is none.
fn last_on(steps: &[Step], wanted: &str) -> u64 {
    let last = steps.iter().rev().find_map(|step| match step {
        Step::Stored { subject, sequence, .. } if subject == wanted => Some(*sequence),
        _ => None,
    });
    last.unwrap_or(0)
}
