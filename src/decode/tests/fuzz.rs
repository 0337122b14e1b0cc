//! Hostile input by the thousand: always a message or the reason why not, never a panic.

use super::samples::all;
use super::{Case, LIMITS, PRESETS};

const MUTATIONS: usize = 50_000;

/// Pieces that break parsers.
const PIECES: [&[u8]; 16] = [
    b"\0",
    b"\xFF\xFE",
    b"\xED\xA0\x80",
    b"\"",
    b"{\"a\":",
    b"[[[[",
    b"\\ud800",
    b"\r\n\r\n",
    b"\n.\n",
    b"--",
    b"=?utf-8?b?",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: multipart/mixed; boundary=\n\n",
    b"&amp;",
    b"\xE2\x80\xAE",
    b"1e308",
];

/// Marsaglia's xorshift, 64 bits ("Xorshift RNGs", 2003).
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

fn mutate(random: &mut Xorshift, payload: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
            4 => drop(bytes.drain(at..(at + random.below(20)).min(bytes.len()))),
            5 => {
                let end = (at + random.below(60)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => drop(bytes.splice(at.., other[random.below(other.len())..].iter().copied())),
        }
    }
    bytes
}

fn run(seed: u64, mutations: usize) {
    #[expect(clippy::print_stderr, reason = "shown only when the test fails")]
    {
        eprintln!("seed {seed:#x}");
    }
    let samples = all();
    let mut random = Xorshift(seed);
    let mut messages = 0_usize;
    for _ in 0..mutations {
        let (one, other) = (random.below(samples.len()), random.below(samples.len()));
        let payload = mutate(&mut random, &samples[one].case.delivery.payload, &samples[other].case.delivery.payload);
        for preset in PRESETS {
            let mut case = Case::new(preset, &payload);
            case.delivery.headers = samples[one].case.delivery.headers.clone();
            case.recipe.by_hand = samples[other].case.recipe.by_hand.clone();
            if let Ok(message) = case.decode() {
                messages += 1;
                assert!(!message.text.trim().is_empty() && message.text.len() <= LIMITS.message_bytes_max);
            }
        }
    }
    assert!(messages > mutations / 10, "only {messages} messages: the mutations are too wild to test much");
}

#[test]
fn no_mutation_panics() {
    run(0x0DEC_11E5_EED5, MUTATIONS);
}

#[test]
fn the_samples_are_as_they_were_named() {
    for sample in all() {
        let start = sample.name.split(['-', '.']).next().unwrap().to_owned();
        let preset = serde_json::to_value(sample.case.recipe.preset).unwrap();
        assert!(preset.as_str().unwrap().starts_with(&start), "{} is a sample of {preset}", sample.name);
    }
}

/// A well-formed mail being built, with the words that a mail program would show.
struct Builder {
    random: Xorshift,
    boundaries: usize,
    shown: Vec<String>,
}

impl Builder {
    /// A part with its headers, and whether it is inside another mail and so not shown.
    fn part(&mut self, depth: usize, is_hidden: bool) -> String {
        match self.random.below(if depth == 0 { 4 } else { 8 }) {
            0 => format!("Content-Type: text/plain; charset=utf-8\n\n{}\n", self.word(is_hidden)),
            1 => "Content-Type: application/pdf\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n".to_owned(),
            2 => format!("Content-Type: text/x-unknown\n\n{}\n", self.word(is_hidden)),
            3 => format!("Content-Type: text/plain; name=a.txt\n\n{}\n", self.word(is_hidden)),
            4 => {
                let word = self.word(is_hidden);
                let plain = format!("Content-Type: text/plain\n\n{word}\n");
                self.multipart("alternative", &[plain, format!("Content-Type: text/html\n\n<p>{word}</p>\n")])
            }
            5 => format!("Content-Type: message/rfc822\n\nSubject: inner\n{}", self.part(depth - 1, true)),
            _ => {
                let parts: Vec<String> = (0..=self.random.below(3)).map(|_| self.part(depth - 1, is_hidden)).collect();
                self.multipart("mixed", &parts)
            }
        }
    }

    fn multipart(&mut self, kind: &str, parts: &[String]) -> String {
        self.boundaries += 1;
        let boundary = format!("b{}x", self.boundaries);
        let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}")).collect();
        format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n{parts}--{boundary}--\n")
    }

    fn word(&mut self, is_hidden: bool) -> String {
        let word = format!("word{:x}", self.random.next());
        if !is_hidden {
            self.shown.push(word.clone());
        }
        word
    }
}

/// A rule that never sees a part that the reader sees could be talked around.
#[test]
fn no_part_of_a_mail_is_swallowed() {
    let mut builder = Builder { random: Xorshift(0x5EED_1E55), boundaries: 0, shown: Vec::new() };
    let (mut messages, mut refused) = (0_usize, 0_usize);
    for number in 0..20_000 {
        builder.shown.clear();
        let mail = format!("From: a@example.com\nSubject: {number}\n{}", builder.part(4, false));
        match Case::new(crate::decode::recipe::Preset::Mail, &mail).decode() {
            Err(_) => refused += 1,
            Ok(message) => {
                messages += 1;
                let missing: Vec<_> =
                    builder.shown.iter().filter(|word| !message.text.contains(word.as_str())).collect();
                assert!(missing.is_empty(), "{missing:?} of\n{mail}\nis not in\n{}", message.text);
            }
        }
    }
    assert!(messages > refused / 2, "{messages} messages, {refused} refused");
}
