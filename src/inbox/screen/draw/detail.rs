//! The selected escalation.

use crate::inbox::page::{Line as PageLine, page};
use crate::inbox::screen::{List, Screen, short};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

/// Paints it, or that there is none.
pub(super) fn draw(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let Some(entry) = screen.entry() else {
        return frame.render_widget(Paragraph::new(empty(screen)).centered().dim(), area);
    };
    let block = Block::new().borders(Borders::TOP).title(format!(" {} ", short(entry.id())));
    let lines: Vec<Line<'_>> = page(entry, screen.now).into_iter().map(line).collect();
    // Wrapped lines are not counted exactly; the end of the page can always be reached.
    let width = usize::from(area.width.max(1));
    let height: usize = lines.iter().map(|line| line.width() / width + 1).sum();
    let last = u16::try_from(height.saturating_sub(usize::from(area.height) / 2)).unwrap_or(u16::MAX);
    let scroll = screen.scroll.min(last);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((scroll, 0)).block(block), area);
}

fn empty(screen: &Screen) -> &'static str {
    match (screen.list, screen.filter.is_empty()) {
        (_, false) => "\nnothing has these words; esc clears the filter",
        (List::Open, true) => "\nnothing waits for a person",
        (List::Answered, true) => "\nnothing was answered",
    }
}

fn line(line: PageLine) -> Line<'static> {
    match line {
        PageLine::Heading(heading) => Line::from(heading).bold(),
        PageLine::Row(name, value) => Line::from_iter([Span::from(format!("  {name:<12}")).dim(), Span::from(value)]),
        PageLine::Quote(pieces) => {
            let fired = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
            let piece = |piece: crate::inbox::page::Piece| {
                Span::styled(piece.text, if piece.is_evidence { fired } else { Style::new() })
            };
            Line::from_iter([Span::from("  │ ").dim()].into_iter().chain(pieces.into_iter().map(piece)))
        }
        PageLine::Draft(draft) => Line::from_iter([Span::from("  ┃ ").green(), Span::from(draft)]),
        PageLine::Warning(warning) => Line::from(format!("  ! {warning}")).red(),
        PageLine::Blank => Line::default(),
    }
}
