//! A canary against each of the walls, by itself.

use super::{Canary, Placed, Tried};
use crate::authority::VerifiedGrant;
use crate::class::Class;
use crate::decision::{
    Decision, DecisionId, Disposed, MessageFacts, Outward, OutwardAction, RECORD_VERSION, SourceRef, Target, Timings,
    VerdictRecord,
};
use crate::executor::Claim;
use crate::executor::verify::{Looked, Terms, check, verify};
use crate::facts::Facts;
use crate::governing::{Ask, At, Covering, Sight as _};
use crate::message::Origin;
use crate::permit::{NotCanary, WritePermit};
use crate::policy::Policy;
use crate::policy::action::{Nature, Reach, Reversibility};
use crate::triage::Snapshot;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long an action is kept that the broker should have refused.
const KEPT: Duration = Duration::from_secs(86_400);

/// One canary, and all that trying it takes.
#[derive(Debug)]
pub struct Trial<'a> {
    placed: &'a Placed,
    snapshot: &'a Snapshot,
    policy: Policy,
    class: Class,
    decision: Decision,
    action: OutwardAction,
}

impl<'a> Trial<'a> {
    /// Of a decision that nobody took. `None` never: the words of canaries are names.
    pub fn new(
        placed: &'a Placed,
        snapshot: &'a Snapshot,
        stream: &str,
        id: DecisionId,
        now: Timestamp,
    ) -> Option<Self> {
        let (class, kind) = (Class::parse("canary").ok()?, placed.canary.kind().ok()?);
        let channel = crate::channel::Channel::canary().ok()?;
        let source = SourceRef {
            stream: stream.to_owned(),
            sequence: placed.found.sequence,
            stored_at_ns: placed.found.stored_at.as_nanosecond().to_string(),
        };
        let target = Target { message: None, thread: None, source: source.clone() };
        let nature = Nature { reach: Reach::Outward, reversibility: Reversibility::Reversible };
        let mut policy = Policy { caps: Vec::new(), ..snapshot.policy.clone() };
        policy.natures.insert(kind.clone(), nature);
        let decision = decision(snapshot, id, &class, (channel.clone(), source), now);
        let action = OutwardAction { kind, channel, arguments: std::collections::BTreeMap::new(), text: None, target };
        Some(Self { placed, snapshot, policy, class, decision, action })
    }

    /// Whether the types give a permit; `None` where what governs is not known well enough to be asked.
    pub fn types(&self, at: At<'_>) -> Option<Tried> {
        let subject = self.snapshot.root.grant(&self.action.kind, &self.action.channel);
        if !at.governing.is_fresh(at.now) || at.governing.last_on(&subject) != self.placed.last.sequence {
            return None;
        }
        let (id, policy) = (&self.decision.id, &self.policy);
        let ask = Ask { decision: id, class: &self.class, action: &self.action, policy, now: at.now };
        let coverings = at.cover(&ask).covering.into_iter().chain(self.covering());
        let permits = coverings.map(|covering| {
            let facts = Facts::quiet(at.now);
            let (action, reversibility) = (self.action.clone(), Reversibility::Reversible);
            WritePermit::by_grant(covering, id.clone(), &self.class, action, reversibility, &facts, KEPT)
        });
        Some(Tried::passed_if(permits.filter(Result::is_ok).count() > 0))
    }

    /// The mint must see for itself that a grant is over, or that nobody signed it. It is not asked about one that was
    /// revoked: that is for the fold to know, and for the broker.
    fn covering(&self) -> Option<Covering> {
        if self.placed.canary == Canary::Revoked {
            return None;
        }
        let (signed, stored_at) = (self.placed.signed.clone(), self.placed.found.stored_at);
        let grant = VerifiedGrant::stored(signed, &self.snapshot.authority, stored_at).ok()?;
        Some(Covering { grant: Arc::new(grant), revision: self.placed.found.sequence, slots: Vec::new() })
    }

    /// For the broker, which must refuse it: a permit under a condition that does not hold; and its decision.
    ///
    /// # Errors
    /// [`NotCanary`], never: the channel is the reserved one.
    pub fn permit(&self) -> Result<(WritePermit, Decision), NotCanary> {
        let Placed { signed, found, stale, .. } = self.placed;
        let (id, action) = (self.decision.id.clone(), self.action.clone());
        let permit = WritePermit::for_canary(signed.clone(), found.sequence, *stale, id, action, KEPT)?;
        Ok((permit, self.decision.clone()))
    }

    /// Whether an executor would carry it out. What nobody signed it must refuse without the broker, too.
    pub fn executor(&self, now: Timestamp) -> Option<Tried> {
        let (permit, decision) = self.permit().ok()?;
        let outward: Outward = permit.record(decision);
        let terms = Terms {
            authority: self.snapshot.authority.as_ref().clone(),
            policy: self.policy.clone(),
            action_age_max: self.snapshot.limits.action_age_max,
        };
        let claim = Claim::of_canary(outward, now)?;
        let looked = Looked { now, halt: None, proof: Some(self.placed.last.clone()), level: 0 };
        let is_taken_for_signed = self.placed.canary == Canary::Forged && check(&claim, &terms).is_ok();
        Some(Tried::passed_if(is_taken_for_signed || verify(claim, &looked, &terms).is_ok()))
    }
}

fn decision(
    snapshot: &Snapshot,
    id: DecisionId,
    class: &Class,
    (channel, source): (crate::channel::Channel, SourceRef),
    now: Timestamp,
) -> Decision {
    Decision {
        v: RECORD_VERSION,
        id,
        channel,
        source,
        message: MessageFacts { id: None, sender: None, sent_at: None, origin: Origin::Person, payload_bytes: 0 },
        verdict: VerdictRecord {
            class: Some(class.clone()),
            rules: None,
            reason: None,
            malformed: None,
            restrictions: Vec::new(),
            evidence: Vec::new(),
        },
        disposition: Disposed::Handle,
        reason: None,
        policy: None,
        desk: None,
        facts: Facts::quiet(now),
        digests: snapshot.digests,
        timings: Timings::default(),
    }
}
