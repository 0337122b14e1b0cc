//! The decision surface as one HTML page: charts, tables, examples. It loads nothing from anywhere.

use super::text::about;
use crate::cli::svg::{Anchor, Svg, escape};
use crate::plain;
use crate::survey::{ClassSurface, Standing, Surface};
use std::fmt::Write as _;

const EXAMPLE_CHARS_MAX: usize = 400;
/// The chart: a bar for each class.
const WIDTH: f64 = 960.0;
const BAR_X: f64 = 260.0;
const BAR_WIDTH_MAX: f64 = 480.0;
const BAR_STEP: f64 = 24.0;
const CHART_ROWS_MAX: usize = 40;

const STYLE: &str = "\
    body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:#1c2128;background:#fff}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #d0d7de}\
    td.n{text-align:right;font-variant-numeric:tabular-nums}.soft,.examples{color:#656d76}.examples{font-size:13px;margin:.2rem 0 0}\
    svg{max-width:100%;height:auto}\
    @media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#3d444d}.soft,.examples{color:#9198a1}}";

pub(super) fn of(surface: &Surface) -> String {
    let mut body = String::new();
    _ = writeln!(body, "<h1>The decision surface</h1><p class=\"soft\">{}</p>", escape(&about(surface)));
    candidates(&mut body, surface);
    _ = writeln!(body, "<h2>Classes</h2>{}", chart(surface));
    classes(&mut body, surface);
    without_class(&mut body, surface);
    clusters(&mut body, surface);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Decision surface</title><style>{STYLE}</style></head>\n\
         <body>\n{body}</body></html>\n"
    )
}

fn candidates(body: &mut String, surface: &Surface) {
    let candidates = surface.candidates();
    body.push_str("<h2>First candidates for level 2</h2>\n");
    if candidates.is_empty() {
        body.push_str("<p>None yet.</p>\n");
        return;
    }
    body.push_str("<p class=\"soft\">What reaches least first, then what comes most often. A person promotes, on evidence.</p><ol>\n");
    for it in candidates {
        _ = writeln!(body, "<li><b>{}</b>: {} messages, {}</li>", it.class, it.messages, it.radius.as_str());
    }
    body.push_str("</ol>\n");
}

/// How often each class comes; the colour is what it may become.
fn chart(surface: &Surface) -> String {
    let shown: Vec<&ClassSurface> = surface.classes.iter().take(CHART_ROWS_MAX).collect();
    let mut svg = Svg::new(WIDTH, 40.0 + BAR_STEP * shown.len() as f64);
    let legend = [("a", "candidate or promoted"), ("c", "later, or too seldom"), ("b", "never")];
    for (at, (class, meaning)) in legend.into_iter().enumerate() {
        let x = BAR_X + 190.0 * at as f64;
        svg.rect(class, (x, 6.0), (12.0, 12.0), "");
        svg.text("soft", (x + 18.0, 17.0), Anchor::Start, meaning);
    }
    let most = shown.first().map_or(1, |it| it.messages).max(1) as f64;
    for (row, it) in shown.iter().enumerate() {
        let y = 30.0 + BAR_STEP * row as f64;
        let width = it.messages as f64 / most * BAR_WIDTH_MAX;
        svg.text("", (BAR_X - 10.0, y + 13.0), Anchor::End, &it.class);
        svg.rect(colour(it.standing), (BAR_X, y), (width, 16.0), it.standing.meaning());
        let share = it.messages as f64 / surface.messages as f64 * 100.0;
        svg.text("soft", (BAR_X + width + 8.0, y + 13.0), Anchor::Start, format!("{} ({share:.1} %)", it.messages));
    }
    svg.finish()
}

fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Candidate | Standing::Promoted => "a",
        Standing::Seldom | Standing::Later => "c",
        Standing::Never => "b",
    }
}

fn classes(body: &mut String, surface: &Surface) {
    body.push_str("<table><tr><th>Class</th><th>Messages</th><th>Varies</th><th>Level</th><th>Action</th><th>Reach</th><th>May become</th></tr>\n");
    for it in &surface.classes {
        let varies = it.variability.map_or_else(|| "–".to_owned(), |it| format!("{it:.2}"));
        let actions: Vec<&str> = it.actions.iter().map(String::as_str).collect();
        let channels: Vec<String> = it.channels.iter().map(|(name, messages)| format!("{name} {messages}")).collect();
        _ = writeln!(
            body,
            "<tr><td><b>{}</b><div class=\"soft\">{}</div>{}</td><td class=\"n\">{}</td><td class=\"n\">{varies}</td>\
             <td class=\"n\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            it.class,
            escape(&channels.join(", ")),
            examples(&it.examples),
            it.messages,
            it.level as u8,
            escape(&actions.join(", ")),
            it.radius.as_str(),
            it.standing.meaning()
        );
    }
    body.push_str("</table>\n<p class=\"soft\">“Varies” is how differently its messages are worded: 0 all the same, 1 no word in common.</p>\n");
}

fn without_class(body: &mut String, surface: &Surface) {
    body.push_str("<h2>Without a class</h2><table><tr><th>Reason</th><th>Messages</th><th></th></tr>\n");
    for (reason, messages) in &surface.without_class {
        let meaning = escape(reason.meaning());
        _ = writeln!(body, "<tr><td>{}</td><td class=\"n\">{messages}</td><td>{meaning}</td></tr>", reason.as_str());
    }
    body.push_str("</table>\n");
}

fn clusters(body: &mut String, surface: &Surface) {
    _ = writeln!(
        body,
        "<h2>Unmatched, by what they say</h2><p class=\"soft\">{} looked at, {} of them like no other.</p><table>",
        surface.clustered, surface.alone
    );
    for cluster in &surface.clusters {
        let words = escape(&plain::one_line(&cluster.words.join(" "), EXAMPLE_CHARS_MAX));
        let examples = examples(&cluster.examples);
        _ = writeln!(body, "<tr><td class=\"n\">{}</td><td><b>{words}</b>{examples}</td></tr>", cluster.messages);
    }
    body.push_str("</table>\n");
}

fn examples(of: &[String]) -> String {
    let lines = of.iter().map(|text| format!("“{}”", escape(&plain::one_line(text, EXAMPLE_CHARS_MAX))));
    format!("<div class=\"examples\">{}</div>", lines.collect::<Vec<_>>().join("<br>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Cluster;

    #[test]
    fn no_text_of_a_message_is_markup() {
        let cluster = Cluster {
            messages: 2,
            words: vec!["<b>".to_owned()],
            examples: vec!["</td><script>alert(1)</script>".to_owned(), "a\u{202E}b".to_owned()],
        };
        let surface = Surface {
            messages: 2,
            first: None,
            last: None,
            classes: Vec::new(),
            without_class: Default::default(),
            clusters: vec![cluster],
            clustered: 2,
            alone: 0,
        };
        let page = of(&surface);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(!page.contains('\u{202E}'), "{page}");
    }
}
