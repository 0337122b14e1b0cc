//! `survey`: what there is to decide in a corpus.

use crate::support::{World, run, run_with_input};
use serde_json::{Value, json};

/// Two classes, one of which comes often, restricted messages, two kinds of unmatched ones, and one that cannot be read.
fn corpus() -> String {
    let line =
        |text: String| json!({ "channel": "test.main", "text": text, "sent_at": "2026-03-02T10:00:00Z" }).to_string();
    let mut lines: Vec<String> = (0..60).map(|day| line(format!("the {day}th works for me"))).collect();
    lines.extend((0..5).map(|_| line("what are your opening hours?".to_owned())));
    lines.extend((0..2).map(|_| line("my lawyer will write".to_owned())));
    lines.extend((0..9).map(|floor| line(format!("the printer on floor {floor} is jammed"))));
    lines.extend((0..7).map(|number| line(format!("where is my parcel {number}?"))));
    lines.push(line("<script>alert('once')</script>".to_owned()));
    lines.push("no JSON".to_owned());
    lines.join("\n")
}

fn world() -> World {
    World::offline()
}

/// A file of the world, by its path.
fn file(world: &World, name: &str, text: &str) -> String {
    world.write(name, text);
    world.path(name).to_string_lossy().into_owned()
}

#[test]
fn the_surface_of_a_corpus_as_json() {
    let world = world();
    let config = world.config();
    let ran = run_with_input(&["survey", "--config", &config, "--format", "json", "-"], corpus().as_bytes());
    let surface = ran.exits(0).json();
    assert_eq!(surface["messages"], 85);
    let class = |name: &str| -> Value {
        surface["classes"].as_array().unwrap().iter().find(|it| it["class"] == name).cloned().unwrap()
    };
    let (often, seldom) = (class("scheduling_confirm"), class("info_request"));
    assert_eq!(
        (&often["messages"], &often["radius"], &often["standing"]),
        (&json!(60), &json!("internal"), &json!("promoted"))
    );
    assert_eq!((&seldom["messages"], &seldom["radius"]), (&json!(5), &json!("semi_reversible")));
    assert!(often["variability"].as_f64().unwrap() < 0.1, "they differ in a number: {often}");
    assert_eq!(surface["without_class"], json!({ "malformed": 1, "restricted": 2, "unmatched": 17 }));
    let clusters: Vec<&Value> = surface["clusters"].as_array().unwrap().iter().map(|it| &it["messages"]).collect();
    assert_eq!((clusters, &surface["alone"]), (vec![&json!(9), &json!(7)], &json!(1)));
    assert_eq!(surface["first"], "2026-03-02T10:00:00Z");
}

#[test]
fn people_see_candidates_and_what_no_rule_knows() {
    let world =
        world().policy("[[class]]\nname = \"scheduling_confirm\"\naction = { type = \"label\", label = \"x\" }\n");
    let corpus_file = file(&world, "corpus.jsonl", &corpus());
    let said = run(&["survey", "--config", &world.config(), &corpus_file]).exits(0).out;
    for expected in [
        "85 messages, 65 of them with a class",
        " 1. scheduling_confirm (60 messages, internal)",
        "printer",
        "“where is my parcel 0?”",
        "restricted: ",
        "17 looked at, 1 like no other",
    ] {
        assert!(said.contains(expected), "`{expected}` is missing in:\n{said}");
    }
}

#[test]
fn the_page_needs_nothing_beside_it_and_no_message_is_markup() {
    let world = world();
    let corpus_file = file(&world, "corpus.jsonl", &corpus());
    let page_file = file(&world, "page.html", "");
    run(&["survey", "--config", &world.config(), "--format", "html", "--output", &page_file, &corpus_file]).exits(0);
    let page = std::fs::read_to_string(page_file).unwrap();
    assert!(page.contains("<svg") && page.contains("scheduling_confirm") && page.contains("jammed"), "{page}");
    let loads = ["<script", "src=", "href=", "@import", "url("];
    assert!(loads.iter().all(|it| !page.contains(it)), "{page}");
}

#[test]
fn nothing_to_survey_is_said() {
    let world = world();
    let empty = file(&world, "empty.jsonl", "\n");
    let said = run(&["survey", "--config", &world.config(), &empty]).exits(1).err;
    assert!(said.contains("no message was read"), "{said}");
    let said = run(&["survey", "--config", &world.config()]).exits(2).err;
    assert!(said.contains("--from-stream"), "{said}");
}
