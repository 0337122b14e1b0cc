//! `compile`: rules into a pack, and what is refused as one.

use crate::support::{World, run};
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
