//! Diagnostics as people read them, and as JSON.

use super::{Diagnostic, Severity};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// The most diagnostics that are written as text: nobody reads more, and JSON has all of them.
pub const SHOWN_MAX: usize = 100;

/// Text for a terminal, or plain where `color` is false: one block a diagnostic, with the line it points at.
pub fn to_text(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        text.push_str(&block(diagnostic, &renderer));
        text.push_str("\n\n");
    }
    if diagnostics.len() > SHOWN_MAX {
        text.push_str(&format!(
            "… and {} more; `decile check --format json` has them all\n\n",
            diagnostics.len() - SHOWN_MAX
        ));
    }
    text
}

/// One object a diagnostic, for `--format json`.
pub fn to_json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    diagnostics.iter().map(json).collect()
}

fn block(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let help = Level::HELP.message(diagnostic.help.as_str());
    match &diagnostic.location {
        None => renderer.render(&[title.element(help)]),
        Some(at) => {
            let snippet = Snippet::source(at.file().text())
                .path(at.file().name())
                .annotation(AnnotationKind::Primary.span(at.span()));
            renderer.render(&[title.element(snippet).element(help)])
        }
    }
}

fn json(diagnostic: &Diagnostic) -> serde_json::Value {
    let place = diagnostic.location.as_ref().map(|at| (at.file().name(), at.file().line_column(at.span().start)));
    serde_json::json!({
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": place.map(|(file, _)| file),
        "line": place.map(|(_, (line, _))| line),
        "column": place.map(|(_, (_, column))| column),
        "help": diagnostic.help,
    })
}
