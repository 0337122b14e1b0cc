//! Promotions for the worlds of demo and bench, which are made up.

use super::world::World;
use crate::authority::{Seed, Waiver};
use crate::policy::written::WrittenSigned;
use crate::trust;
use jiff::{SignedDuration, Timestamp};

/// Longer than any of them lasts.
const PROMOTED: SignedDuration = SignedDuration::from_hours(48);

/// Entries for the end of a policy's file, which make all of its levels count, signed by an operator of that world.
pub(super) fn entries(world: &World, seed: &Seed, reason: &str) -> anyhow::Result<String> {
    let World { config, pack, .. } = world;
    let now = Timestamp::now();
    let waiver = Waiver { reason: reason.to_owned(), expires_at: now + PROMOTED };
    let mut entries = String::new();
    for promotion in trust::unearned(&config.policy, pack, &config.channels.places, &waiver, now) {
        let signed = promotion.sign(&config.authority.deployment, seed)?.encode()?;
        entries += &WrittenSigned::promotion(&String::from_utf8(signed)?);
    }
    Ok(entries)
}
