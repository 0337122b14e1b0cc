//! A person with a key: signs by the real commands.

use super::{Ran, World, decile};
use decile::authority::{Conditions, Grant, GrantId, Seed, Uses};
use decile::channel::Channel;
use decile::class::ActionType;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

/// An operator who may do everything, and the file with their seed.
pub(crate) struct Person {
    /// Their seed.
    pub(crate) seed: Seed,
    key: PathBuf,
    config: String,
}

impl Person {
    /// Gives a world one operator, `ada`, who may sign everything but what is irreversible.
    pub(crate) fn of(world: World) -> (World, Self) {
        let seed = Seed::generate();
        let operators = format!(
            "deployment = \"test\"\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"*\"]\nresume = true\npromotions = true\n\
             [[operator.grants]]\nchannels = [\"*\"]\ntypes = [\"*\"]\n",
            seed.public()
        );
        let world = world.operators(&operators);
        world.write("ada.key", seed.reveal().expect("a seed"));
        let (key, config) = (world.path("ada.key"), world.config());
        (world, Self { seed, key, config })
    }

    /// Runs a command with their key.
    pub(crate) fn runs(&self, command: &str, arguments: &[&str]) -> Ran {
        let mut it = decile();
        it.arg(command).args(["--config", &self.config]).args(arguments).env("DECILE_KEY_FILE", &self.key);
        it.output().expect("the binary starts").into()
    }

    /// Grants a type of action on a channel for an hour.
    #[track_caller]
    pub(crate) fn grants(&self, kind: &str, channel: &str, more: &[&str]) -> Ran {
        let usual = ["--channel", channel, "--type", kind, "--for", "1h", "--reason", "a test", "--replace"];
        self.runs("grant", &[&usual, more].concat()).exits(0)
    }

    /// Revokes it.
    #[track_caller]
    pub(crate) fn revokes(&self, kind: &str, channel: &str) -> Ran {
        self.runs("revoke", &["--channel", channel, "--type", kind]).exits(0)
    }
}

/// A grant for an hour from now on, that nobody has signed.
pub(crate) fn grant_of(kind: &str, channel: &str) -> Grant {
    let now = Timestamp::now();
    Grant {
        id: GrantId::of([7; 16]),
        channel: Channel::parse(channel).unwrap(),
        thread: None,
        kind: ActionType::parse(kind).unwrap(),
        after: 0,
        issued_at: now,
        not_before: now,
        expires_at: now + SignedDuration::from_hours(1),
        uses: Uses::Standing,
        conditions: Conditions::default(),
        who: "ada".to_owned(),
        reason: "a test".to_owned(),
    }
}
