//! From an NFA to a DFA: a state of the DFA is a list of states of the NFA.
//!
//! Looks are kept in the list until the next character is known, together with the kinds of what was behind. The
//! construction is that of `regex-automata`'s `determinize`, over classes.

use super::Bounds;
use super::closures::Closures;
use super::compile::Chain;
use super::dfa::{Dfa, UNIT};
use super::look::Look;
use super::nfa::{Nfa, State, has};
use super::seen::Seen;
use std::collections::HashMap;

/// Which states of the NFA are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// In order of preference, down to the first that ends a match.
    Preferred,
    /// All, but for those that another one makes superfluous. The text is read backward.
    All,
}

/// What a DFA is made of.
pub(super) struct Source<'a> {
    pub(super) nfa: &'a Nfa,
    pub(super) chains: &'a [Chain],
    /// The kinds of every class, the edge last.
    pub(super) kinds: &'a [u8],
    /// The state of the NFA to begin with.
    pub(super) entry: u32,
    pub(super) keep: Keep,
}

/// A state of the DFA: what it tells, the kinds behind it that its looks ask for, and states of the NFA.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subset {
    matched: bool,
    behind: u8,
    items: Vec<u32>,
}

/// A DFA in the making.
struct Determiniser<'a> {
    source: Source<'a>,
    bounds: &'a Bounds,
    numbers: HashMap<Subset, u32>,
    subsets: Vec<Subset>,
    closures: Closures,
    seen: Seen,
    steps_left: u32,
}

/// Makes a DFA, if it is within the bounds.
pub(super) fn determinise(source: Source<'_>, bounds: &Bounds) -> Option<Dfa> {
    let states = source.nfa.states.len();
    let stride = source.kinds.len();
    let mut determiniser = Determiniser {
        closures: Closures::new(states, bounds.dfa_steps_max),
        seen: Seen::new(states),
        numbers: HashMap::new(),
        subsets: Vec::new(),
        steps_left: bounds.dfa_steps_max,
        source,
        bounds,
    };
    if determiniser.loses_preference()? {
        return None;
    }
    let dead = determiniser.number(Subset { matched: false, behind: 0, items: Vec::new() })?;
    let entry = determiniser.closures.of(determiniser.source.nfa, determiniser.source.entry)?.to_vec();
    let kinds = determiniser.source.kinds;
    let starts: Option<Vec<u32>> =
        kinds.iter().map(|behind| determiniser.subset(false, *behind, entry.clone())).collect();
    let starts = starts?;
    let mut table = Vec::new();
    let mut at = 0;
    while let Some(subset) = determiniser.subsets.get(at).cloned() {
        determiniser.row(&subset, &mut table)?;
        at += 1;
    }
    let matched: Vec<bool> = determiniser.subsets.iter().map(|subset| subset.matched).collect();
    lay_out(&table, stride, &matched, dead, &starts)
}

impl Determiniser<'_> {
    /// Appends the row of a state: where each class leads.
    fn row(&mut self, subset: &Subset, table: &mut Vec<u32>) -> Option<()> {
        let mut resolved: Vec<(u8, Vec<u32>)> = Vec::new();
        let mut known: Vec<(usize, u64, u8, u32)> = Vec::new();
        let source_kinds = self.source.kinds;
        let asked = self.asked(&subset.items)?;
        for (class, kinds) in source_kinds.iter().enumerate() {
            let class = u8::try_from(class).ok()?;
            let ahead = kinds & asked;
            let which = match resolved.iter().position(|(known, _)| *known == ahead) {
                Some(which) => which,
                None => {
                    let items = self.resolve(subset, ahead)?;
                    resolved.push((ahead, items));
                    resolved.len() - 1
                }
            };
            let (_, items) = resolved.get(which)?;
            let readers = self.readers(items, class)?;
            let same =
                |k: &&(usize, u64, u8, u32)| readers.is_some_and(|readers| (k.0, k.1, k.2) == (which, readers, *kinds));
            let to = match known.iter().find(same) {
                Some((.., to)) => *to,
                None => {
                    let to = self.read(items, class, *kinds)?;
                    known.extend(readers.map(|readers| (which, readers, *kinds, to)));
                    to
                }
            };
            table.push(to);
        }
        Some(())
    }

    /// The kinds that the looks of a list ask for, and those that lie behind them.
    fn asked(&mut self, items: &[u32]) -> Option<u8> {
        items.iter().try_fold(0, |all, item| Some(all | self.closures.asked(self.source.nfa, *item)?))
    }

    /// Whether the order of preference would be lost by keeping looks for later. A simulation goes each way once; what
    /// is reached again by way of a look, it has gone already. Here it would be gone again, and found sooner than it
    /// should be.
    fn loses_preference(&mut self) -> Option<bool> {
        Some(self.source.keep == Keep::Preferred && self.closures.return_to_a_look(self.source.nfa)?)
    }

    /// Answers the looks of a list.
    fn resolve(&mut self, subset: &Subset, ahead: u8) -> Option<Vec<u32>> {
        self.seen.clear();
        let mut resolved = Vec::with_capacity(subset.items.len());
        let mut stack: Vec<u32> = subset.items.iter().rev().copied().collect();
        while let Some(item) = stack.pop() {
            self.step()?;
            if !self.seen.add(item) {
                continue;
            }
            match self.source.nfa.state(item)? {
                State::Look { look, next } => {
                    if self.holds(look, subset.behind, ahead) {
                        stack.extend(self.closures.of(self.source.nfa, next)?.iter().rev());
                    }
                }
                _ => resolved.push(item),
            }
        }
        Some(resolved)
    }

    fn holds(&self, look: Look, behind: u8, ahead: u8) -> bool {
        match self.source.keep {
            Keep::Preferred => look.holds(behind, ahead),
            Keep::All => look.holds(ahead, behind),
        }
    }

    /// Which of the items read a class, a bit each; `None` where there are too many of them.
    fn readers(&self, items: &[u32], class: u8) -> Option<Option<u64>> {
        if items.len() > 64 {
            return Some(None);
        }
        let mut readers = 0;
        for (bit, item) in items.iter().enumerate() {
            readers |= u64::from(self.reads(*item, class)?) << bit;
        }
        Some(Some(readers))
    }

    fn reads(&self, item: u32, class: u8) -> Option<bool> {
        Some(match self.source.nfa.state(item)? {
            State::Chars { set, .. } => has(self.source.nfa.sets.get(usize::from(set))?, class),
            _ => false,
        })
    }

    /// Reads a class.
    fn read(&mut self, items: &[u32], class: u8, kinds: u8) -> Option<u32> {
        self.seen.clear();
        let mut matched = false;
        let mut to = Vec::new();
        for item in items {
            self.step()?;
            match self.source.nfa.state(*item)? {
                State::Match => {
                    matched = true;
                    if self.source.keep == Keep::Preferred {
                        break;
                    }
                }
                State::Chars { next, .. } if self.reads(*item, class)? => {
                    let closure = self.closures.of(self.source.nfa, next)?;
                    self.steps_left = self.steps_left.checked_sub(u32::try_from(closure.len()).ok()?)?;
                    to.extend(closure.iter().filter(|reached| self.seen.add(**reached)));
                }
                _ => {}
            }
        }
        self.subset(matched, kinds, to)
    }

    fn subset(&mut self, matched: bool, behind: u8, mut items: Vec<u32>) -> Option<u32> {
        if self.source.keep == Keep::All {
            items.sort_unstable();
            self.prune(&mut items)?;
        }
        let behind = behind & self.asked(&items)?;
        self.number(Subset { matched, behind, items })
    }

    /// Leaves out those that stand at the same place of an earlier copy than another. They could still lead to the
    /// same places as it does, but to no others.
    fn prune(&mut self, items: &mut Vec<u32>) -> Option<()> {
        for chain in self.source.chains {
            let end = chain.base + chain.size * chain.count;
            let from = items.partition_point(|item| *item < chain.base);
            let until = items.partition_point(|item| *item < end);
            if until < from + 2 {
                continue;
            }
            self.steps_left = self.steps_left.checked_sub(u32::try_from(until - from).ok()?)?;
            let mut places = Vec::new();
            for at in (from..until).rev() {
                let place = items.get(at)?.checked_sub(chain.base)?.checked_rem(chain.size)?;
                if places.contains(&place) {
                    items.remove(at);
                } else {
                    places.push(place);
                }
            }
        }
        Some(())
    }

    fn number(&mut self, subset: Subset) -> Option<u32> {
        if let Some(number) = self.numbers.get(&subset) {
            return Some(*number);
        }
        let number = u32::try_from(self.subsets.len()).ok()?;
        if number >= self.bounds.dfa_states_max {
            return None;
        }
        self.subsets.push(subset.clone());
        self.numbers.insert(subset, number);
        Some(number)
    }

    fn step(&mut self) -> Option<()> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        Some(())
    }
}

/// Orders the states, those without a match first, and makes their numbers places in the table.
fn lay_out(table: &[u32], stride: usize, matched: &[bool], dead: u32, starts: &[u32]) -> Option<Dfa> {
    let dead = usize::try_from(dead).ok()?;
    let group = |state: &usize| if *state == dead { 1 } else { matched.get(*state).map_or(0, |m| u8::from(*m) * 2) };
    let mut order: Vec<usize> = (0..matched.len()).collect();
    order.sort_by_key(group);
    let units = stride.div_ceil(UNIT);
    let mut places = vec![0; order.len()];
    for (rank, state) in order.iter().enumerate() {
        *places.get_mut(*state)? = u16::try_from(rank * units).ok()?;
    }
    let place = |state: &u32| places.get(usize::try_from(*state).ok()?).copied();
    let dead = *places.get(dead)?;
    let mut rows = Vec::with_capacity(order.len() * units);
    for state in &order {
        for classes in table.get(state * stride..(state + 1) * stride)?.chunks(UNIT) {
            let mut cells = [dead; UNIT];
            for (cell, to) in cells.iter_mut().zip(classes) {
                *cell = place(to)?;
            }
            rows.push(cells);
        }
    }
    let starts: Option<Vec<u32>> = starts.iter().map(|start| place(start).map(u32::from)).collect();
    Some(Dfa { rows, starts: starts?, dead })
}
