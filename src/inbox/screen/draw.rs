//! Paints a screen: a list, what is selected in it, a line of news, and the keys. Every text that is painted is plain.

mod asked;
mod detail;

use super::{List, Mode, Screen, class_of};
use crate::inbox::Entry;
use crate::inbox::page::{due, span};
use crate::plain::one_line;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table, TableState};

/// A deadline this near is painted as one, in seconds.
const NEAR_S: i64 = 900;

/// Paints everything.
pub fn draw(frame: &mut Frame<'_>, screen: &Screen) {
    let keys = keys(screen);
    let keys = wrapped(&keys, frame.area().width);
    let keys_height = u16::try_from(keys.len()).unwrap_or(u16::MAX).min((frame.area().height / 4).max(1));
    let list_height = list_height(screen, frame.area());
    let [title, list, main, notice, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(list_height),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(keys_height),
    ])
    .areas(frame.area());
    frame.render_widget(head(screen), title);
    if list_height > 0 {
        draw_list(frame, screen, list);
    }
    match &screen.mode {
        Mode::Edit(editor) => asked::edit(frame, editor, main),
        Mode::Class(editor) => asked::class(frame, editor, main),
        Mode::Confirm(confirm) => asked::confirm(frame, confirm, main),
        Mode::Browse | Mode::Filter => detail::draw(frame, screen, main),
    }
    frame.render_widget(news(screen), notice);
    frame.render_widget(Paragraph::new(keys), foot);
}

/// A third of the screen at most, and nothing while one entry has it all.
fn list_height(screen: &Screen, area: Rect) -> u16 {
    let is_browsing = matches!(screen.mode, Mode::Browse | Mode::Filter);
    if screen.is_detail_large && is_browsing {
        return 0;
    }
    let wanted = u16::try_from(screen.listed().len()).unwrap_or(u16::MAX).saturating_add(1);
    wanted.clamp(2, (area.height / 3).max(3))
}

fn head(screen: &Screen) -> Line<'static> {
    let who = screen.person.as_ref().map_or("looking only: no key".to_owned(), |it| one_line(&it.operator.name, 40));
    let what = match screen.list {
        List::Open => format!("{} waiting", screen.inbox.open().len()),
        List::Answered => format!("{} answered", screen.inbox.answered().len()),
    };
    let mut text = format!(" decile inbox · {who} · {what}");
    if screen.inbox.left_out() > 0 {
        text.push_str(&format!(" (+{} more)", screen.inbox.left_out()));
    }
    let dead = screen.inbox.letters().into_iter().filter(|letter| letter.is_open()).count();
    if dead > 0 {
        text.push_str(&format!(" · {dead} dead: `decile dlq list`"));
    }
    let demoted: Vec<String> = screen.inbox.demoted(screen.now).map(|it| it.class.to_string()).collect();
    if let Some(last) = demoted.first() {
        let more = if demoted.len() > 1 { format!(" +{}", demoted.len() - 1) } else { String::new() };
        text.push_str(&format!(" · demoted: {last}{more}"));
    }
    let is_filtering = matches!(screen.mode, Mode::Filter);
    if is_filtering || !screen.filter.is_empty() {
        let cursor = if is_filtering { "▏" } else { "" };
        text.push_str(&format!(" · /{}{cursor}", one_line(&screen.filter, 64)));
    }
    Line::from(text).bold()
}

fn draw_list(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let listed = screen.listed();
    let at = listed.iter().position(|entry| screen.selected.as_ref() == Some(entry.id()));
    let first = at.unwrap_or_default().saturating_sub(usize::from(area.height.saturating_sub(2)));
    // Only what can be seen is made into rows: the list may be long.
    let seen = listed.iter().skip(first).take(usize::from(area.height));
    let columns = columns(area.width);
    let rows: Vec<Row<'_>> = seen.map(|entry| row(entry, screen.now, screen.list, columns)).collect();
    let (header, widths): (Vec<&str>, Vec<Constraint>) =
        columns.iter().map(|(column, width)| (column.head(), *width)).unzip();
    let header = Row::new(header).add_modifier(Modifier::DIM);
    let selected = Style::new().add_modifier(Modifier::REVERSED);
    let table = Table::new(rows, widths).header(header).row_highlight_style(selected).column_spacing(1);
    let mut state = TableState::new().with_selected(at.map(|at| at - first));
    frame.render_stateful_widget(table, area, &mut state);
}

/// What a list says of an entry.
#[derive(Clone, Copy)]
enum Column {
    When,
    Desk,
    Channel,
    Class,
    Reason,
}

/// The columns that there is room for.
fn columns(width: u16) -> &'static [(Column, Constraint)] {
    match width {
        ..64 => &[
            (Column::When, Constraint::Length(14)),
            (Column::Channel, Constraint::Fill(1)),
            (Column::Class, Constraint::Fill(1)),
        ],
        _ => &[
            (Column::When, Constraint::Length(15)),
            (Column::Desk, Constraint::Length(10)),
            (Column::Channel, Constraint::Fill(1)),
            (Column::Class, Constraint::Fill(1)),
            (Column::Reason, Constraint::Length(17)),
        ],
    }
}

impl Column {
    fn head(self) -> &'static str {
        match self {
            Self::When => "",
            Self::Desk => "desk",
            Self::Channel => "channel",
            Self::Class => "class",
            Self::Reason => "reason",
        }
    }

    fn cell(self, entry: &Entry, now: Timestamp, list: List) -> Span<'static> {
        let decision = &entry.escalation.decision;
        match self {
            Self::When => {
                let (when, style) = when(entry, now, list);
                Span::styled(when, style)
            }
            Self::Desk => {
                Span::raw(decision.desk.as_ref().map_or_else(String::new, |desk| one_line(desk.as_str(), 64)))
            }
            Self::Channel => Span::raw(one_line(decision.channel.as_str(), 128)),
            Self::Class => Span::raw(class_of(entry).unwrap_or("-").to_owned()),
            Self::Reason => Span::raw(decision.reason.map_or("-", |reason| reason.as_str())),
        }
    }
}

fn row(entry: &Entry, now: Timestamp, list: List, columns: &[(Column, Constraint)]) -> Row<'static> {
    columns.iter().map(|(column, _)| column.cell(entry, now, list)).collect()
}

/// A deadline, or an age; of what was answered, by whom.
fn when(entry: &Entry, now: Timestamp, list: List) -> (String, Style) {
    if list == List::Answered {
        let word = entry.ruling.as_ref().map_or("expired", |ruling| ruling.word());
        let by = entry.ruling.as_ref().map_or_else(String::new, |ruling| one_line(&ruling.by, 16));
        return (format!("{word} {by}"), Style::new());
    }
    let Some(deadline) = entry.deadline else {
        return (format!("for {}", span(now.duration_since(entry.stored_at))), Style::new());
    };
    let style = match deadline.duration_since(now).as_secs() {
        ..0 => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        0..NEAR_S => Style::new().fg(Color::Yellow),
        _ => Style::new(),
    };
    (due(deadline, now), style)
}

fn news(screen: &Screen) -> Line<'static> {
    let Some(notice) = &screen.notice else { return Line::default() };
    let style = if notice.is_bad { Style::new().fg(Color::Red).add_modifier(Modifier::BOLD) } else { Style::new() };
    Line::styled(format!(" {}", notice.text), style)
}

/// The keys that do something now.
fn keys(screen: &Screen) -> Vec<(&'static str, &'static str)> {
    match &screen.mode {
        Mode::Filter => vec![("type", "filter"), ("enter", "keep"), ("esc", "clear")],
        Mode::Edit(_) => vec![("ctrl-s", "done"), ("esc", "cancel")],
        Mode::Class(_) => vec![("enter", "done (nothing: of no class)"), ("esc", "cancel")],
        Mode::Confirm(confirm) if confirm.is_noting => vec![("enter", "done")],
        Mode::Confirm(confirm) if confirm.phrase.is_some() => {
            vec![("type it, enter", "sign"), ("tab", "note"), ("↑↓", "scroll"), ("esc", "back")]
        }
        Mode::Confirm(_) => vec![("y", "sign"), ("n", "back"), ("tab", "note"), ("↑↓", "scroll")],
        Mode::Browse => browsing(screen),
    }
}

fn browsing(screen: &Screen) -> Vec<(&'static str, &'static str)> {
    let mut keys = vec![("j/k", "move"), ("space/b", "scroll"), ("enter", "larger")];
    if let Some(entry) = screen.entry().filter(|entry| entry.is_open()) {
        match &entry.escalation.held {
            Some(_) => keys.extend([("a", "approve"), ("e", "edit")]),
            None => keys.push(("e", "write")),
        }
        keys.extend([("r", "reject"), ("c", "class")]);
        if !entry.proposals.is_empty() {
            keys.push(("1-8", "proposal"));
        }
    }
    let tab = if screen.list == List::Open { "answered" } else { "waiting" };
    keys.extend([("/", "filter"), ("tab", tab), ("q", "quit")]);
    keys
}

fn line_of(keys: &[(&'static str, &'static str)]) -> Line<'static> {
    let spans = keys.iter().flat_map(|(key, what)| {
        [Span::from(format!(" {key}")).add_modifier(Modifier::BOLD), Span::from(format!(" {what} ")).dim()]
    });
    Line::from_iter(spans)
}

/// The keys on as many lines as they need; no pair is torn apart.
fn wrapped(keys: &[(&'static str, &'static str)], width: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<(&'static str, &'static str)>> = vec![Vec::new()];
    for key in keys {
        let Some(line) = lines.last_mut() else { break };
        line.push(*key);
        if line.len() > 1 && line_of(line).width() > usize::from(width) {
            line.pop();
            lines.push(vec![*key]);
        }
    }
    lines.iter().map(|line| line_of(line)).collect()
}
