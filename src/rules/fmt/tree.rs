//! A TOML file as a tree of what is kept: tables, entries, values as spelled, comments with their places, and
//! where lines were left empty. All other white space is gone.

use std::iter::Peekable;
use std::vec::IntoIter;
use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

/// A file.
pub(super) struct Document<'a> {
    /// The first has no header: what stands above the first table.
    pub(super) sections: Vec<Section<'a>>,
}

/// A table, or the entries above the first.
#[derive(Default)]
pub(super) struct Section<'a> {
    pub(super) above: Vec<Line<'a>>,
    pub(super) header: Option<Header<'a>>,
    pub(super) entries: Vec<Entry<'a>>,
    /// What stands below the last entry, with no empty line between.
    pub(super) below: Vec<Line<'a>>,
}

/// `[path]` or `[[path]]`.
pub(super) struct Header<'a> {
    pub(super) is_array: bool,
    pub(super) path: String,
    pub(super) beside: Option<&'a str>,
}

/// A key with its value, or an item of an array.
pub(super) struct Entry<'a> {
    pub(super) above: Vec<Line<'a>>,
    /// Whether nothing stands before it on its line.
    pub(super) begins_line: bool,
    /// `None` in an array.
    pub(super) key: Option<String>,
    pub(super) value: Value<'a>,
    /// The comment on the same line.
    pub(super) beside: Option<&'a str>,
}

/// A value, as it is spelled.
pub(super) enum Value<'a> {
    Scalar(&'a str),
    Array(List<'a>),
    Inline(List<'a>),
}

/// What stands between brackets or braces.
pub(super) struct List<'a> {
    pub(super) items: Vec<Entry<'a>>,
    /// What stands below the last item.
    pub(super) below: Vec<Line<'a>>,
}

/// A line between entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Comment(&'a str),
    /// One or more empty lines.
    Empty,
}

/// What stands between two things: a comment on the line of the first, and the lines after that.
#[derive(Default)]
struct Gap<'a> {
    beside: Option<&'a str>,
    /// Whether a line ends in it.
    ends_line: bool,
    lines: Vec<Line<'a>>,
}

struct Reader<'a> {
    text: &'a str,
    events: Peekable<IntoIter<Event>>,
}

/// Reads a file that is known to be TOML; `None` where it is not.
///
/// The depth of recursion is that of the values, which the parser that found the file to be TOML bounds.
pub(super) fn read(text: &str) -> Option<Document<'_>> {
    Reader { text, events: events(text).into_iter().peekable() }.document()
}

/// Every comment, in order, without the white space at its end.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let comments = events(text).into_iter().filter(|event| event.kind() == EventKind::Comment);
    comments.filter_map(|event| slice(text, &event)).map(str::trim_end).collect()
}

fn events(text: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let tokens = Source::new(text).lex().into_vec();
    // Errors were found, and reported, before.
    parse_document(&tokens, &mut events, &mut ());
    events
}

fn slice<'a>(text: &'a str, event: &Event) -> Option<&'a str> {
    text.get(event.span().start()..event.span().end())
}

impl<'a> Reader<'a> {
    fn document(mut self) -> Option<Document<'a>> {
        let mut done = Vec::new();
        let mut section = Section::default();
        loop {
            let above = self.gap(true).lines;
            match self.peek() {
                Some(EventKind::SimpleKey) => section.entries.push(self.entry(above)?),
                Some(kind @ (EventKind::StdTableOpen | EventKind::ArrayTableOpen)) => {
                    let above = section.keep_below(above, true);
                    done.push(std::mem::take(&mut section));
                    section.above = above;
                    section.header = Some(self.header(kind)?);
                }
                Some(_) => return None,
                None => {
                    let end = section.keep_below(above, false);
                    done.push(section);
                    done.push(Section { above: end, ..Section::default() });
                    return Some(Document { sections: done });
                }
            }
        }
    }

    fn header(&mut self, open: EventKind) -> Option<Header<'a>> {
        self.events.next();
        let path = self.key()?;
        self.events.next();
        Some(Header { is_array: open == EventKind::ArrayTableOpen, path, beside: self.end_of_line() })
    }

    fn entry(&mut self, above: Vec<Line<'a>>) -> Option<Entry<'a>> {
        let key = Some(self.key()?);
        self.events.next();
        let value = self.value()?;
        Some(Entry { above, begins_line: true, key, value, beside: self.end_of_line() })
    }

    /// A key, dotted or not, up to what follows it.
    fn key(&mut self) -> Option<String> {
        let mut key = String::new();
        loop {
            match self.peek()? {
                EventKind::SimpleKey | EventKind::KeySep => {
                    let event = self.events.next()?;
                    key.push_str(slice(self.text, &event)?);
                }
                EventKind::Whitespace => drop(self.events.next()),
                _ => return Some(key),
            }
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.skip_spaces();
        let event = self.events.next()?;
        match event.kind() {
            EventKind::Scalar => slice(self.text, &event).map(Value::Scalar),
            EventKind::ArrayOpen => self.list(EventKind::ArrayClose).map(Value::Array),
            EventKind::InlineTableOpen => self.list(EventKind::InlineTableClose).map(Value::Inline),
            _ => None,
        }
    }

    fn list(&mut self, close: EventKind) -> Option<List<'a>> {
        let mut items = Vec::new();
        let mut gap = self.gap(false);
        let (mut begins_line, mut above) = (gap.ends_line, gap.into_lines());
        while self.peek()? != close {
            let item = Entry { above, begins_line, ..self.item(close == EventKind::InlineTableClose)? };
            gap = self.gap_after_item()?;
            items.push(Entry { beside: gap.beside, ..item });
            (begins_line, above) = (gap.ends_line, gap.lines);
        }
        self.events.next();
        Some(List { items, below: above })
    }

    /// An item, without what stands around it.
    fn item(&mut self, is_keyed: bool) -> Option<Entry<'a>> {
        let key = if is_keyed { Some(self.key()?) } else { None };
        if is_keyed {
            self.events.next();
        }
        Some(Entry { above: Vec::new(), begins_line: false, key, value: self.value()?, beside: None })
    }

    /// What stands between an item and the next, on both sides of the comma, if there is one.
    fn gap_after_item(&mut self) -> Option<Gap<'a>> {
        let mut gap = self.gap(false);
        if self.peek()? == EventKind::ValueSep {
            self.events.next();
            gap.extend(self.gap(false));
        }
        Some(gap)
    }

    /// White space, line ends and comments, up to anything else.
    fn gap(&mut self, at_line_start: bool) -> Gap<'a> {
        let mut gap = Gap::default();
        let mut is_first_line = !at_line_start;
        let mut is_empty = at_line_start;
        while let Some(event) = self.events.next_if(|event| is_between(event.kind())) {
            match event.kind() {
                EventKind::Newline => {
                    if is_empty {
                        push(&mut gap.lines, Line::Empty);
                    }
                    (is_first_line, is_empty) = (false, true);
                    gap.ends_line = true;
                }
                EventKind::Comment => {
                    let comment = slice(self.text, &event).unwrap_or_default().trim_end();
                    match is_first_line {
                        true => gap.beside = Some(comment),
                        false => gap.lines.push(Line::Comment(comment)),
                    }
                    is_empty = false;
                }
                _ => {}
            }
        }
        gap
    }

    /// The comment on this line, if there is one, and the line's end.
    fn end_of_line(&mut self) -> Option<&'a str> {
        self.skip_spaces();
        let comment = self.events.next_if(|event| event.kind() == EventKind::Comment);
        self.events.next_if(|event| event.kind() == EventKind::Newline);
        comment.and_then(|event| slice(self.text, &event)).map(str::trim_end)
    }

    fn skip_spaces(&mut self) {
        while self.events.next_if(|event| event.kind() == EventKind::Whitespace).is_some() {}
    }

    fn peek(&mut self) -> Option<EventKind> {
        self.events.peek().map(Event::kind)
    }
}

impl<'a> Section<'a> {
    /// Keeps of the lines below the last entry those that belong to it, and gives back the others. An empty
    /// line parts them; without one they belong to the header that follows, if one does.
    fn keep_below(&mut self, mut lines: Vec<Line<'a>>, is_before_header: bool) -> Vec<Line<'a>> {
        let end = lines.iter().position(|line| *line == Line::Empty);
        let is_table = self.header.is_some() || !self.entries.is_empty();
        let kept = match end {
            Some(end) if is_table => end,
            None if is_table && !is_before_header => lines.len(),
            _ => 0,
        };
        let rest = lines.split_off(kept);
        self.below = lines;
        rest
    }
}

impl<'a> Gap<'a> {
    /// Everything as lines.
    fn into_lines(self) -> Vec<Line<'a>> {
        self.beside.map(Line::Comment).into_iter().chain(self.lines).collect()
    }

    /// What stands after a comma, to what stands before it.
    fn extend(&mut self, after: Self) {
        self.ends_line |= after.ends_line;
        let is_free = self.beside.is_none() && !self.lines.iter().any(|line| matches!(line, Line::Comment(_)));
        let lines = match is_free {
            true => {
                self.beside = after.beside;
                after.lines
            }
            false => after.into_lines(),
        };
        lines.into_iter().for_each(|line| push(&mut self.lines, line));
    }
}

/// Empty lines in a row are one.
fn push<'a>(lines: &mut Vec<Line<'a>>, line: Line<'a>) {
    if line != Line::Empty || lines.last() != Some(&Line::Empty) {
        lines.push(line);
    }
}

fn is_between(kind: EventKind) -> bool {
    matches!(kind, EventKind::Whitespace | EventKind::Newline | EventKind::Comment)
}
