//! The rules of a folder, to be compared with others.

use crate::class::{Class, RuleId};
use crate::cli::world;
use crate::diagnostic::Report;
use crate::pack::{Effect, Pack};
use crate::rules::{self, RuleDigest, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rules of a folder, as written and as a pack. A pack alone would not do: what it says of its digests is not looked at.
pub(super) struct Rules {
    written: Written,
    pub(super) pack: Pack,
    digests: BTreeMap<RuleId, RuleDigest>,
}

/// A rule that is not in both versions as it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Differing {
    id: RuleId,
    how: How,
    restricts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Added,
    Changed,
    Gone,
}

impl Rules {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let written = world::written(folder)?;
        let report = Report::new();
        let compiled = rules::compile(&written, &report).zip(rules::digests(&written, &report));
        let ((pack, _), digests) = world::finish(compiled, report)?;
        Ok(Self { written, pack, digests })
    }

    /// The rules of a class alone, and those that restrict.
    pub(super) fn of(&self, class: &Class) -> anyhow::Result<Pack> {
        let report = Report::new();
        world::finish(rules::compile_class(&self.written, class, &report), report)
    }

    /// What another version has changed of what restricts, and of these classes.
    pub(super) fn changed(&self, after: &Self, classes: &BTreeSet<&Class>) -> Vec<Differing> {
        let ids: BTreeSet<&RuleId> = self.digests.keys().chain(after.digests.keys()).collect();
        let differing = |id: &RuleId| {
            let (was, is) = (self.digests.get(id), after.digests.get(id));
            let how = match (was, is) {
                (None, _) => How::Added,
                (_, None) => How::Gone,
                (Some(was), Some(is)) if was.digest != is.digest => How::Changed,
                _ => return None,
            };
            let effects = || was.into_iter().chain(is).map(|it| &it.effect);
            let restricts = effects().any(|it| matches!(it, Effect::Restrict(_)));
            let is_of_them = effects().any(|it| matches!(it, Effect::Permit(class) if classes.contains(class)));
            (restricts || is_of_them).then(|| Differing { id: id.clone(), how, restricts })
        };
        ids.into_iter().filter_map(differing).collect()
    }
}

impl Differing {
    /// Whether something that restricted does so no longer, or otherwise. Such rules are there for what is rare: that it did not
    /// come lately says nothing.
    pub(super) fn loosens(&self) -> bool {
        self.restricts && self.how != How::Added
    }
}

impl std::fmt::Display for Differing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.how {
            How::Added => "new",
            How::Changed => "changed",
            How::Gone => "gone",
        };
        let restricts = if self.restricts { ", restricts" } else { "" };
        write!(f, "`{}` ({how}{restricts})", self.id)
    }
}
