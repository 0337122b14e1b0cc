//! The files that are shipped.

use super::*;
use crate::policy::level::Level;
use crate::policy::resolve::RuleNames;

fn path() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/decile.toml"))
}

fn shipped() -> Config {
    let report = Report::new();
    let classes = classes(&[
        "acknowledgement",
        "scheduling_confirm",
        "status_update",
        "info_request",
        "ci_notification",
        "calendar_notification",
        "delivery_notification",
        "receipt_notification",
        "newsletter",
        "promotion",
        "out_of_office",
    ]);
    let restrictions = restrictions(&[
        "legal",
        "money",
        "security",
        "outage",
        "personnel",
        "health",
        "distress",
        "anger",
        "press",
        "data_subject",
        "vip",
    ]);
    let config = load_files(path(), &report)
        .resolve(Some(RuleNames { classes: &classes, restrictions: &restrictions }), &report);
    assert_eq!(places(&report.into_sorted()), [""; 0]);
    let config = config.unwrap();
    assert_eq!(config.policy.classes.len(), classes.len(), "every class has a line");
    assert_eq!(config.policy.restriction_desks.len(), restrictions.len(), "every restriction has a desk");
    config
}

#[test]
fn everything_is_at_level_1() {
    let policy = shipped().policy;
    let lines = policy.classes.values().flat_map(|lines| lines.channels.values().chain([&lines.everywhere]));
    let levels: Vec<Level> = lines.chain([&policy.unlisted]).map(|line| line.level).collect();
    assert!(levels.len() > 11 && levels.iter().all(|level| *level == Level::Draft), "{levels:?}");
}

#[test]
fn only_the_assistant_is_direct() {
    let channels = shipped().channels;
    let specs: Vec<&ChannelSpec> = channels.sources.iter().flat_map(|source| &source.channels).collect();
    let names: Vec<&str> = specs.iter().map(|spec| spec.channel.as_str()).collect();
    let all =
        "slack.support slack.team slack.assistant mail.inbox mail.office tickets.helpdesk ci.builds agents.requests";
    assert_eq!(names.join(" "), all);
    let direct: Vec<&&str> =
        specs.iter().zip(&names).filter(|(spec, _)| spec.mode == Mode::Direct).map(|(_, name)| name).collect();
    assert_eq!(direct, [&"slack.assistant"]);
}

#[test]
fn the_file_shows_the_defaults() {
    // What is commented out must be what holds without it.
    let text = std::fs::read_to_string(path()).unwrap();
    let numbers = text.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(" = "));
    let numbers: Vec<(&str, u64)> =
        numbers.filter_map(|(key, rest)| Some((key, rest.split_whitespace().next()?.parse().ok()?))).collect();
    assert_eq!(numbers.len(), 26 + 7 + 2 + 1, "{numbers:?}");
    let schema = schema::to_text(&schema::of::<main_file::WrittenDecile>());
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for (key, number) in numbers {
        let sections = ["WrittenLimits", "WrittenRetention", "WrittenBus", "WrittenCanary"];
        let of = |section: &str| schema["definitions"][section]["properties"][key]["default"].as_u64();
        assert_eq!(sections.into_iter().find_map(of), Some(number), "{key}");
    }
}

#[test]
fn each_file_names_its_schema() {
    let mut found = 0;
    for entry in std::fs::read_dir(path().parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let named = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
            assert!(path.with_file_name(named).exists(), "{path:?} names {named}");
            found += 1;
        }
    }
    assert!(found >= 3);
}
