//! A person's answer, by an operator's login and no other right.

use super::Fenced;
use crate::support::{Daemon, until};
use decile::authority::Seed;
use serde_json::{Value, json};

#[tokio::test]
async fn an_operator_sees_what_waits_and_answers_it() {
    let fenced = Fenced::start().await;
    let (seed, config) = (Seed::generate(), fenced.world.config());
    let operators = format!(
        "deployment = \"test\"\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"*\"]\n",
        seed.public()
    );
    fenced.world.write("operators.toml", operators);
    fenced.world.write("ada.key", seed.reveal().unwrap());
    let daemon = Daemon::spawn(fenced.command("daemon", &["run", "--config", &config]));
    daemon.wait_ready().await;
    daemon.wait_metric("decile_grants_fresh 1").await;
    let text = json!({ "text": "opening hours?" }).to_string();
    fenced.login("bridge-IN").await.jetstream.publish("in.main.x", text.into()).await.unwrap().await.unwrap();

    let listed = until("an escalation", || async {
        let ran = fenced.ran("operator", &["inbox", "--format", "json", "--config", &config]);
        (ran.code == 0).then(|| ran.json())
    })
    .await;
    let id = listed["escalation"]["decision"]["id"].as_str().unwrap();
    let key = fenced.world.path("ada.key");
    let answer = ["approve", id, "--config", &config, "--key", key.to_str().unwrap(), "--wait-ms", "30000"];
    let ran = fenced.ran("operator", &answer).exits(0);
    assert!(ran.out.contains("reply on test.main was committed"), "{}", ran.out);
    let ran = fenced.ran("operator", &["inbox", "show", id, "--format", "json", "--config", &config]).exits(0);
    assert_eq!(ran.json()["ruling"]["by"], Value::from("ada"));
    // An auditor sees it, too, and answers nothing: the broker does not take it.
    fenced.ran("auditor", &["inbox", "show", id, "--config", &config]).exits(0);
    let text = json!({ "text": "opening hours?" }).to_string();
    fenced.login("bridge-IN").await.jetstream.publish("in.main.x", text.into()).await.unwrap().await.unwrap();
    let other = until("an escalation", || async {
        let ran = fenced.ran("auditor", &["inbox", "--format", "json", "--config", &config]);
        (ran.code == 0).then(|| ran.json()["escalation"]["decision"]["id"].as_str().unwrap().to_owned())
    })
    .await;
    let answer = ["reject", &other, "--config", &config, "--key", key.to_str().unwrap()];
    let ran = fenced.ran("auditor", &answer).exits(78);
    assert!(ran.err.contains("no permission to publish on `decile.ruling."), "{}", ran.err);
}
