//! `decile demo --story`: how a class earns its autonomy, and loses it. Everything is real but the traffic, the person, who
//! follows a script, and what was counted in the six weeks before and in half of this day, which drift needs and nobody wants to
//! wait for.

mod person;
mod picture;
mod scene;

use super::traffic::{self, Sample};
use crate::cli::Exit;
use crate::cli::print::{bold, dim};
use anyhow::Context as _;
use person::Person;
use scene::Scene;
use std::path::Path;
use std::time::Duration;

/// Where it plays.
pub(super) const CHANNEL: &str = "slack.team";
/// Whom it is about.
pub(super) const CLASS: &str = "status_update";
/// Who writes what was planted.
const INTRUDER: &str = "relay-tool";
/// Messages a second.
const RATE: u32 = 25;
/// How long the class is left to itself once it is promoted.
const AT_WORK: Duration = Duration::from_secs(12);
/// How long the picture goes on at the end.
const AFTERWARDS: Duration = Duration::from_secs(8);
/// How many answers are given between two looks at the evidence.
const ANSWERS_A_LOOK: usize = 11;
/// The longest wait for anything.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);

/// Tells it.
pub(super) fn tell(config: &Path, messages: &Path) -> anyhow::Result<Exit> {
    let samples: Vec<Sample> = traffic::read(messages)
        .context("the demo reads the project's own files: run it from the project's folder")?
        .into_iter()
        .filter(|sample| sample.channel == CHANNEL)
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut scene = Scene::set(config).await?;
        play(&mut scene, &samples).await
    })
}

async fn play(scene: &mut Scene, samples: &[Sample]) -> anyhow::Result<Exit> {
    chapter(
        "Everything begins at level 1",
        "whatever Decile thinks of a message, a person decides: it lands in the inbox",
    );
    scene.remember_six_weeks().await?;
    scene.start_daemon().await?;
    let traffic = scene.send(samples, RATE);
    let mut person = Person::default();

    chapter(
        "A person answers, and evidence grows",
        &format!("drafts of `{CLASS}` on `{CHANNEL}` are approved one by one"),
    );
    loop {
        person.approve(scene, ANSWERS_A_LOOK).await?;
        let next = scene.evidence().await?;
        println!("  {}", picture::evidence(&next));
        if next.missing == 0 {
            break;
        }
    }

    chapter("A person promotes the class, and signs it", "nothing else raises a level");
    scene.show(&["promote", CLASS, "--to", "2", "--channel", CHANNEL, "--yes"])?;
    scene.mark("promoted");
    scene.reload()?;
    tokio::time::sleep(AT_WORK).await;
    println!("  {}", scene.handled_lately().await?);

    chapter(
        "Something changes",
        "a tool posts another company's updates into the channel; the rules still know their words",
    );
    traffic.plant(INTRUDER);
    scene.mark("planted");
    scene.remember_today().await?;
    let alarm = scene.alarm("drift").await?;
    scene.mark("drift");
    println!("  drift: {alarm}");
    scene.show_drift()?;

    chapter(
        "Samples are reviewed blind, and the class is taken back",
        "a share of what is handled is asked about; the person says what it is",
    );
    let alarm = person.review_until_demoted(scene, INTRUDER).await?;
    scene.mark("demoted");
    println!("  demoted: {alarm}");
    scene.show(&["policy", "log"])?;
    tokio::time::sleep(AFTERWARDS).await;
    traffic.stop().await?;

    chapter("The share of the class that was handled, over time", "each column is a second");
    print!("{}", picture::share(&scene.seconds().await?, scene.marks())?);
    Ok(Exit::Yes)
}

fn chapter(title: &str, what: &str) {
    println!("\n{}\n{}", bold(&format!("── {title} ──")), dim(what));
}
