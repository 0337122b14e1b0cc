//! The policy's file, changed by a command: its comments and its layout stay as they are.

use super::print::one_line;
use super::replace::replace;
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use toml_edit::DocumentMut;

/// The file as it is now, and as it was before.
pub(super) struct Written {
    path: PathBuf,
    before: String,
    after: String,
}

/// Changes the file, and puts an entry at its end under a comment, which says by whom it is.
pub(super) fn write(
    path: &Path,
    by: &str,
    comment: &str,
    entry: &str,
    change: impl FnOnce(&mut DocumentMut) -> anyhow::Result<()>,
) -> anyhow::Result<Written> {
    let before = read(path)?;
    let mut document: DocumentMut =
        before.parse().with_context(|| format!("`{}` is no TOML any more", path.display()))?;
    change(&mut document)?;
    let after = format!("{}\n\n# by {}: {comment}{entry}", document.to_string().trim_end(), one_line(by, 64));
    let written = Written { path: path.to_owned(), before, after };
    written.replace(&written.before, &written.after)?;
    Ok(written)
}

impl Written {
    /// Puts the file back as it was.
    pub(super) fn take_back(&self) -> anyhow::Result<()> {
        self.replace(&self.after, &self.before)
    }

    /// Unless somebody else has changed it meanwhile.
    fn replace(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let path = self.path.display();
        if read(&self.path)? != from {
            bail!("somebody else has changed `{path}` just now; look at it, and try again");
        }
        replace(&self.path, to.as_bytes()).with_context(|| format!("cannot write `{path}`"))
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}
