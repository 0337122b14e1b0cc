//! `fmt`: rule files laid out in one way, whole or not at all.

use crate::support::{World, run};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

const LOOSE: &str = "[[rule]]\nclass = \"c\"   # why\nid=\"a\"\nany = [\n  \"yes\"\n]\n";
const NEAT: &str = "[[rule]]\nid = \"a\"\nclass = \"c\" # why\nany = [\"yes\"]\n";

/// Two files of rules, one of which is as it should be.
fn world() -> World {
    let world = World::offline().rules(LOOSE);
    world.write("rules/neat.toml", NEAT.replace("\"a\"", "\"b\""));
    world
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn check_names_the_file_and_the_line_and_writes_nothing() {
    let world = world();
    let ran = run(&["fmt", "--check", "--rules", &world.rules_dir()]).exits(3);
    assert!(ran.out.contains("rules.toml:2\n  - class = \"c\"   # why\n  + id = \"a\"\n"), "{}", ran.out);
    assert!(ran.out.ends_with("1 of 2 files would change\n") && !ran.out.contains("neat.toml"), "{}", ran.out);
    assert_eq!(read(&world, "rules/rules.toml"), LOOSE);
    let json = run(&["fmt", "--check", "--format", "json", "--rules", &world.rules_dir()]).exits(3).json();
    let changed = &json["changed"][0];
    assert_eq!((&json["files"], &changed["line"]), (&json!(2), &json!(2)));
    assert_eq!((&changed["is"], &changed["should_be"]), (&json!("class = \"c\"   # why"), &json!("id = \"a\"")));
}

#[test]
fn files_are_written_once_and_keep_their_permissions() {
    let world = world();
    let path = world.path("rules/rules.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let neat_before = std::fs::metadata(world.path("rules/neat.toml")).unwrap().modified().unwrap();
    let ran = run(&["fmt", "--rules", &world.rules_dir()]).exits(0);
    assert!(ran.out.contains("rules.toml\n1 of 2 files changed\n"), "{}", ran.out);
    assert_eq!(read(&world, "rules/rules.toml"), NEAT);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let neat_after = std::fs::metadata(world.path("rules/neat.toml")).unwrap().modified().unwrap();
    assert_eq!(neat_before, neat_after, "what is as it should be is not written");
    assert_eq!(std::fs::read_dir(world.path("rules")).unwrap().count(), 2, "nothing is left beside");
    let ran = run(&["fmt", "--check", "--rules", &world.rules_dir()]).exits(0);
    assert_eq!(ran.out, "0 of 2 files would change\n");
}

#[test]
fn single_files_and_links_are_formatted_in_place() {
    let world = world();
    world.write("elsewhere.toml", LOOSE);
    std::os::unix::fs::symlink(world.path("elsewhere.toml"), world.path("link.toml")).unwrap();
    let link = world.path("link.toml").to_string_lossy().into_owned();
    run(&["fmt", &link]).exits(0);
    assert!(world.path("link.toml").is_symlink(), "a link stays a link");
    assert_eq!(read(&world, "elsewhere.toml"), NEAT);
    assert_eq!(read(&world, "rules/rules.toml"), LOOSE, "nobody asked for it");
}

#[test]
fn a_file_that_is_no_toml_stops_it_before_anything_is_written() {
    let world = world();
    world.write("rules/z.toml", "[[rule]]\nid = = 1\n");
    for more in [&["--check"][..], &[]] {
        let rules = world.rules_dir();
        let mut arguments = vec!["fmt", "--rules", &rules];
        arguments.extend(more);
        let ran = run(&arguments).exits(78);
        assert!(ran.err.contains("z.toml:2:"), "{}", ran.err);
    }
    assert_eq!(read(&world, "rules/rules.toml"), LOOSE);
    run(&["fmt", "--rules", "/nowhere"]).exits(1);
    run(&["fmt", "--rules", "a", "b.toml"]).exits(2);
    let ran = run(&["fmt", "/nowhere.toml"]).exits(78);
    assert!(ran.err.contains("/nowhere.toml"), "{}", ran.err);
}
