//! What the person is asked: a text, a class, and whether something may be signed.

use crate::inbox::diff::{Change, Line as DiffLine};
use crate::inbox::screen::{Confirm, Editor};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

/// The editor of a draft.
pub(super) fn edit(frame: &mut Frame<'_>, editor: &Editor, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(" edit what goes out ".bold());
    let inner = block.inner(area);
    let (line, column) = cursor(editor);
    let down = line.saturating_sub(inner.height.saturating_sub(1));
    let right = column.saturating_sub(inner.width.saturating_sub(1));
    let text: Vec<Line<'_>> = editor.text().split('\n').map(Line::from).collect();
    frame.render_widget(Paragraph::new(text).scroll((down, right)).block(block), area);
    frame.set_cursor_position(Position::new(inner.x + column - right, inner.y + line - down));
}

/// The name of a class.
pub(super) fn class(frame: &mut Frame<'_>, editor: &Editor, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(" which class is it of? ".bold());
    let inner = block.inner(area);
    frame.render_widget(Paragraph::new(format!("class: {}", editor.text())).block(block), area);
    let (_, column) = cursor(editor);
    let x = inner.x.saturating_add(7).saturating_add(column).min(inner.right().saturating_sub(1));
    frame.set_cursor_position(Position::new(x, inner.y));
}

/// The last look.
pub(super) fn confirm(frame: &mut Frame<'_>, confirm: &Confirm, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(format!(" {} ", confirm.title).bold());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let asked = asked(confirm);
    let asked_height = u16::try_from(asked.len()).unwrap_or(u16::MAX);
    let [text, question] = Layout::vertical([Constraint::Min(1), Constraint::Length(asked_height)]).areas(inner);
    let lines: Vec<Line<'_>> = confirm.diff.iter().map(changed).collect();
    let scroll = confirm.scroll.min(u16::try_from(lines.len()).unwrap_or(u16::MAX));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((scroll, 0)), text);
    frame.render_widget(Paragraph::new(asked), question);
}

fn changed(line: &DiffLine) -> Line<'_> {
    let style = match line.change {
        Change::Same => Style::new(),
        Change::Gone => Style::new().fg(Color::Red),
        Change::New => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
    };
    Line::from_iter([Span::styled(format!(" {} ", line.change.sign()), style), Span::styled(line.text.as_str(), style)])
}

fn asked(confirm: &Confirm) -> Vec<Line<'_>> {
    let mut asked = Vec::new();
    if confirm.is_noting || !confirm.note.text().is_empty() {
        let cursor = if confirm.is_noting { "▏" } else { "" };
        asked.push(Line::from(format!(" note: {}{cursor}", confirm.note.text())));
    }
    match &confirm.phrase {
        None => asked.push(Line::from(" Sign this? y/n").bold()),
        Some(phrase) => {
            asked.push(Line::from(format!(" This cannot be undone. To sign it, type `{phrase}`:")).red().bold());
            asked.push(Line::from(format!(" {}▏", confirm.typed)));
        }
    }
    asked
}

/// Line and column of the cursor, in cells.
fn cursor(editor: &Editor) -> (u16, u16) {
    let line = editor.before().matches('\n').count();
    let before = editor.before().rsplit('\n').next().unwrap_or_default();
    let cell = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    (cell(line), cell(Line::from(before).width()))
}
