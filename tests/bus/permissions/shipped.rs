//! What is shipped is what the command prints.

use crate::support::{World, run};
use decile::bus::private::find;
use std::path::Path;
use std::process::Command;

/// `DECILE_WRITE_SHIPPED=1 cargo test shipped_permissions` writes it anew.
#[test]
fn shipped_permissions_are_those_of_the_shipped_configuration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = root.join("config/decile.toml").to_string_lossy().into_owned();
    let printed = run(&["permissions", "--config", &config]).exits(0).out;
    let file = root.join("config/nats/decile.conf");
    if std::env::var_os("DECILE_WRITE_SHIPPED").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &printed).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&file).unwrap_or_default(),
        printed,
        "config/nats/decile.conf is not up to date"
    );
}

/// Names that mean something to the server's grammar, or that a subject could not hold.
#[test]
fn the_server_takes_odd_names() {
    let channels = "[[source]]\nstream = \"A\\\"}$B'#\"\n\
        [[source.channel]]\nname = \"x.a b\"\nsubject = \"odd.\\\"$x{#'.>\"\n\
        [[source.channel]]\nname = \"x.>\"\nsubject = \"plain\"\n";
    let world = World::offline().channels(channels);
    let printed = run(&["permissions", "--config", &world.config()]).exits(0).out;
    let mut conf = String::new();
    for part in printed.split("\"<nkey of ") {
        let rest = if conf.is_empty() { part } else { &part[part.find(">\"").unwrap() + 2..] };
        if !conf.is_empty() {
            conf.push_str(&nkeys::KeyPair::new_user().public_key());
        }
        conf.push_str(rest);
    }
    world.write("server.conf", &conf);
    let checked = Command::new(find().unwrap()).args(["-t", "-c"]).arg(world.path("server.conf")).output().unwrap();
    assert!(checked.status.success(), "{}\n{conf}", String::from_utf8_lossy(&checked.stderr));
}

/// With its placeholders nobody has a server that takes anybody.
#[test]
fn the_server_refuses_it_until_keys_are_filled_in() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/nats/decile.conf");
    let checked = Command::new(find().unwrap()).args(["-t", "-c"]).arg(shipped).output().unwrap();
    let says = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(!checked.status.success() && says.contains("nkey"), "{says}");
}
