//! The lines of an array that is broken: short items fill them up to the width, a table or an array has a line to
//! itself.
//!
//! A comment beside an item is about the items on its line, so these stay together where that is still a line.

use super::tree::{Entry, Value};

/// The rows, each with at least one item; of several, each is `short`.
pub(super) fn of<'i, 'a>(items: &'i [Entry<'a>], width_chars: usize) -> impl Iterator<Item = &'i [Entry<'a>]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let (row, below) = rest.split_at_checked(length(rest, width_chars))?;
        rest = below;
        (!row.is_empty()).then_some(row)
    })
}

/// An item that may share its line: a number or a text that is no table, no array, and not of several lines.
pub(super) fn short<'a>(item: &Entry<'a>) -> Option<&'a str> {
    match item.value {
        Value::Scalar(text) if item.key.is_none() && !text.contains('\n') => Some(text),
        _ => None,
    }
}

/// How many of these items make a line; 0 only of none.
fn length(items: &[Entry<'_>], width_chars: usize) -> usize {
    let mut taken = 0;
    for (number, item) in items.iter().enumerate() {
        let Some(text) = short(item) else { return number.max(1) };
        taken += chars(text) + usize::from(number > 0);
        let is_apart = !item.above.is_empty() || taken > width_chars || begins_kept(items, number, width_chars);
        if number > 0 && is_apart {
            return number;
        }
        if item.beside.is_some() {
            return number + 1;
        }
    }
    items.len()
}

/// Whether an item begins a line, in the file as it was, that has a comment at its end and can stay as it is.
fn begins_kept(items: &[Entry<'_>], number: usize, width_chars: usize) -> bool {
    let mut rest = items.iter().skip(number);
    let Some(first) = rest.next().filter(|first| first.begins_line) else { return false };
    let line = || std::iter::once(first).chain(rest.clone().take_while(|item| !item.begins_line));
    let texts: Option<Vec<usize>> = line().map(|item| short(item).map(chars)).collect();
    let is_line = texts.is_some_and(|chars| chars.iter().sum::<usize>() + chars.len() - 1 <= width_chars);
    is_line && line().last().is_some_and(|last| last.beside.is_some())
}

/// With its comma.
fn chars(text: &str) -> usize {
    text.chars().count() + ",".len()
}
