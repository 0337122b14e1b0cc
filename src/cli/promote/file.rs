//! The policy's file with a promotion: its comments and its layout stay as they are.

use crate::authority::{Promoted, Promotion};
use crate::cli::policy_file::{self, Written};
use crate::policy::written::WrittenSigned;
use anyhow::Context as _;
use std::path::Path;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

/// Sets the levels of a promotion in the file, and puts what was signed, and by whom, at its end.
pub(super) fn write(path: &Path, promotion: &Promotion, by: &str, signed: &str) -> anyhow::Result<Written> {
    policy_file::write(path, by, &comment(promotion), &WrittenSigned::promotion(signed), |document| {
        for Promoted { channel, .. } in &promotion.on {
            set_level(document, promotion.class.as_str(), channel.as_str(), promotion.level as i64)
                .with_context(|| format!("cannot set a level in `{}`", path.display()))?;
        }
        Ok(())
    })
}

/// A promotion in a line: a word of a class or channel cannot end it.
fn comment(promotion: &Promotion) -> String {
    let Promotion { class, level, on, without_evidence, issued_at, .. } = promotion;
    let on: Vec<String> = on
        .iter()
        .map(|on| format!("{} ({} of {} agreed)", on.channel.subject(), on.agreed, on.agreed + on.disagreed))
        .collect();
    let until = without_evidence.as_ref().map_or_else(String::new, |waiver| {
        format!(", WITHOUT EVIDENCE until {}", waiver.expires_at.strftime("%F %T UTC"))
    });
    format!("`{class}` to level {} on {}, {}{until}", *level as u8, on.join(", "), issued_at.strftime("%F %T UTC"))
}

/// Sets the level of a class on a channel; entries that are missing are made.
fn set_level(document: &mut DocumentMut, class: &str, channel: &str, level: i64) -> Option<()> {
    let classes = document.entry("class").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let place = entry(classes, class)?;
    match place {
        Entry::Table(table) => {
            let channels = table.entry("channel").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
            match entry(channels, channel)? {
                Entry::Table(table) => put(table, level),
                Entry::Inline(table) => put_inline(table, level),
            }
        }
        Entry::Inline(table) => {
            let channels = table.entry("channel").or_insert(Value::Array(Array::new())).as_array_mut()?;
            put_inline(inline_entry(channels, channel)?, level);
        }
    }
    Some(())
}

/// An entry of a list, however it is written.
enum Entry<'a> {
    Table(&'a mut Table),
    Inline(&'a mut InlineTable),
}

/// The entry of a list with this name, or a new one.
fn entry<'a>(list: &'a mut Item, name: &str) -> Option<Entry<'a>> {
    if let Item::Value(Value::Array(array)) = list {
        return inline_entry(array, name).map(Entry::Inline);
    }
    let tables = list.as_array_of_tables_mut()?;
    let at = tables.iter().position(|table| table.get("name").and_then(Item::as_str) == Some(name));
    let at = at.unwrap_or_else(|| {
        let mut table = Table::new();
        table.insert("name", value(name));
        tables.push(table);
        tables.len() - 1
    });
    tables.get_mut(at).map(Entry::Table)
}

fn inline_entry<'a>(array: &'a mut Array, name: &str) -> Option<&'a mut InlineTable> {
    let is_of_it =
        |it: &Value| it.as_inline_table().and_then(|it| it.get("name")).and_then(Value::as_str) == Some(name);
    let at = array.iter().position(is_of_it);
    let at = at.unwrap_or_else(|| {
        let mut table = InlineTable::new();
        table.insert("name", name.into());
        array.push(table);
        array.len() - 1
    });
    array.get_mut(at)?.as_inline_table_mut()
}

/// Behind the value a comment may stand, which stays.
fn put(table: &mut Table, level: i64) {
    match table.get_mut("level").and_then(Item::as_value_mut) {
        Some(written) => put_value(written, level),
        None => drop(table.insert("level", value(level))),
    }
}

fn put_inline(table: &mut InlineTable, level: i64) {
    match table.get_mut("level") {
        Some(written) => put_value(written, level),
        None => drop(table.insert("level", level.into())),
    }
}

fn put_value(written: &mut Value, level: i64) {
    let decor = written.decor().clone();
    *written = level.into();
    *written.decor_mut() = decor;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, class: &str, channel: &str) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        set_level(&mut document, class, channel, 2).unwrap();
        document.to_string()
    }

    #[test]
    fn comments_and_layout_stay() {
        let text = "# ours\n[defaults]\nlevel = 1 # all\n\n[[class]] # first\nname = \"a\"   # its name\nlevel = 1\n\
                    action = { type = \"note\" }\n\n  [[class.channel]]\n  name = \"x.y\" # here\n  level = 1 # not yet\n\n\
                    [[class]]\nname = \"b\"\n\n[[cap]]\nper_hour = 3\n";
        assert_eq!(edited(text, "a", "x.y"), text.replace("level = 1 # not yet", "level = 2 # not yet"));
        let more = edited(text, "b", "x.z");
        assert!(more.contains("[[class]]\nname = \"b\"\n\n[[class.channel]]\nname = \"x.z\"\nlevel = 2\n"), "{more}");
        assert!(more.starts_with(&text[..text.find("[[cap]]").unwrap()]), "{more}");
        let new = edited(text, "c", "x.z");
        assert!(new.contains("[[class]]\nname = \"c\"\n\n[[class.channel]]\nname = \"x.z\"\nlevel = 2\n"), "{new}");
    }

    #[test]
    fn lists_in_a_line_stay_in_it() {
        let text = "[[class]]\nname = \"a\"\nchannel = [{ name = \"x.y\", level = 1 }] # one\n";
        assert_eq!(edited(text, "a", "x.y"), text.replace("level = 1", "level = 2"));
        assert_eq!(
            edited(text, "a", "x.z"),
            text.replace("level = 1 }]", "level = 1 }, { name = \"x.z\", level = 2 }]")
        );
        let text = "class = [{ name = \"a\" }]\n";
        assert!(edited(text, "a", "x.y").contains("channel = [{ name = \"x.y\", level = 2 }]"));
    }
}
