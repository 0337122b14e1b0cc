//! Paints a review: the message; the classes, or what was decided; the keys. Every text that is painted is plain.

use super::{NONE, Screen, Stage, is_right};
use crate::class::Class;
use crate::inbox::page::due;
use crate::plain::{lines, one_line};
use crate::review::Waiting;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

/// Paints everything.
pub fn draw(frame: &mut Frame<'_>, screen: &Screen) {
    let below = (frame.area().height / 3).max(4);
    let [head, message, asked, notice, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(below),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(self::head(screen), head);
    let Some(waiting) = screen.waiting() else {
        let empty = if screen.skipped.is_empty() { "nothing waits for a review" } else { "that was all" };
        frame.render_widget(Paragraph::new(format!("\n{empty}")).centered().dim(), message);
        frame.render_widget(line_of(&[("esc", "quit")]), keys);
        return;
    };
    draw_message(frame, screen, waiting, message);
    match &screen.stage {
        Stage::Naming { typed, picked } => draw_choices(frame, screen, typed.text(), *picked, asked),
        Stage::Shown { class, severe } => draw_decided(frame, waiting, class.as_ref(), *severe, asked),
        Stage::Signing { .. } => frame.render_widget(Paragraph::new(" signing…").dim(), asked),
    }
    if let Some(text) = &screen.notice {
        frame.render_widget(Line::from(format!(" {text}")).red().bold(), notice);
    }
    frame.render_widget(line_of(&self::keys(screen, waiting)), keys);
}

fn head(screen: &Screen) -> Line<'static> {
    let waiting = screen.reviews.open().len();
    let mut text = format!(" decile review · {} · {waiting} waiting", screen.reviewer);
    if screen.reviews.left_out() > 0 {
        text.push_str(&format!(" (+{} more)", screen.reviews.left_out()));
    }
    if screen.signed > 0 {
        text.push_str(&format!(" · {} reviewed, {} agreed", screen.signed, screen.agreed));
    }
    Line::from(text).bold()
}

/// The message, and of its decision only what its reader would know: where it came from, and until when it is asked.
fn draw_message(frame: &mut Frame<'_>, screen: &Screen, waiting: &Waiting, area: Rect) {
    let (sample, row) = (&waiting.sample, |name: &str, value: &str| {
        Line::from_iter([Span::from(format!("  {name:<10}")).dim(), Span::from(one_line(value, 200))])
    });
    let mut shown = vec![row("channel", sample.decision.channel.as_str())];
    shown.extend(sample.message.sender.as_deref().map(|sender| row("from", sender)));
    shown.extend(sample.message.subject.as_deref().map(|subject| row("subject", subject)));
    shown.push(row("review", &due(sample.answer_by, screen.now)));
    shown.push(Line::default());
    shown.extend(lines(&sample.message.text).lines().map(|line| Line::from(format!("  │ {line}"))));
    let block = Block::new().borders(Borders::TOP);
    frame.render_widget(Paragraph::new(shown).wrap(Wrap { trim: false }).scroll((screen.scroll, 0)).block(block), area);
}

fn draw_choices(frame: &mut Frame<'_>, screen: &Screen, typed: &str, picked: usize, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(format!(" what is it? {typed}▏").bold());
    let first = (picked + 1).saturating_sub(usize::from(block.inner(area).height));
    let choices = screen.choices(typed).into_iter().enumerate().skip(first).map(|(at, class)| {
        let style = if at == picked { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Line::styled(format!("  {}", name(class.as_ref())), style)
    });
    frame.render_widget(Paragraph::new(choices.collect::<Vec<_>>()).block(block), area);
}

fn draw_decided(frame: &mut Frame<'_>, waiting: &Waiting, named: Option<&Class>, severe: bool, area: Rect) {
    let decision = &waiting.sample.decision;
    let did = decision.policy.as_ref().map_or_else(
        || "-".to_owned(),
        |policy| {
            let arguments = policy.action.arguments.iter().map(|(key, value)| format!(" {key}={value}"));
            one_line(&format!("{}{}", policy.action.kind, arguments.collect::<String>()), 200)
        },
    );
    let mut shown = vec![
        Line::from(format!("  you say     {}", name(named))),
        Line::from(format!("  decided     {}", name(decision.verdict.class.as_ref()))),
        Line::from(format!("  and did     {did}")),
    ];
    shown.push(match (is_right(named, waiting), severe) {
        (true, _) => Line::from("  you agree").green(),
        (false, false) => Line::from("  you disagree: it counts against the class").yellow(),
        (false, true) => Line::from("  a severe error: the class goes back to level 1 here, at once").red().bold(),
    });
    frame.render_widget(Paragraph::new(shown).block(Block::new().borders(Borders::TOP)), area);
}

fn name(class: Option<&Class>) -> String {
    class.map_or_else(|| NONE.to_owned(), ToString::to_string)
}

fn keys(screen: &Screen, waiting: &Waiting) -> Vec<(&'static str, &'static str)> {
    match &screen.stage {
        Stage::Naming { .. } => {
            vec![("type, ↑↓", "find the class"), ("enter", "that is it"), ("tab", "later"), ("esc", "quit")]
        }
        Stage::Shown { class, .. } if is_right(class.as_ref(), waiting) => vec![("enter", "sign")],
        Stage::Shown { .. } => vec![("enter", "sign"), ("s", "severe error")],
        Stage::Signing { .. } => Vec::new(),
    }
}

fn line_of(keys: &[(&'static str, &'static str)]) -> Line<'static> {
    let spans = keys.iter().flat_map(|(key, what)| {
        [Span::from(format!(" {key}")).add_modifier(Modifier::BOLD), Span::from(format!(" {what} ")).dim()]
    });
    Line::from_iter(spans)
}
