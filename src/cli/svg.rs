//! The few elements that pictures are made of. Colours come from classes, so that they suit light and dark.

use std::fmt::{Display, Write as _};

/// A picture that is being drawn: one SVG file, which needs nothing beside it.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Light and dark, by what whoever looks prefers.
const STYLE: &str = "\
    svg{font:13px system-ui,sans-serif;--ink:#1c2128;--soft:#656d76;--line:#d0d7de;--back:#ffffff;--a:#0969da;--b:#bc4c00;--c:#8c6d1f}\
    @media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--back:#0d1117;--a:#58a6ff;--b:#f0883e;--c:#d9b650}}\
    .back{fill:var(--back)}text{fill:var(--ink)}.title{font-size:20px;font-weight:600}.head{font-size:15px;font-weight:600}\
    .soft{fill:var(--soft)}.grid{stroke:var(--line);stroke-width:1;fill:none}.promise{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3;fill:none}\
    .a{fill:var(--a)}.b{fill:var(--b)}.c{fill:var(--c)}.faint{opacity:.45}\
    .line-a{stroke:var(--a);fill:none;stroke-width:2}.line-b{stroke:var(--b);fill:none;stroke-width:2}";

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        let mut svg = Self { width, height, body: String::new() };
        svg.rect("back", (0.0, 0.0), (width, height), "");
        svg
    }

    /// A text; `class` may be empty.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: impl Display) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(&text.to_string());
        _ = writeln!(self.body, r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#);
    }

    /// A rectangle, and what is said of it where a pointer rests on it.
    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: &str) {
        let title = escape(title);
        _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"><title>{title}</title></rect>"#
        );
    }

    /// A line through points; `dashes` as in SVG, empty for none.
    pub(super) fn line(&mut self, class: &str, dashes: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        _ = writeln!(self.body, r#"<polyline class="{class}" stroke-dasharray="{dashes}" points="{points}"/>"#);
    }

    /// A point of a curve, and what is said of it where a pointer rests on it.
    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), title: &str) {
        let title = escape(title);
        _ = writeln!(
            self.body,
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="3.5"><title>{title}</title></circle>"#
        );
    }

    /// The file.
    pub(super) fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
             <style>{STYLE}</style>\n{body}</svg>\n"
        )
    }
}

/// What stands for something else in XML and HTML; control characters stand for nothing there.
pub(super) fn escape(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text("", (0.0, 0.0), Anchor::Start, "a<script>&\u{1}.jsonl");
        let svg = svg.finish();
        assert!(svg.contains("a&lt;script&gt;&amp;.jsonl"), "{svg}");
    }
}
