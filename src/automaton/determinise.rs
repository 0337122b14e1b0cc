//! From an NFA to a DFA: a state of the DFA is a list of states of the NFA.
//!
//! Looks are kept in the list until the next character is known, together with the kinds of what was behind. The
//! construction is that of `regex-automata`'s `determinize`, over classes.

use super::Bounds;
use super::closures::{Closures, Work};
use super::compile::Chain;
use super::dfa::{Dfa, UNIT};
use super::layout::Layout;
use super::look::Look;
use super::nfa::{Nfa, State, has};
use super::seen::Seen;
use super::subset::{Count, Counter, Subset};
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
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) nfa: &'a Nfa,
    pub(super) chains: &'a [Chain],
    /// The kinds of every class, the edge last.
    pub(super) kinds: &'a [u8],
    /// The state of the NFA to begin with.
    pub(super) entry: u32,
    pub(super) keep: Keep,
}

/// A DFA in the making.
struct Determiniser<'a> {
    source: Source<'a>,
    counter: Option<Counter>,
    bounds: &'a Bounds,
    numbers: HashMap<Subset, u32>,
    subsets: Vec<Subset>,
    closures: Closures,
    seen: Seen,
    steps_left: u32,
    /// The most that a simulation of the same does at a character.
    work_max: Work,
}

/// Where a class leads, as far as it is known: by what was resolved, who reads it, and its kinds.
type Known = (usize, u64, u8, u32);

/// What a list comes to with its looks answered.
struct Resolved {
    /// The kinds ahead.
    ahead: u8,
    items: Vec<u32>,
    /// Whether the count begins here.
    begins: bool,
}

/// What reading a class comes to.
struct Reached {
    matched: bool,
    count: Option<Count>,
    items: Vec<u32>,
}

/// Makes a DFA, if it is within the bounds: with a counter if there is something to count, and if it can be. With it
/// comes the most that a simulation of the same does at a character: its threads are a list that was made here.
pub(super) fn determinise(source: Source<'_>, bounds: &Bounds) -> Option<(Dfa, Work)> {
    let counted = Counter::of(source.nfa, source.chains).and_then(|counter| attempt(source, Some(counter), bounds));
    counted.or_else(|| attempt(source, None, bounds))
}

fn attempt(source: Source<'_>, counter: Option<Counter>, bounds: &Bounds) -> Option<(Dfa, Work)> {
    let states = source.nfa.states.len();
    let mut determiniser = Determiniser {
        closures: Closures::new(states, bounds.dfa_steps_max),
        seen: Seen::new(states),
        numbers: HashMap::new(),
        subsets: Vec::new(),
        steps_left: bounds.dfa_steps_max,
        work_max: Work::default(),
        source,
        counter,
        bounds,
    };
    if determiniser.loses_preference()? {
        return None;
    }
    let dead = Subset { matched: false, behind: 0, count: Count::Keep, items: Vec::new() };
    let dead = determiniser.number(dead)?;
    let entry = determiniser.closures.of(source.nfa, source.entry)?.to_vec();
    determiniser.work_max = determiniser.closures.work(source.nfa, source.entry)?;
    let begins = counter.is_some_and(|counter| entry.contains(&counter.item));
    let count = if begins { Count::Begin } else { Count::Keep };
    let starts: Option<Vec<u32>> =
        source.kinds.iter().map(|behind| determiniser.subset(false, *behind, count, entry.clone())).collect();
    let mut table = Vec::new();
    let mut at = 0;
    while let Some(subset) = determiniser.subsets.get(at).cloned() {
        determiniser.rows(&subset, &mut table)?;
        at += 1;
    }
    let acts: Vec<u8> = determiniser.subsets.iter().map(Subset::act).collect();
    let count = counter.map_or(0, |counter| counter.count);
    let layout = Layout { table: &table, stride: source.kinds.len(), acts: &acts, dead, starts: &starts?, count };
    Some((layout.lay_out()?, determiniser.work_max.and(counted(counter))))
}

/// Where a DFA counts one copy, a simulation may have a thread in each: it looks at the character, and both ways on.
fn counted(counter: Option<Counter>) -> Work {
    let copies = counter.map_or(0, |counter| counter.count);
    Work { explored: copies.saturating_mul(4), threads: copies }
}

impl Determiniser<'_> {
    /// Appends the row of a state, and the one in which the count is over.
    fn rows(&mut self, subset: &Subset, table: &mut Vec<u32>) -> Option<()> {
        let mut resolved = Vec::new();
        self.row(subset, false, &mut resolved, table)?;
        match self.counter {
            Some(counter) if subset.items.contains(&counter.item) => self.row(subset, true, &mut resolved, table),
            Some(_) => {
                table.extend_from_within(table.len().checked_sub(self.source.kinds.len())?..);
                Some(())
            }
            None => Some(()),
        }
    }

    /// Appends a row: where each class leads.
    fn row(&mut self, subset: &Subset, over: bool, resolved: &mut Vec<Resolved>, table: &mut Vec<u32>) -> Option<()> {
        let mut known: Vec<Known> = Vec::new();
        let asked = self.asked(&subset.items)?;
        for (class, kinds) in self.source.kinds.iter().enumerate() {
            let class = u8::try_from(class).ok()?;
            let ahead = kinds & asked;
            let which = match resolved.iter().position(|known| known.ahead == ahead) {
                Some(which) => which,
                None => {
                    resolved.push(self.resolve(subset, ahead)?);
                    resolved.len() - 1
                }
            };
            let from = resolved.get(which)?;
            let readers = self.readers(&from.items, class)?;
            let same = |k: &&Known| readers.is_some_and(|readers| (k.0, k.1, k.2) == (which, readers, *kinds));
            let to = match known.iter().find(same) {
                Some((.., to)) => *to,
                None => {
                    let to = self.read(from, over, class, *kinds)?;
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
    fn resolve(&mut self, subset: &Subset, ahead: u8) -> Option<Resolved> {
        self.seen.clear();
        let mut resolved = Resolved { ahead, items: Vec::with_capacity(subset.items.len()), begins: false };
        let mut stack: Vec<(u32, bool)> = subset.items.iter().rev().map(|item| (*item, false)).collect();
        while let Some((item, beyond_look)) = stack.pop() {
            self.step()?;
            let first = self.seen.add(item);
            if beyond_look && self.counter.is_some_and(|counter| counter.item == item) {
                if self.source.keep == Keep::Preferred && !first && !resolved.begins {
                    return None;
                }
                resolved.begins = true;
            }
            if !first {
                continue;
            }
            match self.source.nfa.state(item)? {
                State::Look { look, next } => {
                    if self.holds(look, subset.behind, ahead) {
                        stack.extend(self.closures.of(self.source.nfa, next)?.iter().rev().map(|item| (*item, true)));
                    }
                }
                _ => resolved.items.push(item),
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

    /// Reads a class. Where the count is `over`, it takes the last.
    fn read(&mut self, from: &Resolved, over: bool, class: u8, kinds: u8) -> Option<u32> {
        self.seen.clear();
        let mut reached = Reached { matched: false, count: None, items: Vec::new() };
        let mut work = Work { explored: 0, threads: u32::try_from(from.items.len()).ok()? };
        for item in &from.items {
            self.step()?;
            match self.source.nfa.state(*item)? {
                State::Match => {
                    reached.matched = true;
                    if self.source.keep == Keep::Preferred {
                        break;
                    }
                }
                State::Chars { next, .. } if self.reads(*item, class)? => {
                    work = work.and(self.closures.work(self.source.nfa, next)?);
                    match self.counter {
                        Some(counter) if counter.item == *item => self.count(counter, from, over, &mut reached)?,
                        _ => self.lead(next, &mut reached)?,
                    }
                }
                _ => {}
            }
        }
        self.work_max = self.work_max.max(work);
        self.subset(reached.matched, kinds, reached.count.unwrap_or(Count::Keep), reached.items)
    }

    /// Reads a character of those that are counted.
    fn count(&mut self, counter: Counter, from: &Resolved, over: bool, reached: &mut Reached) -> Option<()> {
        let again = match (from.begins, over) {
            (true, _) => Some(Count::BeginRead),
            (false, false) => Some(Count::Keep),
            (false, true) => None,
        };
        if !counter.greedy {
            self.lead(counter.next, reached)?;
        }
        if let Some(again) = again {
            if self.seen.add(counter.item) {
                reached.items.push(counter.item);
            }
            reached.count(again, self.source.keep)?;
        }
        if counter.greedy {
            self.lead(counter.next, reached)?;
        }
        Some(())
    }

    /// Adds what a state leads to without a character.
    fn lead(&mut self, next: u32, reached: &mut Reached) -> Option<()> {
        let closure = self.closures.of(self.source.nfa, next)?;
        self.steps_left = self.steps_left.checked_sub(u32::try_from(closure.len()).ok()?)?;
        for item in closure {
            if self.seen.add(*item) {
                reached.items.push(*item);
            }
            if self.counter.is_some_and(|counter| counter.item == *item) {
                reached.count(Count::Begin, self.source.keep)?;
            }
        }
        Some(())
    }

    fn subset(&mut self, matched: bool, behind: u8, count: Count, mut items: Vec<u32>) -> Option<u32> {
        if self.source.keep == Keep::All {
            items.sort_unstable();
            self.prune(&mut items)?;
        }
        let behind = behind & self.asked(&items)?;
        self.number(Subset { matched, behind, count, items })
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
        let rows = if self.counter.is_some() { 2 } else { 1 };
        let row_bytes = u32::try_from(self.source.kinds.len().next_multiple_of(UNIT) * size_of::<u16>()).ok()?;
        let bytes = number.saturating_add(1).saturating_mul(row_bytes).saturating_mul(rows);
        if number >= self.bounds.dfa_states_max || bytes > self.bounds.dfa_bytes_max {
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

impl Reached {
    /// Notes a count. One cannot stand for two: where preference matters, the one with less left may be preferred.
    fn count(&mut self, count: Count, keep: Keep) -> Option<()> {
        if keep == Keep::Preferred && self.count.is_some_and(|known| count > known) {
            return None;
        }
        self.count = self.count.max(Some(count));
        Some(())
    }
}
