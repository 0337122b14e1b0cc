//! `bench`: what it prints, not how fast anything is.

use crate::support::{World, run};

#[test]
fn classify_measures_what_can_be_read_and_counts_the_rest() {
    let world = World::offline();
    let lines = "{\"text\":\"works for me\"}\n{\"text\":\"nobody knows\"}\nno JSON\n{\"text\":\"opening hours\"}\n";
    world.write("lines.jsonl", lines.as_bytes());
    let (rules, file) = (world.rules_dir(), world.path("lines.jsonl").to_string_lossy().into_owned());
    let bench = ["bench", "classify", "--seconds", "0", "--rules", &rules, "--messages", &file];
    let json = run(&[&bench[..], &["--format", "json"]].concat()).exits(0).json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        ["ns_per_message", "p50_ns", "p99_ns", "p999_ns", "max_ns", "mb_per_s", "memory_bytes", "handled"];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(json["handled"], 0.5, "two of four lines");
    let nanos = |key: &str| json[key].as_f64().unwrap();
    assert!(nanos("ns_per_message") > 0.0 && nanos("mb_per_s") > 0.0, "{json}");
    let order = ["p50_ns", "p99_ns", "p999_ns", "max_ns"].map(nanos);
    assert!(order.is_sorted(), "{order:?}");
    let text = run(&bench).exits(0).out;
    for word in ["3 messages", "1 lines that cannot be read", "p99.9", "50.0 %", "the clock adds about"] {
        assert!(text.contains(word), "`{word}` in {text}");
    }
}

#[test]
fn classify_says_what_it_cannot_read() {
    let world = World::offline();
    let ran = run(&["bench", "classify", "--rules", &world.rules_dir(), "--messages", "/nowhere/lines"]).exits(1);
    assert!(ran.err.contains("/nowhere/lines"), "{}", ran.err);
    run(&["bench", "classify", "--rules", "/nowhere", "--messages", &world.config()]).exits(1);
}

#[test]
fn calibrate_prints_what_to_configure() {
    let json = run(&["bench", "calibrate", "--seconds", "0", "--format", "json"]).exits(0).json();
    let (median, worst) = (json["median_ns"].as_f64().unwrap(), json["worst_ns"].as_f64().unwrap());
    let wanted = json["ns_per_op"].as_f64().unwrap();
    assert!(
        median > 0.0 && median <= worst && worst * json["safety_factor"].as_f64().unwrap() <= wanted + 0.1,
        "{json}"
    );
    let out = run(&["bench", "calibrate", "--seconds", "0"]).exits(0).out;
    let table: toml::Table = out.parse().unwrap();
    assert!(table["limits"]["ns_per_op"].as_integer().unwrap() >= 1, "{out}");
}
