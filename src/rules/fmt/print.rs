//! The layout: one empty line between tables; an array on one line where that is short enough, else broken, with
//! a comma after each item (`rows`); inline tables on one line.

use super::tree::{Document, Entry, Header, Line, List, Section, Value};
use super::{order, rows};

/// The longest line that is made of several items, in characters. One value may be longer: it is not broken.
const WIDTH_CHARS_MAX: usize = 120;
const INDENT: &str = "  ";

/// Writes a file.
pub(super) fn print(document: &Document<'_>) -> String {
    let mut page = Page { text: String::new() };
    document.sections.iter().for_each(|section| page.section(section));
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn section(&mut self, section: &Section<'_>) {
        let above = match section.header {
            Some(_) => without_empty_start(&section.above),
            None => without_empty_ends(&section.above),
        };
        if !self.text.is_empty() && (section.header.is_some() || !above.is_empty()) {
            self.text.push('\n');
        }
        self.lines(above, "");
        if let Some(header) = &section.header {
            self.header(header);
        }
        self.entries(section);
        self.lines(without_empty_ends(&section.below), "");
    }

    fn header(&mut self, header: &Header<'_>) {
        let (open, close) = if header.is_array { ("[[", "]]") } else { ("[", "]") };
        self.text.push_str(&format!("{open}{}{close}", header.path));
        self.end_of_line(header.beside);
    }

    fn entries(&mut self, section: &Section<'_>) {
        let order = section.header.as_ref().and_then(|header| order::of_table(&header.path));
        let mut entries: Vec<&Entry<'_>> = section.entries.iter().collect();
        if let Some(order) = order {
            entries.sort_by_key(|entry| order::rank(order, entry.key.as_deref().unwrap_or_default()));
        }
        for (number, entry) in entries.into_iter().enumerate() {
            let above = match (order, number) {
                (Some(_), _) => without_empty_ends(&entry.above),
                (None, 0) => without_empty_start(&entry.above),
                (None, _) => &entry.above,
            };
            self.lines(above, "");
            self.entry(entry, "", "");
        }
    }

    /// An entry or item, what follows it on its line, and the line's end.
    fn entry(&mut self, entry: &Entry<'_>, indent: &str, after: &str) {
        let key = entry.key.as_ref().map(|key| format!("{key} = ")).unwrap_or_default();
        let taken = indent.len() + key.chars().count() + after.len();
        self.text.push_str(indent);
        self.text.push_str(&key);
        self.value(&entry.value, indent, taken);
        self.text.push_str(after);
        self.end_of_line(entry.beside);
    }

    /// A value on a line of which some characters are taken.
    fn value(&mut self, value: &Value<'_>, indent: &str, taken: usize) {
        let flat = flat(value);
        match (value, flat) {
            (Value::Array(list), Some(flat)) if !fits(&flat, taken) => self.list(list, ["[", "]"], indent),
            (_, Some(flat)) => self.text.push_str(&flat),
            (Value::Array(list), None) => self.list(list, ["[", "]"], indent),
            (Value::Inline(list), None) => self.list(list, ["{", "}"], indent),
            (Value::Scalar(text), None) => self.text.push_str(text),
        }
    }

    fn list(&mut self, list: &List<'_>, [open, close]: [&str; 2], indent: &str) {
        let inner = format!("{indent}{INDENT}");
        self.text.push_str(open);
        self.text.push('\n');
        for (number, row) in rows::of(&list.items, WIDTH_CHARS_MAX.saturating_sub(inner.len())).enumerate() {
            let above = row.first().map(|item| item.above.as_slice()).unwrap_or_default();
            self.lines(if number == 0 { without_empty_start(above) } else { above }, &inner);
            self.row(row, &inner);
        }
        let below = without_empty_end(&list.below);
        self.lines(if list.items.is_empty() { without_empty_start(below) } else { below }, &inner);
        self.text.push_str(indent);
        self.text.push_str(close);
    }

    /// Items that share a line.
    fn row(&mut self, row: &[Entry<'_>], indent: &str) {
        let Some((last, others)) = row.split_last() else { return };
        if others.is_empty() {
            return self.entry(last, indent, ",");
        }
        let texts = row.iter().filter_map(rows::short);
        self.text.push_str(indent);
        self.text.push_str(&texts.map(|text| format!("{text},")).collect::<Vec<_>>().join(" "));
        self.end_of_line(last.beside);
    }

    fn lines(&mut self, lines: &[Line<'_>], indent: &str) {
        for line in lines {
            if let Line::Comment(comment) = line {
                self.text.push_str(indent);
                self.text.push_str(comment);
            }
            self.text.push('\n');
        }
    }

    fn end_of_line(&mut self, beside: Option<&str>) {
        if let Some(comment) = beside {
            self.text.push(' ');
            self.text.push_str(comment);
        }
        self.text.push('\n');
    }
}

/// A value on one line; `None` where a comment in it needs a line's end. A text of several lines keeps them.
fn flat(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(text) => Some((*text).to_owned()),
        Value::Array(list) => Some(format!("[{}]", flat_items(list)?)),
        Value::Inline(list) if list.items.is_empty() => flat_items(list).map(|_| "{}".to_owned()),
        Value::Inline(list) => Some(format!("{{ {} }}", flat_items(list)?)),
    }
}

fn flat_items(list: &List<'_>) -> Option<String> {
    if has_comment(&list.below) {
        return None;
    }
    let items: Option<Vec<String>> = list.items.iter().map(flat_item).collect();
    items.map(|items| items.join(", "))
}

fn flat_item(item: &Entry<'_>) -> Option<String> {
    if item.beside.is_some() || has_comment(&item.above) {
        return None;
    }
    let value = flat(&item.value)?;
    Some(item.key.as_ref().map_or_else(|| value.clone(), |key| format!("{key} = {value}")))
}

fn has_comment(lines: &[Line<'_>]) -> bool {
    lines.iter().any(|line| matches!(line, Line::Comment(_)))
}

fn fits(flat: &str, taken: usize) -> bool {
    !flat.contains('\n') && taken + flat.chars().count() <= WIDTH_CHARS_MAX
}

fn without_empty_start<'a, 'b>(lines: &'b [Line<'a>]) -> &'b [Line<'a>] {
    lines.strip_prefix(&[Line::Empty]).unwrap_or(lines)
}

fn without_empty_end<'a, 'b>(lines: &'b [Line<'a>]) -> &'b [Line<'a>] {
    lines.strip_suffix(&[Line::Empty]).unwrap_or(lines)
}

fn without_empty_ends<'a, 'b>(lines: &'b [Line<'a>]) -> &'b [Line<'a>] {
    without_empty_start(without_empty_end(lines))
}
