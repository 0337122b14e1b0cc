//! A search for the message that takes the most steps: hill climbing over a few pieces that are repeated.

use crate::channel::Channel;
use crate::classify::{self, ClassifyLimits, Scratch};
use crate::message::Message;
use crate::pack::Pack;
use fastrand::Rng;
use jiff::Timestamp;

/// A search.
pub(super) struct Search<'p> {
    pub(super) pack: &'p Pack,
    pub(super) limits: ClassifyLimits,
    /// The longest message, all fields together.
    pub(super) bytes_max: usize,
    pub(super) channel: Channel,
    pub(super) tries: usize,
    pub(super) seed: u64,
}

/// The worst message that was found.
#[derive(Clone)]
pub(super) struct Worst {
    pub(super) steps: u64,
    pub(super) message: Message,
    genome: Genome,
}

/// What a message is made of: pieces, repeated; then an end. Which field has it all, by its number; the others have a
/// piece each.
#[derive(Clone, Default)]
struct Genome {
    pieces: Vec<String>,
    end: String,
    field: usize,
}

impl Genome {
    fn is_ascii(&self) -> bool {
        self.end.is_ascii() && self.pieces.iter().all(|piece| piece.is_ascii())
    }
}

/// What any rule may be dear for: digits, signs, letters of several widths, what cannot be seen, what folds to much.
const COMMON: &[&str] = &[
    "a", " ", "1", "12", "500", ".", ",", "$", "?", "'", "-", "@", ":", "é", "会", "\u{200b}", "\u{301}", "\u{430}",
    "ﬁ", "👍", "can", "is", "to",
];
/// Pieces of a genome.
const PIECES_MAX: usize = 12;

impl Search<'_> {
    /// Climbs twice: with ASCII alone, and with all characters, where reading them hides what rules are dear for.
    pub(super) fn run(&self, known: &[Worst]) -> [Worst; 2] {
        let pieces = self.pieces();
        let ascii: Vec<String> = pieces.iter().filter(|piece| piece.is_ascii()).cloned().collect();
        let plain: Vec<Worst> = known.iter().filter(|worst| worst.genome.is_ascii()).cloned().collect();
        [self.climb(&ascii, &plain), self.climb(&pieces, known)]
    }

    /// From single pieces, and from what was found before.
    fn climb(&self, pieces: &[String], known: &[Worst]) -> Worst {
        let mut random = Rng::with_seed(self.seed);
        let mut scratch = Scratch::new(self.pack);
        let mut best = self.weigh(Genome::default(), &mut scratch);
        let singles = pieces.iter().flat_map(|piece| {
            let spaced = format!("{piece} ");
            let single = |piece: &String, field| Genome { pieces: vec![piece.clone()], field, ..Genome::default() };
            (0..self.pack.fields.len()).flat_map(move |field| [single(piece, field), single(&spaced, field)])
        });
        for genome in singles.chain(known.iter().map(|worst| worst.genome.clone())) {
            let one = self.weigh(genome, &mut scratch);
            if one.steps > best.steps {
                best = one;
            }
        }
        for _ in 0..self.tries {
            let one = self.weigh(self.changed(&best.genome, pieces, &mut random), &mut scratch);
            if one.steps >= best.steps {
                best = one;
            }
        }
        best
    }

    /// What the rules look for, whole and in parts, and what is dear for any.
    fn pieces(&self) -> Vec<String> {
        let mut pieces: Vec<String> = COMMON.iter().map(|it| (*it).to_owned()).collect();
        for pattern in &self.pack.patterns {
            let plain = pattern.written.replace("\\b", " ").replace("\\d", "1").replace("\\w", "a");
            pieces.extend(plain.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_owned));
            pieces.push(plain);
        }
        pieces.sort();
        pieces.dedup();
        pieces
    }

    fn changed(&self, genome: &Genome, pieces: &[String], random: &mut Rng) -> Genome {
        let mut changed = genome.clone();
        let mut piece = || pieces.get(random.usize(..pieces.len().max(1))).cloned().unwrap_or_default();
        let (new, end) = (piece(), piece());
        let at = random.usize(..=changed.pieces.len());
        match random.u8(..7) {
            0 | 1 if changed.pieces.len() < PIECES_MAX => changed.pieces.insert(at, new),
            2 if changed.pieces.len() < PIECES_MAX => {
                changed.pieces.insert(at, " ".to_owned());
                changed.pieces.insert(at, new);
            }
            3 if at < changed.pieces.len() => drop(changed.pieces.remove(at)),
            4 => changed.pieces.get_mut(at).into_iter().for_each(|place| new.clone_into(place)),
            5 => changed.end = end,
            _ => changed.field = random.usize(..self.pack.fields.len().max(1)),
        }
        changed
    }

    fn weigh(&self, genome: Genome, scratch: &mut Scratch) -> Worst {
        let message = self.message(&genome);
        let steps = classify::find(self.pack, &message, Timestamp::UNIX_EPOCH, &self.limits, scratch).steps();
        Worst { steps, message, genome }
    }

    fn message(&self, genome: &Genome) -> Message {
        let fields = &self.pack.fields;
        let piece = genome.pieces.concat();
        let bytes = self.bytes_max.saturating_sub(genome.end.len() + piece.len() * fields.len().saturating_sub(1));
        let whole = piece.repeat(bytes.checked_div(piece.len()).unwrap_or(0)) + &genome.end;
        let mut message = Message::of(self.channel.clone(), "");
        for (at, field) in fields.iter().enumerate() {
            message.set(field, if at == genome.field { whole.clone() } else { piece.clone() });
        }
        message
    }
}
