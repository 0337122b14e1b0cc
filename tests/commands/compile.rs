//! `compile`: rules into a pack, and what is refused as one.

use crate::support::{World, run, run_with_input};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

fn path(world: &World, name: &str) -> String {
    world.path(name).to_string_lossy().into_owned()
}

#[test]
fn the_same_rules_give_the_same_bytes() {
    let world = World::offline();
    let [first, second] = ["first.pack", "second.pack"].map(|name| path(&world, name));
    let ran = run(&["compile", "--rules", &world.rules_dir(), "-o", &first]).exits(0);
    let bytes = std::fs::read(&first).unwrap();
    let json = run(&["compile", "--rules", &world.rules_dir(), "-o", &second, "--format", "json"]).exits(0).json();
    assert_eq!(bytes, std::fs::read(&second).unwrap());
    assert!(bytes.starts_with(b"DECILEPK"));
    assert_eq!((&json["rules"], &json["bytes"], &json["file"]), (&json!(4), &json!(bytes.len()), &json!(second)));
    let expected =
        format!("{}  {first}: 4 rules, {} bytes\ncompiled in ", json["digest"].as_str().unwrap(), bytes.len());
    assert!(ran.out.starts_with(&expected) && ran.out.contains(", opens in "), "{}", ran.out);
}

#[test]
fn a_pack_is_replaced_as_a_whole_and_keeps_its_permissions() {
    let world = World::offline();
    let pack = path(&world, "rules.pack");
    let mode = |name: &str| std::fs::metadata(name).unwrap().permissions().mode() & 0o777;
    run(&["compile", "--rules", &world.rules_dir(), "-o", &pack]).exits(0);
    world.write("ordinary", "");
    assert_eq!(mode(&pack), mode(&path(&world, "ordinary")), "as any new file");
    std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o600)).unwrap();
    let before = std::fs::read(&pack).unwrap();
    let world = world.rules("[[rule]]\nid = \"a\"\n");
    let ran = run(&["compile", "--rules", &world.rules_dir(), "-o", &pack]).exits(78);
    assert!(ran.err.contains("rules.toml"), "{}", ran.err);
    assert_eq!(before, std::fs::read(&pack).unwrap(), "rules with mistakes change nothing");
    let world = world.rules("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"a\"]\n");
    run(&["compile", "--rules", &world.rules_dir(), "-o", &pack]).exits(0);
    assert_ne!(before, std::fs::read(&pack).unwrap());
    assert_eq!(mode(&pack), 0o600);
}

#[test]
fn what_cannot_be_written_is_named() {
    let world = World::offline();
    let ran = run(&["compile", "--rules", &world.rules_dir(), "-o", "/nowhere/rules.pack"]).exits(1);
    assert!(ran.err.contains("/nowhere/rules.pack"), "{}", ran.err);
    let folder = world.rules_dir();
    run(&["compile", "--rules", &folder, "-o", &folder]).exits(1);
    run(&["compile", "--rules", &folder]).exits(2);
}

#[test]
fn what_is_no_pack_is_refused_by_name() {
    let world = World::offline();
    let pack = path(&world, "rules.pack");
    run(&["compile", "--rules", &world.rules_dir(), "-o", &pack]).exits(0);
    let whole = std::fs::read(&pack).unwrap();
    world.write("corpus.jsonl", "{\"text\":\"works for me\"}\n");
    let refused = |bytes: &[u8]| {
        std::fs::write(&pack, bytes).unwrap();
        run(&["diff", &pack, &world.rules_dir(), "--corpus", &path(&world, "corpus.jsonl")]).exits(78).err
    };
    let version = |version: u8| [&whole[..12], &[version], &whole[13..]].concat();
    let last = whole.len() - 1;
    for (bytes, word) in [
        (b"[[rule]]".to_vec(), "8 bytes are no pack"),
        (vec![b' '; 300], "this is no pack"),
        (whole[..100].to_vec(), "100 bytes are no pack"),
        (version(0), "format version 0"),
        (version(9), "format version 9"),
        ([&whole[..last], &[whole[last] ^ 1]].concat(), "damaged"),
        ([&whole[..], b"more"].concat(), "4 bytes follow"),
    ] {
        let err = refused(&bytes);
        assert!(err.contains(word) && err.contains("rules.pack"), "{word}: {err}");
    }
}

const LINES: &str = "{\"id\":\"a\",\"text\":\"Thursday works for me\"}\n{\"text\":\"my lawyer says no\"}\nnot json\n\
    {\"text\":\"nothing that anybody foresaw\"}\n{\"text\":\"m\u{443} lawyer\"}\n";

#[test]
fn a_pack_decides_and_explains_as_the_folder_does() {
    let world = World::offline();
    let (rules, pack) = (world.rules_dir(), path(&world, "rules.pack"));
    run(&["compile", "--rules", &rules, "-o", &pack]).exits(0);
    let now = "2026-01-02T03:04:05Z";
    let [folder, file] = [&rules, &pack]
        .map(|it| run_with_input(&["classify", "--now", now, "--rules", it], LINES.as_bytes()).exits(0).out);
    assert_eq!(folder, file);
    assert_eq!(file.lines().count(), 5);
    for text in ["Thursday works for me", "my lawyer", "nothing"] {
        for format in ["text", "json"] {
            let [folder, file] = [&rules, &pack]
                .map(|it| run(&["explain", "--now", now, "--format", format, "--rules", it, text]).exits(0).out);
            assert_eq!(folder, file, "{text}");
        }
    }
    world.write("corpus.jsonl", LINES.replace("not json\n", ""));
    let corpus = path(&world, "corpus.jsonl");
    run(&["diff", &rules, &pack, "--corpus", &corpus]).exits(0);
    let bench = ["bench", "classify", "--seconds", "0", "--rules", &pack, "--messages", &corpus];
    assert!(run(&bench).exits(0).out.contains("4 rules"));
}

#[test]
fn a_configuration_may_name_a_pack_and_what_needs_the_rules_as_written_says_so() {
    let world = World::offline();
    let pack = path(&world, "rules.pack");
    run(&["compile", "--rules", &world.rules_dir(), "-o", &pack]).exits(0);
    let (config, line) = (world.config(), LINES.lines().next().unwrap());
    let decide =
        || run_with_input(&["classify", "--now", "2026-01-02T03:04:05Z", "--config", &config], line.as_bytes());
    let by_folder = decide().exits(0).out;
    let main = std::fs::read_to_string(&config).unwrap();
    world.write("decile.toml", main.replace("rules = \"rules\"", "rules = \"rules.pack\""));
    std::fs::remove_dir_all(world.rules_dir()).unwrap();
    assert_eq!(decide().exits(0).out, by_folder);

    let ran = run(&["check", "--config", &config]).exits(0);
    assert!(ran.out.contains("pack-not-linted") && ran.out.contains("4 rules"), "{}", ran.out);
    for arguments in [["test", "--config", &config], ["test", "--rules", &pack]] {
        let ran = run(&arguments).exits(78);
        assert!(ran.err.contains("a pack has neither tests nor rules as written"), "{}", ran.err);
    }
    run(&["compile", "--rules", &pack, "-o", &path(&world, "again.pack")]).exits(78);
    world.write("rules.pack", b"no pack");
    let ran = run(&["check", "--config", &config]).exits(3);
    assert!(ran.out.contains("unusable-pack") && ran.out.contains("rules.pack"), "{}", ran.out);
}
