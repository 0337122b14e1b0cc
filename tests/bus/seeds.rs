//! The daemon never holds an operator's key, and does not start where it could.

use crate::support::operator::Person;
use crate::support::{Ran, World, decile};
use decile::authority::Seed;

fn start<T>(world: &World, change: impl FnOnce(&mut std::process::Command) -> T) -> Ran {
    let mut command = decile();
    command.args(["run", "--config", &world.config()]);
    change(&mut command);
    command.output().unwrap().into()
}

#[test]
fn it_does_not_start_where_it_could_sign() {
    let (world, ada) = Person::of(World::offline());
    let seed = ada.seed.reveal().unwrap();
    let refused = |ran: Ran, place: &str| {
        let ran = ran.exits(78);
        assert!(ran.err.contains("an operator's seed lies in") && ran.err.contains(place), "{place}: {}", ran.err);
        assert!(!ran.err.contains(&seed), "it is not repeated");
    };
    refused(
        start(&world, |it| {
            let _ = it.env("SOME_SECRET", format!("key={seed}"));
        }),
        "`SOME_SECRET`",
    );
    refused(
        start(&world, |it| {
            let _ = it.env("NATS_TOKEN", &seed);
        }),
        "`NATS_TOKEN`",
    );
    for file in ["policy.toml", "channels.toml", "operators.toml", "decile.toml"] {
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        world.write(file, format!("# {seed}\n{text}"));
        refused(start(&world, |_| ()), file);
        world.write(file, text);
    }
    let login = nkeys::KeyPair::new_user().seed().unwrap();
    world.write("daemon.creds", format!("{login}\n{seed}\n"));
    let creds = world.path("daemon.creds");
    refused(
        start(&world, |it| {
            let _ = it.args(["--creds", creds.to_str().unwrap()]);
        }),
        "daemon.creds",
    );
}

#[test]
fn a_login_is_no_operators_key() {
    let (world, _) = Person::of(World::offline());
    let login = nkeys::KeyPair::new_user().seed().unwrap();
    // What stops it is that nothing answers there: it waits, and is killed by the bound of the test.
    let mut command = decile();
    command
        .args(["run", "--config", &world.config()])
        .env("NATS_LOGIN", login)
        .env("OTHER", Seed::generate().public().as_str());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut seen = String::new();
    let stderr = child.stderr.take().unwrap();
    for line in std::io::BufRead::lines(std::io::BufReader::new(stderr)).map_while(Result::ok) {
        seen.push_str(&line);
        if seen.contains("trying again") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.contains("trying again") && !seen.contains("an operator's seed"), "{seen}");
}
