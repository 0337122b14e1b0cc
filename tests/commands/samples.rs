//! The demo's messages under the shipped rules: what is handled, and that nothing is handled wrongly.

use crate::support::run;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Of the messages that have a class, at least so many percent are recognised.
const RECOGNISED_PERCENT_MIN: usize = 85;

struct Sample {
    written: Value,
    answer: Value,
}

impl Sample {
    fn wanted(&self) -> Option<&str> {
        self.written["class"].as_str()
    }

    fn found(&self) -> Option<&str> {
        self.answer["class"].as_str()
    }

    fn line(&self) -> String {
        let rules: Vec<&str> =
            self.answer["evidence"].as_array().into_iter().flatten().filter_map(|it| it["rule"].as_str()).collect();
        format!(
            "{} wanted {}, found {} ({}) by {}: {}",
            self.written["id"],
            self.wanted().unwrap_or("nobody"),
            self.found().unwrap_or("none"),
            self.answer["reason"],
            rules.join(" "),
            self.written["text"]
        )
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every sample, classified once for all tests.
fn all() -> &'static [Sample] {
    static ALL: OnceLock<Vec<Sample>> = OnceLock::new();
    ALL.get_or_init(read)
}

fn read() -> Vec<Sample> {
    let folder = project().join("config/demo/messages");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "jsonl"));
    assert!(!files.is_empty(), "no samples in {}", folder.display());
    let rules = project().join("rules").to_string_lossy().into_owned();
    files.iter().flat_map(|file| classified(&rules, file)).collect()
}

fn classified(rules: &str, file: &Path) -> Vec<Sample> {
    let answers = run(&["classify", "--rules", rules, &file.to_string_lossy()]).exits(0).json_lines();
    let text = std::fs::read_to_string(file).unwrap();
    let written: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!written.is_empty(), "{} is empty", file.display());
    assert_eq!(written.len(), answers.len(), "{}: an answer for each line", file.display());
    written.into_iter().zip(answers).map(|(written, answer)| Sample { written, answer }).collect()
}

fn lines<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> String {
    samples.into_iter().fold(String::new(), |mut lines, sample| {
        let _ = writeln!(lines, "{}", sample.line());
        lines
    })
}

#[test]
fn what_a_person_must_see_is_never_handled() {
    let samples = all();
    // A direct channel is passed on whatever the rules say.
    let is_direct = |sample: &&Sample| sample.written["channel"] == "slack.assistant";
    let for_people = samples.iter().filter(|sample| sample.wanted().is_none() && !is_direct(sample));
    let wrong: Vec<&Sample> = for_people.filter(|sample| sample.found().is_some()).collect();
    assert!(wrong.is_empty(), "{}", lines(wrong.iter().copied()));
}

#[test]
fn what_is_restricted_escalates() {
    let samples = all();
    let restricted: Vec<&Sample> = samples.iter().filter(|sample| sample.written.get("restrict").is_some()).collect();
    assert!(!restricted.is_empty(), "no sample is restricted");
    let wrong = restricted.into_iter().filter(|sample| sample.found().is_some());
    assert_eq!(lines(wrong), "");
}

#[test]
fn no_message_is_taken_for_another_class() {
    let samples = all();
    let wrong = samples.iter().filter(|it| it.wanted().is_some() && it.found().is_some() && it.found() != it.wanted());
    assert_eq!(lines(wrong), "");
}

#[test]
fn most_of_the_routine_is_recognised() {
    let samples = all();
    let routine: Vec<&Sample> = samples.iter().filter(|sample| sample.wanted().is_some()).collect();
    let missed: Vec<&Sample> = routine.iter().copied().filter(|sample| sample.found() != sample.wanted()).collect();
    let recognised = routine.len() - missed.len();
    assert!(
        recognised * 100 >= routine.len() * RECOGNISED_PERCENT_MIN,
        "{recognised} of {} are recognised, {RECOGNISED_PERCENT_MIN} % are asked for. Missed:\n{}",
        routine.len(),
        lines(missed.iter().copied())
    );
}
