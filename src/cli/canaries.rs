//! The grants of canaries, which `decile setup` places on the reserved channel.

use super::exit::No;
use super::revoke;
use super::signing::Signatory;
use crate::authority::{GrantId, Seed};
use crate::bus::Connection;
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::follow::broker_now;
use crate::bus::setup::{Made, get_stream};
use crate::canary::{Canary, grant};
use crate::channel::Channel;
use crate::config::Config;
use crate::subject::Root;
use anyhow::bail;
use jiff::SignedDuration;

/// Whether the signatory may sign them.
///
/// # Errors
/// [`No`], which names what is missing.
pub(super) fn check(signatory: &Signatory) -> anyhow::Result<()> {
    let channel = Channel::canary()?;
    for canary in Canary::ALL {
        let kind = canary.kind()?;
        if !signatory.operator.may_grant(&channel, &kind) {
            let name = &signatory.operator.name;
            return Err(No(format!("`{name}` may not grant `{kind}` on `{channel}`: see operators.toml")).into());
        }
    }
    Ok(())
}

/// Places all of them anew.
pub(super) async fn place(
    connection: &Connection,
    config: &Config,
    root: &Root,
    signatory: &Signatory,
) -> anyhow::Result<Vec<Made>> {
    let stream = &config.bus.stream;
    let now = broker_now(connection, stream).await?;
    // Whatever lies on their subjects came before: to read those takes a right that whoever sets up need not have.
    let after = get_stream(connection, stream).await?.cached_info().state.last_sequence;
    let max = SignedDuration::try_from(config.authority.grant_max)?;
    let who = signatory.operator.name.as_str();
    let mut made = Vec::new();
    for canary in Canary::ALL {
        let (kind, channel) = (canary.kind()?, Channel::canary()?);
        let subject = root.grant(&kind, &channel);
        let id = GrantId::of(fastrand::u128(..).to_le_bytes());
        let grant = grant(canary, (id, kind, channel), after, now, (max, who));
        let stranger = Seed::generate();
        let seed = if canary == Canary::Forged { &stranger } else { &signatory.seed };
        let signed = grant.sign(&signatory.deployment, seed)?.encode()?;
        let mut records = vec![revoke::revocation(who, "beneath a canary")?, signed];
        if canary == Canary::Revoked {
            records.push(revoke::revocation(who, "a canary: revoked")?);
        }
        let entry =
            |bytes: Vec<u8>| BatchEntry { subject: subject.clone(), bytes: bytes.into(), kept: None, expected: None };
        let entries: Vec<BatchEntry> = records.into_iter().map(entry).collect();
        match batch::publish(connection, stream, &entries).await {
            Batched::Stored(_) => made.push(Made { what: format!("canary `{}`", canary.as_str()), outcome: "placed" }),
            Batched::Refused => bail!("the broker refused the canary `{}`", canary.as_str()),
            Batched::Unknown(why) => bail!("the broker did not take the canary `{}`: {why}", canary.as_str()),
        }
    }
    Ok(made)
}
