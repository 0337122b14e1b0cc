//! The demo's own copy of its configuration: somebody has promoted what its policy wishes, or nothing would be handled.

use crate::authority::Seed;
use crate::cli::{unearned, world};
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, value};

/// A folder with the configuration, which vanishes.
pub(super) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// A copy of a configuration whose levels are promoted by an operator whom nobody else knows.
    pub(super) fn copy(config: &Path) -> anyhow::Result<Self> {
        let Main { text: main, policy } = main_file(config)?;
        let seed = Seed::generate();
        let operators = format!(
            "deployment = \"demo\"\n[[operator]]\nname = \"demo\"\nkey = \"{}\"\npromotions = true\n",
            seed.public()
        );
        let it = Self { folder: tempfile::Builder::new().prefix("decile-demo-").tempdir()? };
        it.write("decile.toml", &main.to_string())?;
        it.write("operators.toml", &operators)?;
        it.write("policy.toml", &policy)?;
        let entries = unearned::entries(&world::load(&it.config())?, &seed, "a demo")?;
        it.write("policy.toml", &(policy + &entries))?;
        Ok(it)
    }

    /// Its main file.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.path().join("decile.toml")
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        std::fs::write(self.folder.path().join(name), text)
    }
}

/// A main file for a folder of its own.
pub(super) struct Main {
    /// With the channels and rules where they are, and policy and operators beside it.
    pub(super) text: DocumentMut,
    /// The policy that it named.
    policy: String,
}

/// Reads a main file, and has it name what a demo has of its own.
pub(super) fn main_file(config: &Path) -> anyhow::Result<Main> {
    let from = config.parent().unwrap_or(Path::new("."));
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()));
    let mut main: DocumentMut = read(config)?.parse()?;
    let named = |key: &str, default: &str| {
        let named = main.get("files").and_then(|files| files.get(key)).and_then(|file| file.as_str());
        std::path::absolute(from.join(named.unwrap_or(default)))
    };
    let (channels, rules) = (named("channels", "channels.toml")?, named("rules", "../rules")?);
    let policy = read(&named("policy", "policy.toml")?)?;
    let places = main.entry("files").or_insert(Item::Table(Table::new()));
    let places = places.as_table_like_mut().context("`files` is no section")?;
    for (key, path) in [("channels", channels), ("rules", rules)] {
        places.insert(key, value(path.to_str().context("a path that is no text")?));
    }
    for (key, file) in [("policy", "policy.toml"), ("operators", "operators.toml")] {
        places.insert(key, value(file));
    }
    Ok(Main { text: main, policy })
}
