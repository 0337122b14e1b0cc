//! The pictures of the story: evidence as it grows, and the share that was handled, over time.

use super::scene::{Next, Second};
use crate::cli::print::{bold, dim};
use jiff::Timestamp;
use std::fmt::Write as _;

/// How wide a bar is, in cells.
const BAR_CELLS: f64 = 40.0;
/// How high the last picture is, in lines.
const LINES: u32 = 8;
/// The most columns of the last picture; each is a second, or several.
const COLUMNS_MAX: usize = 100;
const MARKS: [char; 4] = ['A', 'B', 'C', 'D'];

/// The bound against what is needed.
pub(super) fn evidence(next: &Next) -> String {
    let Next { answers, bound, threshold, missing } = next;
    let needed = cells(*threshold);
    let bar: String = (0..cells(1.0))
        .map(|at| {
            if at < cells(*bound) {
                '█'
            } else if at == needed {
                '┃'
            } else {
                '·'
            }
        })
        .collect();
    let (agreed, all) = (answers.agreed, answers.decisions());
    let left = if *missing == 0 { "enough".to_owned() } else { format!("{missing} missing") };
    format!("{bar}  {agreed} of {all} agreed: surely {:.1} %, needed {:.0} %, {left}", bound * 100.0, threshold * 100.0)
}

fn cells(share: f64) -> u32 {
    // From 0 to 40: what is cut off is less than a cell.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of forty cells")]
    let cells = (share.clamp(0.0, 1.0) * BAR_CELLS).round() as u32;
    cells
}

/// What was handled of all messages, over time, with what happened marked.
pub(super) fn share(seconds: &[Second], marks: &[(Timestamp, &'static str)]) -> Result<String, std::fmt::Error> {
    let together = seconds.len().div_ceil(COLUMNS_MAX).max(1);
    let columns: Vec<Second> = seconds.chunks(together).map(sum).collect();
    let mut out = String::new();
    for line in (1..=LINES).rev() {
        let label = if line == LINES {
            "100 %"
        } else if line == 1 {
            "0 %"
        } else {
            ""
        };
        let cell = |column: &Second| if is_as_high(column, line) { '█' } else { ' ' };
        writeln!(out, "{label:>7} │{}", columns.iter().map(cell).collect::<String>())?;
    }
    let mut axis: Vec<char> = vec!['─'; columns.len()];
    let mut legend = String::new();
    for ((at, what), mark) in marks.iter().zip(MARKS) {
        let place = columns.iter().rposition(|column| column.at_s <= at.as_second()).unwrap_or_default();
        if let Some(cell) = axis.get_mut(place) {
            *cell = mark;
        }
        write!(legend, "  {} {what}", bold(&mark.to_string()))?;
    }
    writeln!(out, "{:>7} └{}", "", axis.into_iter().collect::<String>())?;
    writeln!(out, "{:>8}{legend}", "")?;
    let (handled, all) = seconds.iter().fold((0, 0), |(handled, all), it| (handled + it.handled, all + it.all));
    writeln!(
        out,
        "{}",
        dim(&format!("{:>9}{handled} of {all} messages of the class were handled, the others went to people", ""))
    )?;
    Ok(out)
}

fn sum(seconds: &[Second]) -> Second {
    seconds.iter().fold(Second { at_s: seconds.first().map_or(0, |it| it.at_s), ..Second::default() }, |sum, it| {
        Second { handled: sum.handled + it.handled, all: sum.all + it.all, ..sum }
    })
}

/// Whether a column reaches a line, counted from 1: the share, in as many parts as there are lines.
fn is_as_high(column: &Second, line: u32) -> bool {
    let lines = usize::try_from(LINES).unwrap_or(usize::MAX);
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    column.handled > 0 && column.handled * lines > (line - 1) * column.all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_drawn_with_what_happened() {
        let seconds: Vec<Second> =
            (0..4).zip([0, 5, 10, 0]).map(|(at_s, handled)| Second { at_s, handled, all: 10 }).collect();
        let marks = [(Timestamp::from_second(1).unwrap(), "promoted"), (Timestamp::from_second(3).unwrap(), "demoted")];
        let drawn = share(&seconds, &marks).unwrap();
        let lines: Vec<&str> = drawn.lines().map(str::trim_end).collect();
        assert_eq!((lines[0], lines[4], lines[7]), ("  100 % │  █", "        │ ██", "    0 % │ ██"), "{drawn}");
        assert!(
            lines[8].ends_with("└─A─B") && lines[9].contains("A promoted") && lines[9].contains("B demoted"),
            "{drawn}"
        );
        assert!(lines[10].contains("15 of 40 messages of the class"), "{drawn}");
        assert!(share(&[], &marks).unwrap().contains("0 of 0"));
    }
}
