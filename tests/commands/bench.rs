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

/// A run of `bench bus` that is as short as can be.
const BUS: [&str; 10] =
    ["bench", "bus", "--rule-count", "20", "--messages-max", "300", "--turns", "1", "--seconds", "0.1"];

#[test]
fn bus_compares_the_daemon_with_the_bus_alone_and_counts_what_was_decided() {
    let json = run(&[&BUS[..], &["--format", "json"]].concat()).exits(0).json();
    let all = |key: &str| json[key].as_array().unwrap_or_else(|| panic!("`{key}` in {json:#}")).clone();
    let (throughput, latency) = (all("throughput"), all("latency"));
    let drained = |name: &str| throughput.iter().find(|it| it["contender"] == name).unwrap();
    for name in ["daemon", "bare", "bare_200"] {
        let turns = drained(name)["turns"].as_array().unwrap();
        assert_eq!(turns.len(), 1, "{name}");
        assert!(turns.iter().all(|turn| turn["messages"] == 300 && turn["decisions"] == 300), "{name}: {turns:?}");
        assert!(drained(name)["rss_peak_bytes"].as_u64().unwrap() > 0 && number(drained(name), "ready_ms") > 0.0);
    }
    assert_eq!(number(drained("bare_200"), "record_bytes"), 200.0);
    let (daemon, bare) = (number(drained("daemon"), "record_bytes"), number(drained("bare"), "record_bytes"));
    assert!((daemon - bare).abs() < daemon / 50.0, "records as long as the daemon's: {daemon}, {bare}");
    quotient(&json["throughput_ratio"], drained("daemon"), drained("bare"), "messages_per_s");

    let loads: Vec<_> =
        latency.iter().map(|it| (it["load_percent"].as_u64().unwrap(), it["contender"].as_str())).collect();
    let both = [10, 50, 80].map(|percent| [(percent, Some("daemon")), (percent, Some("bare"))]).concat();
    assert_eq!(loads, both);
    for it in &latency {
        let share = number(it, "messages_per_s") / number(drained("daemon"), "messages_per_s");
        assert!((share * 100.0 - number(it, "load_percent")).abs() < 0.01, "{it}");
        let order = ["p50_us", "p99_us", "p999_us", "max_us"].map(|key| number(it, key));
        assert!(order.is_sorted() && order[0] >= 1.0, "{it}");
    }
    let half = |name: &str| latency.iter().find(|it| it["load_percent"] == 50 && it["contender"] == name).unwrap();
    quotient(&json["p99_ratio"], half("daemon"), half("bare"), "p99_us_median");
}

#[test]
fn bus_measures_on_a_server_that_syncs_as_it_is_told() {
    let json = run(&[&BUS[..], &["--sync-interval", "always", "--format", "json"]].concat()).exits(0).json();
    assert_eq!(json["about"]["sync_interval"], "always");
    let plain = run(&[&BUS[..], &["--format", "json"]].concat()).exits(0).json();
    assert!(plain["about"]["sync_interval"].is_null(), "{plain}");
    let wrong = run(&[&BUS[..], &["--sync-interval", "often"]].concat()).exits(2);
    assert!(wrong.err.contains("write `always`, or a time"), "{}", wrong.err);
}

fn number(object: &serde_json::Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or_else(|| panic!("`{key}` in {object}"))
}

/// A ratio is that of the parts that are printed with it.
#[track_caller]
fn quotient(ratio: &serde_json::Value, part: &serde_json::Value, whole: &serde_json::Value, key: &str) {
    let (ratio, wanted) = (ratio.as_f64().unwrap(), number(part, key) / number(whole, key));
    assert!(ratio > 0.0 && (ratio - wanted).abs() < 1e-6, "{ratio} is not {wanted}");
}

#[test]
fn bus_takes_rules_and_messages_of_ones_own() {
    let world = World::offline();
    world.write("lines.jsonl", "{\"text\":\"works for me\"}\n{\"text\":\"nobody knows\"}\nno JSON\n");
    let (rules, file) = (world.rules_dir(), world.path("lines.jsonl").to_string_lossy().into_owned());
    let own = ["--rules", &rules, "--messages", &file, "--channels", "2"];
    let out = run(&[&BUS[..], &own].concat()).exits(0).out;
    for word in ["lines.jsonl", "4 rules, 2 channels", "throughput_ratio", "p99_ratio", "CPU µs/message", "80 %"] {
        assert!(out.contains(word), "`{word}` in {out}");
    }
    let ran = run(&["bench", "bus", "--rules", &rules]).exits(2);
    assert!(ran.err.contains("--messages"), "made-up messages are for made-up rules: {}", ran.err);
    run(&["bench", "bus", "--turns", "0"]).exits(2);
    run(&["bench", "bus", "--seconds", "0"]).exits(2);
}

#[test]
fn bus_draws_what_it_measured() {
    let world = World::offline();
    let file = world.path("bus.svg").to_string_lossy().into_owned();
    run(&[&BUS[..], &["--picture", &file]].concat()).exits(0);
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
    for word in ["Messages a second", "µs", "p99.9", "200-byte records", "80 %", "prefers-color-scheme:dark"] {
        assert!(svg.contains(word), "`{word}` in {svg}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(svg.matches("<polyline class=\"line-").count(), 2 * 4 + 4, "a curve a percentile, and the legend");
    assert!(!svg.contains("http://www.w3.org/1999") && !svg.contains("href"), "it needs nothing beside it");
}

#[test]
fn bus_shows_how_the_cost_grows_and_with_what() {
    let args = ["--growth", "instances,outward-percent", "--messages-max", "600", "--format", "json"];
    let json = run(&[&["bench", "bus", "--rule-count", "20", "--turns", "1"], &args[..]].concat()).exits(0).json();
    let rows = json["growth"].as_array().unwrap();
    let places: Vec<_> =
        rows.iter().map(|row| (row["axis"].as_str().unwrap(), row["value"].as_u64().unwrap())).collect();
    let instances = [1, 2, 4].map(|value| ("instances", value));
    assert_eq!(places, [instances, [0, 5, 20].map(|value| ("outward-percent", value))].concat());
    let turn = |row: &serde_json::Value| row["turns"][0].clone();
    assert!(rows.iter().all(|row| turn(row)["messages"] == turn(row)["decisions"]), "{rows:#?}");
    let actions: Vec<u64> = rows.iter().map(|row| turn(row)["actions"].as_u64().unwrap()).collect();
    assert!(actions[..4].iter().all(|count| *count == 0) && actions[5] > 0, "under a grant and caps: {actions:?}");
    run(&["bench", "bus", "--growth", "moods"]).exits(2);
}
