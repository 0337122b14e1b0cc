//! The person of the story, who follows a script: approves drafts of the class, and reviews samples of it.

use super::scene::{LOOK, Scene};
use super::{CHANNEL, CLASS, WAIT_MAX};
use crate::class::Class;
use crate::decision::{Decision, Record, Sample};
use crate::store::Watch;
use anyhow::bail;
use std::collections::BTreeSet;
use std::time::Instant;

/// Somebody with a key, and eyes on the bus.
#[derive(Default)]
pub(super) struct Person {
    answered: BTreeSet<String>,
}

impl Person {
    /// Approves so many drafts of the class, by the real command.
    pub(super) async fn approve(&mut self, scene: &Scene, wanted: usize) -> anyhow::Result<()> {
        let (mut given, deadline) = (0, Instant::now() + WAIT_MAX);
        while given < wanted {
            for id in self.drafts(scene).await?.into_iter().take(wanted - given) {
                scene.run(&["approve", &id])?;
                self.answered.insert(id);
                given += 1;
            }
            if Instant::now() > deadline {
                bail!("no more drafts of `{CLASS}` within {WAIT_MAX:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Reviews samples, the last ones first, until the class is taken back; the reason comes back. What this sender wrote is
    /// of none of the classes, whatever the rules say.
    pub(super) async fn review_until_demoted(&mut self, scene: &Scene, stranger: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + WAIT_MAX;
        while Instant::now() < deadline {
            for (id, sample) in self.samples(scene).await?.into_iter().take(1) {
                let is_strange = sample.message.sender.as_deref() == Some(stranger);
                let says = if is_strange { vec!["--none"] } else { vec!["--class", CLASS] };
                let said = scene.run(&[&["review", "answer", &id], says.as_slice()].concat())?;
                let decided = said.lines().find(|line| line.contains("decided")).unwrap_or_default();
                println!("  {} \"{}\": {decided}", says.join(" "), crate::plain::one_line(&sample.message.text, 40));
                self.answered.insert(id);
            }
            if let Some(why) = scene.alarmed("demoted").await? {
                return Ok(why);
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("it was not taken back within {WAIT_MAX:?}")
    }

    /// What is drafted for the class, and not answered.
    async fn drafts(&self, scene: &Scene) -> anyhow::Result<Vec<String>> {
        let filter = scene.root.filter("escalated.>");
        let mut watch = Watch::open(&scene.connection, &scene.stream, [filter], 0, LOOK).await?;
        let mut drafts = Vec::new();
        while let Some(kept) = watch.next_stored().await? {
            if let Ok(Record::Escalated(escalation)) = Record::parse(&kept.payload)
                && is_of_it(&escalation.decision)
            {
                drafts.push(escalation.decision.id.to_string());
            }
        }
        drafts.retain(|id| !self.answered.contains(id));
        Ok(drafts)
    }

    /// What was sampled of the class, and not reviewed; the last first.
    async fn samples(&self, scene: &Scene) -> anyhow::Result<Vec<(String, Sample)>> {
        let mut watch = Watch::open(&scene.connection, &scene.stream, [scene.root.samples()], 0, LOOK).await?;
        let mut samples = Vec::new();
        while let Some(kept) = watch.next_stored().await? {
            if let Ok(sample) = Sample::parse(&kept.payload) {
                samples.push((sample.decision.id.to_string(), sample));
            }
        }
        samples.retain(|(id, sample)| is_of_it(&sample.decision) && !self.answered.contains(id));
        samples.reverse();
        Ok(samples)
    }
}

fn is_of_it(decision: &Decision) -> bool {
    decision.verdict.class.as_ref().map(Class::as_str) == Some(CLASS) && decision.channel.as_str() == CHANNEL
}
