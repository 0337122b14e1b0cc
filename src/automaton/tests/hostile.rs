//! Programs whose numbers lie.

use super::random::{Random, regex, text};
use super::{Ready, simulated};
use crate::automaton::nfa::State;
use crate::automaton::{Bounds, Dfa, Program};

/// Any number, but often a small one, so that it is now and then one that leads somewhere.
fn number(random: &mut Random) -> u64 {
    let wide = random.next();
    if random.below(2) == 0 { wide } else { wide % 32 }
}

fn spoil_dfa(dfa: &mut Dfa, random: &mut Random) {
    match random.below(7) {
        0 => dfa.dead = number(random) as u16,
        3 => dfa.count = number(random) as u32,
        4 => dfa.over = number(random) as u16,
        5 => dfa.width = number(random) as u16,
        6 => dfa.acts.fill(number(random) as u8),
        1 => {
            let at = random.below(dfa.starts.len());
            dfa.starts[at] = number(random) as u32;
        }
        2 => dfa.rows.truncate(random.below(dfa.rows.len() + 1)),
        _ => {
            for _ in 0..4 {
                if dfa.rows.is_empty() {
                    return;
                }
                let at = random.below(dfa.rows.len());
                dfa.rows[at][random.below(4)] = number(random) as u16;
            }
        }
    }
}

fn spoil_nfa(program: &mut Program, random: &mut Random) {
    let at = random.below(program.nfa.states.len());
    let (a, b) = (number(random), number(random));
    let state = &mut program.nfa.states[at];
    *state = match (*state, random.below(3)) {
        (_, 0) => State::Split { first: a as u32, second: b as u32 },
        (_, 1) => State::Slot { slot: a as u16, next: b as u32 },
        (State::Look { look, .. }, _) => State::Look { look, next: a as u32 },
        (_, _) => State::Chars { set: a as u16, next: b as u32 },
    };
}

fn spoil(ready: &mut Ready, random: &mut Random) {
    let program = &mut ready.program;
    let some = number(random);
    match random.below(10) {
        0 => program.alphabet.ascii[random.below(128)] = some as u8,
        1 => program.alphabet.kinds.truncate(random.below(program.alphabet.kinds.len() + 1)),
        2 => program.alphabet.parts.clear(),
        3 => program.alphabet.plane = some as u32,
        4 => program.nfa.start = some as u32,
        5 => {
            let plane = &mut ready.alphabets.planes[0];
            let at = random.below(plane.starts.len());
            plane.starts[at] = some as u32;
            plane.parts[at] = some as u8;
            ready.alphabets.prepare().unwrap();
        }
        6 => program.at_start = !program.at_start,
        7 => spoil_nfa(program, random),
        _ => {
            program.starts.as_mut().into_iter().for_each(|dfa| spoil_dfa(dfa, random));
            program.ends.as_mut().into_iter().for_each(|dfa| spoil_dfa(dfa, random));
        }
    }
}

#[test]
fn a_program_that_lies_neither_panics_nor_leaves_the_text() {
    let mut random = Random(3);
    let mut answers = 0;
    for round in 0..400 {
        let source = regex(&mut random);
        let bounds = if round % 2 == 0 { simulated() } else { Bounds::default() };
        let Ok(mut ready) = Ready::try_new(&source, &bounds) else { continue };
        for _ in 0..3 {
            spoil(&mut ready, &mut random);
            for _ in 0..4 {
                let text = text(&mut random);
                let from = random.below(text.len() + 2);
                let (found, slots) = ready.captures(&text, from);
                let _ = ready.start(&text, from);
                let inside = found.iter().all(|found| text.get(found.clone()).is_some());
                assert!(inside, "round {round}: `{source}` in {text:?}: {found:?}");
                for pair in slots.chunks(2).filter(|pair| pair[0].is_some() || pair[1].is_some()) {
                    let group = pair[0].unwrap()..pair[1].unwrap();
                    assert!(text.get(group).is_some(), "round {round}: `{source}` in {text:?}: {slots:?}");
                }
                answers += usize::from(found.is_some());
            }
        }
    }
    assert!(answers > 300, "too few programs still answer: {answers}");
}
