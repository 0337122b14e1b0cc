//! Regexes: parsed, bounded, and what must be seen before one can match.
//!
//! The views are case-folded, so characters that folding removes are taken out of every class first: `(?i)k`
//! becomes `k` and not `[Kk\u{212a}]`. That leaves literals for the scanner to look for.

use super::gap::{self, GapShape};
use crate::automaton::{Alphabets, Bounds, Program, Refused};
use crate::pack::pattern::Gate;
use crate::views::chars::fold_case;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{self, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// The longest regex, in bytes.
pub(crate) const REGEX_BYTES_MAX: usize = 1_024;
const NESTING_MAX: u32 = 50;
/// What an automaton may take.
const BOUNDS: Bounds =
    Bounds { nfa_states_max: 4_096, dfa_states_max: 4_096, dfa_bytes_max: 256 << 10, dfa_steps_max: 4_000_000 };
const GATE_LITERALS_MAX: usize = 64;
const GATE_LITERAL_BYTES_MIN: usize = 2;
/// Classes with more characters than this are left as they are.
const FOLDED_CLASS_CHARS_MAX: usize = 256;

/// A regex, compiled.
pub(crate) struct Compiled {
    /// How it is matched.
    pub(crate) form: Form,
    /// The names of its groups.
    pub(crate) groups: Vec<String>,
}

impl Compiled {
    /// Whether it has no literal to look for.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.form, Form::Automaton { gate: Gate::Open, .. })
    }
}

/// How a regex is matched.
pub(crate) enum Form {
    /// It is two words and a gap.
    Gap(GapShape),
    /// By an automaton.
    Automaton {
        /// The automaton.
        program: Box<Program>,
        /// What it was made with.
        alphabets: Alphabets,
        /// What must be seen first.
        gate: Gate,
        /// The literals of the gate.
        literals: Vec<Vec<u8>>,
    },
}

/// Why a regex cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegexError {
    /// Too long.
    #[error("a regex of {0} bytes")]
    TooLong(usize),
    /// Not a regex.
    #[error("{0}")]
    Syntax(String, Option<std::ops::Range<usize>>),
    /// It matches nothing at all, which is everywhere.
    #[error("a regex that matches the empty text")]
    MatchesEmpty,
    /// It becomes no automaton.
    #[error("{0}")]
    Refused(#[from] Refused),
}

impl RegexError {
    /// What to do.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::TooLong(_) => format!("use at most {REGEX_BYTES_MAX} bytes"),
            Self::Syntax(..) => "see the syntax of the Rust `regex` crate; there is no look-around".to_owned(),
            Self::MatchesEmpty => "make some part of it required: `+` instead of `*`".to_owned(),
            Self::Refused(Refused::Bytes) => "remove `(?-u)`: texts are characters".to_owned(),
            Self::Refused(_) => "use smaller counts in `{…}`".to_owned(),
        }
    }
}

/// Parses and compiles a regex.
///
/// # Errors
/// Where it is no regex, or outside the bounds.
pub(crate) fn compile(source: &str) -> Result<Compiled, RegexError> {
    if source.len() > REGEX_BYTES_MAX {
        return Err(RegexError::TooLong(source.len()));
    }
    let hir = parse(source)?;
    if hir.properties().minimum_len().is_none_or(|least| least == 0) {
        return Err(RegexError::MatchesEmpty);
    }
    let hir = fold_classes(hir);
    if let Some(shape) = gap::shape(&hir) {
        return Ok(Compiled { form: Form::Gap(shape), groups: Vec::new() });
    }
    let mut alphabets = Alphabets::new();
    let program = Box::new(Program::new(&hir, &mut alphabets, &BOUNDS)?);
    let groups = program.groups().to_vec();
    let (gate, literals) = gate(&hir);
    Ok(Compiled { form: Form::Automaton { program, alphabets, gate, literals }, groups })
}

fn parse(source: &str) -> Result<Hir, RegexError> {
    let mut parser = ParserBuilder::new().case_insensitive(true).nest_limit(NESTING_MAX).build();
    parser.parse(source).map_err(|error| {
        let (what, span) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
            other => (other.to_string(), None),
        };
        RegexError::Syntax(what, span.map(|span| span.start.offset..span.end.offset))
    })
}

/// Takes characters that a folded text never has out of the classes. Nesting is bounded by the parser.
fn fold_classes(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(fold_class(class)),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(fold_classes(*repetition.sub));
            Hir::repetition(hir::Repetition { sub, ..repetition })
        }
        HirKind::Capture(capture) => {
            let sub = Box::new(fold_classes(*capture.sub));
            Hir::capture(hir::Capture { sub, ..capture })
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(fold_classes).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(fold_classes).collect()),
    }
}

fn fold_class(class: Class) -> Class {
    let Class::Unicode(class) = class else { return class };
    let count: usize = class.ranges().iter().map(ClassUnicodeRange::len).sum();
    if count > FOLDED_CLASS_CHARS_MAX {
        return Class::Unicode(class);
    }
    let kept = class.ranges().iter().flat_map(|range| range.start()..=range.end()).filter(|c| fold_case(*c) == *c);
    Class::Unicode(ClassUnicode::new(kept.map(|c| ClassUnicodeRange::new(c, c))))
}

fn gate(hir: &Hir) -> (Gate, Vec<Vec<u8>>) {
    let kinds = [(Gate::Prefix, ExtractKind::Prefix), (Gate::Suffix, ExtractKind::Suffix)];
    let mut gates = kinds.into_iter().filter_map(|(gate, kind)| {
        let mut literals = Extractor::new().kind(kind).extract(hir);
        Some((gate, usable(&mut literals, gate)?))
    });
    gates.next().unwrap_or((Gate::Open, Vec::new()))
}

fn usable(literals: &mut Seq, gate: Gate) -> Option<Vec<Vec<u8>>> {
    if literals.len().is_some_and(|count| count > GATE_LITERALS_MAX) {
        match gate {
            Gate::Suffix => literals.keep_last_bytes(4),
            Gate::Prefix | Gate::Open => literals.keep_first_bytes(4),
        }
    }
    literals.dedup();
    let found = literals.literals()?;
    let good = (1..=GATE_LITERALS_MAX).contains(&found.len())
        && found.iter().all(|literal| literal.len() >= GATE_LITERAL_BYTES_MIN);
    good.then(|| found.iter().map(|literal| literal.as_bytes().to_vec()).collect())
}
