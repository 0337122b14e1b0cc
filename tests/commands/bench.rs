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
    let kinds = json["kinds"].as_array().unwrap();
    assert!(kinds.len() >= 8, "{json}");
    let times = |key: &str| -> Vec<f64> { kinds.iter().map(|kind| kind[key].as_f64().unwrap()).collect() };
    assert!(times("median_ns").iter().zip(times("worst_ns")).all(|(median, worst)| *median <= worst), "{json}");
    let dearest = times("median_ns").into_iter().fold(0.0, f64::max) * json["safety_factor"].as_f64().unwrap();
    let wanted = json["ns_per_op"].as_f64().unwrap();
    assert!(dearest <= wanted + 0.1 && wanted < dearest.max(1.0) + 1.1, "{json}");
    let out = run(&["bench", "calibrate", "--seconds", "0"]).exits(0).out;
    let table: toml::Table = out.parse().unwrap();
    assert!(table["limits"]["ns_per_op"].as_integer().unwrap() >= 1, "{out}");
}

#[test]
fn worst_finds_messages_within_the_bound_for_each_rule_and_for_all() {
    let world = World::offline()
        .policy("[defaults]\nlevel = 1\n")
        .more("[limits]\nmessage_bytes_max = 2_000\nattach_bytes_max = 2_000\ndecision_ms_max = 200\n")
        .rules(
            "[[rule]]\nid = \"cheap\"\nclass = \"c\"\nany = [\"thanks a lot\"]\n\n\
         [[rule]]\nid = \"dear\"\nrestrict = \"r\"\nany = [{ re = '[ab].{0,30}[bc].{0,30}[cd].{0,30}x' }]\n",
        );
    let args = ["bench", "worst", "--tries", "60", "--config", &world.config()];
    let found = run(&[&args[..], &["--format", "json"]].concat()).exits(0).json();
    let found = found.as_array().unwrap();
    let of = |rule: &str| found.iter().find(|it| it["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {found:#?}"));
    let steps = |it: &serde_json::Value| it["steps"].as_u64().unwrap();
    assert!(found[0]["rule"].is_null() && found.len() == 3, "{found:#?}");
    assert!(found.iter().all(|it| steps(it) > 0 && steps(it) <= it["bound"].as_u64().unwrap()), "{found:#?}");
    // A regex without a table is simulated, and the search has to find letters that keep many threads alive.
    assert!(steps(of("dear")) > 5 * steps(of("cheap")), "{found:#?}");
    assert!(steps(of("dear")) * 10 > of("dear")["bound"].as_u64().unwrap(), "{found:#?}");
    let text = run(&args).exits(0).out;
    assert!(text.lines().nth(1).unwrap().contains("all together") && text.contains("dear"), "{text}");
}
