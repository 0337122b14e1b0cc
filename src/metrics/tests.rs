//! What `config/prometheus` and `config/grafana` ask of metrics is there.

use super::*;
use crate::trust::Sure;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect();
    assert!(!files.is_empty(), "no {extension} in {}", folder.display());
    files
}

/// Every match of a pattern's first group.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|it| it[1].to_owned()).collect()
}

/// As Prometheus sees them: a histogram is several series.
fn series() -> BTreeSet<String> {
    let plain = COUNTERS.iter().chain(&GAUGES).map(|(name, _)| (*name).to_owned());
    let parts = ["bucket", "sum", "count"];
    let timed = HISTOGRAMS.iter().flat_map(|(name, _)| parts.map(|part| format!("{name}_{part}")));
    plain.chain(timed).collect()
}

#[test]
fn every_metric_that_rules_alerts_and_dashboards_use_exists() {
    let series = series();
    let recorded = all(r"record: (\S+)", &read("config/prometheus/rules.yml"));
    for file in files("config/prometheus", "yml").into_iter().chain(files("config/grafana", "json")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let used = all(r"\b(decile_[a-z_]+)", &text.replace("job:decile_", "job:"));
        assert!(!used.is_empty() || text.contains("job:"), "{} uses no metric", file.display());
        let unknown: Vec<&String> = used.difference(&series).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", file.display());
        let asked = all(r"\b(job:[a-z_:0-9]+)", &text);
        let unrecorded: Vec<&String> = asked.difference(&recorded).collect();
        assert!(unrecorded.is_empty(), "{}: {unrecorded:?}", file.display());
    }
}

/// The text of `/metrics` once everything has happened.
fn rendered() -> String {
    let metrics = Metrics::new().unwrap();
    let desk = Desk::human();
    for disposition in [Disposed::Handle, Disposed::Escalate, Disposed::Pass] {
        for reason in Reason::ALL.into_iter().map(Some).chain([None]) {
            let outcome = Outcome { disposition, class: None, reason };
            let (refused_action, outward_action) =
                (reason.map(|it| ("reply".to_owned(), it)), Some("reply".to_owned()));
            let (payload_bytes, unknown_words, decided_in) = (0, None, Duration::ZERO);
            let counted = Counted { outcome, refused_action, outward_action, payload_bytes, unknown_words, decided_in };
            metrics.decided(&counted);
            metrics.sampled(&counted, true);
            metrics.sampled(&counted, false);
        }
    }
    metrics.overdue(&desk);
    metrics.waits(&desk, Queue::default(), Timestamp::UNIX_EPOCH);
    metrics.answered(&desk, Duration::ZERO);
    let least = Some(Sure { bound: 0.8, needed: 0.9, answers: 60 });
    metrics.stands(&Class::parse("news").unwrap(), &Overview { at_level: [0, 3, 1, 0], least });
    metrics.flowing(None);
    metrics.doctor(&[]);
    metrics.reloaded(true);
    metrics.reloaded(false);
    metrics.connected("publish", true);
    metrics.lag("IN", 0);
    metrics.attached("IN", true);
    metrics.commit_seconds.record(Duration::ZERO);
    metrics.decision_seconds.record(Duration::ZERO);
    Wall::ALL.into_iter().for_each(|wall| Tried::ALL.into_iter().for_each(|tried| metrics.canary(wall, tried, 0)));
    metrics.render()
}

#[test]
fn every_label_that_rules_alerts_and_dashboards_ask_for_exists() {
    let rendered = rendered();
    let selector = Regex::new(r"\b(decile_[a-z_]+)\{([^}]*)\}").unwrap();
    let matcher = Regex::new(r#"(\w+)=~?"([^"$]*)""#).unwrap();
    let mut asked = 0;
    for file in files("config/prometheus", "yml").into_iter().chain(files("config/grafana", "json")) {
        let text = std::fs::read_to_string(&file).unwrap().replace("\\\"", "\"");
        // A test's series may say anything; what asks for them must not.
        let is_test = file.file_name().is_some_and(|it| it == "tests.yml");
        for found in selector.captures_iter(&text).filter(|_| !is_test) {
            let lines = || rendered.lines().filter(|line| line.starts_with(&format!("{}{{", &found[1])));
            for one in matcher.captures_iter(&found[2]) {
                for value in one[2].split('|') {
                    let wanted = format!("{}=\"{value}\"", &one[1]);
                    assert!(lines().any(|line| line.contains(&wanted)), "{}: {}", file.display(), &found[0]);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 10, "{asked}");
}

#[test]
fn what_is_alerted_on_when_it_rises_begins_with_nothing() {
    let metrics = Metrics::new().unwrap();
    metrics.watched([&Desk::human()]);
    let rendered = metrics.render();
    for series in [
        r#"decile_dead_letters_total{why="deliveries"} 0"#,
        r#"decile_rulings_total{outcome="refused"} 0"#,
        r#"decile_overdue_total{desk="human"} 0"#,
    ] {
        assert!(rendered.lines().any(|line| line == series), "{series} is not in\n{rendered}");
    }
}

#[test]
fn each_alert_names_a_section_of_the_runbook_and_is_tried() {
    let runbook = read("docs/runbook.md");
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-");
    let sections: BTreeSet<String> = all("(?m)^## (.+)$", &runbook).iter().map(|it| anchor(it)).collect();
    let alerts = read("config/prometheus/alerts.yml");
    let tests = read("config/prometheus/tests.yml");
    let blocks: Vec<&str> = alerts.split("- alert: ").skip(1).collect();
    assert!(!blocks.is_empty());
    let mut named = BTreeSet::new();
    for block in blocks {
        let name = block.lines().next().unwrap();
        let section = all(r"runbook: docs/runbook\.md#(\S+)", block);
        assert!(section.len() == 1 && section.is_subset(&sections), "{name}: {section:?}");
        named.extend(section);
        let fires = Regex::new(&format!(r"alertname: {name}\n\s+exp_alerts:\n\s+- ")).unwrap();
        let is_quiet = tests.contains(&format!("alertname: {name} }}"));
        assert!(fires.is_match(&tests) && is_quiet, "{name} must be seen to fire and to be quiet");
    }
    assert_eq!(named, sections, "each section of the runbook is for an alert");
}

#[test]
fn what_is_described_is_what_is_registered() {
    let metrics = Metrics::new().unwrap();
    let series = series();
    let rendered = metrics.render();
    let registered = all(r"(?m)^# TYPE (\S+) ", &rendered);
    assert!(!registered.is_empty(), "{rendered}");
    let is_known = |name: &&String| series.contains(*name) || series.contains(&format!("{name}_count"));
    let unknown: Vec<&String> = registered.iter().filter(|name| !is_known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let source = read("src/metrics.rs");
    let named = all(r#""(decile_[a-z_]+)""#, &source);
    let described: BTreeSet<String> =
        COUNTERS.iter().chain(&GAUGES).chain(&HISTOGRAMS).map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, described, "each name in the source has its description");
}

#[test]
fn dashboards_are_whole() {
    for file in files("config/grafana", "json") {
        let board: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        assert!(!panels.is_empty() && !board["title"].as_str().unwrap().is_empty(), "{}", file.display());
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            let targets = panel["targets"].as_array().unwrap();
            let asks = |it: &serde_json::Value| !it["expr"].as_str().unwrap().is_empty();
            assert!(!targets.is_empty() && targets.iter().all(asks), "{}: {panel}", file.display());
            assert!(!panel["description"].as_str().unwrap().is_empty(), "it says what it shows: {panel}");
        }
    }
}
