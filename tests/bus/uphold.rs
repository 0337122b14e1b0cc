//! Rules change: what is known of a class stays where nothing new comes into it, and a person has signed that.

use super::levels::{AT_1, CONFIRM, PILOT, Scene, handled, held};
use crate::support::world::RULES;
use crate::support::{Ran, run};
use serde_json::Value;

const NEWLY: &str = "Friday suits me";

/// Rules that know one more wording.
fn wider() -> String {
    RULES.replace("[\"works for me\"]", "[\"works for me\", \"suits me\"]")
}

impl Scene {
    /// Keeps the rules as they were in a folder of their own, and changes them.
    async fn change_rules(&self, from: &str, rules: &str) {
        let before = std::fs::read_to_string(self.world.path("rules/rules.toml")).unwrap();
        std::fs::create_dir_all(self.world.path(from)).unwrap();
        self.world.write(&format!("{from}/rules.toml"), before);
        self.world.write("rules/rules.toml", rules);
        self.reload().await;
    }

    fn uphold(&self, from: &str, more: &[&str]) -> Ran {
        let from = self.world.path(from).display().to_string();
        self.ada.runs("uphold", &[&["--before", &from], more].concat())
    }

    /// Decides on messages that all say something else of the same.
    async fn decide_different(&self, text: &str, numbers: std::ops::Range<u64>) {
        let first = self.broker.last_sequence("IN").await + 1;
        let count = numbers.end - numbers.start;
        let payload = |number: u64| serde_json::json!({ "text": format!("{text}, case {number}") }).to_string();
        self.broker.publish_all("in.main.x", numbers.map(payload)).await;
        self.broker.record_on(first + count - 1).await;
    }

    /// Why a text is of no class.
    async fn why_not(&self, text: &str) -> String {
        self.broker.decide(text).await.decision()["reason"].as_str().unwrap().to_owned()
    }

    fn agreed(&self) -> (u64, u64) {
        let ran = run(&["evidence", "scheduling_confirm", "--format", "json", "--config", &self.world.config()]);
        let standings: Value = serde_json::from_str(&ran.out).unwrap();
        (standings[0]["answers"]["agreed"].as_u64().unwrap(), standings[0]["outdated"].as_u64().unwrap())
    }
}

#[tokio::test]
async fn where_nothing_new_comes_in_a_class_keeps_its_level_and_its_evidence() {
    let scene = Scene::of(AT_1).await;
    for _ in 0..2 {
        let id = scene.broker.decide(CONFIRM).await.decision()["id"].clone();
        scene.ada.runs("approve", &[id.as_str().unwrap()]).exits(0);
    }
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.decide_different(CONFIRM, 0..27).await;
    scene.change_rules("before", &wider()).await;
    assert_eq!(scene.why_not("nothing that any rule knows").await, "unmatched");
    // One less than it takes; that one of them came twice is no help.
    let thin = scene.uphold("before", &["--preview"]).exits(3);
    assert!(thin.out.contains("starts again: 29 different ones of it keep level 2"), "{}", thin.out);
    assert!(scene.uphold("before", &["--yes"]).exits(3).err.contains("there is nothing to sign"));
    assert_eq!(scene.decide(CONFIRM).await, held(), "other rules, and nobody has said anything of them");
    assert_eq!(scene.agreed(), (0, 2));
    let checked = run(&["check", "--config", &scene.world.config()]);
    assert!(checked.out.contains("`decile uphold scheduling_confirm --before RULES`"), "{}", checked.out);

    scene.decide_different(CONFIRM, 27..28).await;
    let policy = scene.policy();
    let preview = scene.uphold("before", &["--preview"]).exits(0);
    assert!(
        preview.out.contains("32 messages since") && preview.out.contains("rules: `scheduling-confirm` (changed)"),
        "{}",
        preview.out
    );
    assert_eq!(scene.policy(), policy, "looking changes nothing");
    let upheld = scene.uphold("before", &["--yes", "--note", "a wording more"]).exits(0);
    assert!(upheld.out.contains("upheld: `scheduling_confirm` on `test.main`"), "{}", upheld.out);
    assert!(
        scene.policy().starts_with(policy.trim_end()) && scene.policy().contains("[[upholding]]"),
        "{}",
        scene.policy()
    );
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
    assert_eq!(scene.decide(NEWLY).await, handled(2), "what never came before comes in");
    assert_eq!(scene.agreed(), (2, 0));
    let log = run(&["policy", "log", "--config", &scene.world.config()]).exits(0);
    assert!(
        log.out.contains("upheld under other rules by ada: 29 still of it, none newly, 0 no longer"),
        "{}",
        log.out
    );
    // Promoted anew, it rests on answers under the rules as they were, and says so.
    scene.ada.runs("demote", &["scheduling_confirm"]).exits(0);
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    assert_eq!(scene.policy().matches("\\\"also\\\":[\\\"").count(), 1, "{}", scene.policy());
}

#[tokio::test]
async fn where_something_new_comes_in_a_class_starts_again() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    scene.decide_different(CONFIRM, 0..60).await;
    assert_eq!(scene.why_not(NEWLY).await, "unmatched");
    let policy = scene.policy();
    // By a rule of another class, which may go tomorrow, it is of none: it counts as new all the same.
    let masked = format!("{}\n[[rule]]\nid = \"suits\"\nclass = \"info_request\"\nany = [\"suits me\"]\n", wider());
    let unrestricted = RULES.replace("\"lawyer\"", "\"attorney\"");
    let ending = RULES.replace("restrict = \"legal\"", "restrict = \"legal\"\nexpires = 2020-01-01T00:00:00Z");
    let cases: String = (0..20).map(|case| format!(", \"case {case}\"")).collect();
    let remainder = RULES.replace("[\"can't\"]", &format!("[\"can't\"{cases}]"));
    for (from, rules, why, shown) in [
        ("wider", wider(), "something new comes in", NEWLY),
        ("masked", masked, "something new comes in", NEWLY),
        ("unrestricted", unrestricted, "what restricts has changed", "`legal-lawyer` (changed, restricts)"),
        ("ending", ending, "what restricts has changed", "`legal-lawyer` (changed, restricts)"),
        ("remainder", remainder, "if no more than a fifth leaves", "`scheduling-confirm` (changed)"),
    ] {
        scene.change_rules(from, &rules).await;
        let refused = scene.uphold(from, &["--yes"]).exits(3);
        assert!(refused.out.contains("starts again") && refused.out.contains(why), "{from}: {}", refused.out);
        assert!(refused.out.contains(shown), "{from}: it is shown: {}", refused.out);
        assert!(refused.err.contains("nothing to sign"), "{from}: {}", refused.err);
        assert_eq!(scene.policy(), policy);
        assert_eq!(scene.decide(CONFIRM).await, held(), "{from}");
        scene.change_rules("after", RULES).await;
        assert_eq!(scene.decide(CONFIRM).await, handled(2), "as it was");
    }
    // Fewer messages than before are not new ones.
    scene.change_rules("narrower", &RULES.replace("[\"can't\"]", "[\"can't\", \"lawyer\"]")).await;
    scene.uphold("narrower", &["--yes"]).exits(0);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
}

#[tokio::test]
async fn nobody_upholds_who_may_not_or_by_other_rules_than_those_it_rests_on() {
    let scene = Scene::of(AT_1).await;
    scene.promote("scheduling_confirm", "2", &PILOT).exits(0);
    scene.reload().await;
    scene.decide_different(CONFIRM, 0..30).await;
    let none = scene.uphold("rules", &["--yes"]).exits(3);
    assert!(none.err.contains("no class has changed"), "{}", none.err);
    scene.change_rules("before", &wider()).await;
    // Rules that were never in force would say that nothing is new.
    std::fs::create_dir_all(scene.world.path("invented")).unwrap();
    scene.world.write("invented/rules.toml", format!("# invented\n{}", wider().replace("suits me", "suits us")));
    let invented = scene.uphold("invented", &["scheduling_confirm", "--yes"]).exits(3);
    assert!(invented.err.contains("or nothing is known of it under those"), "{}", invented.err);
    let pack = scene.world.path("before.pack").display().to_string();
    run(&["compile", "--rules", &scene.world.path("before").display().to_string(), "--output", &pack]).exits(0);
    let packed = scene.uphold("before.pack", &["--yes"]).exits(78);
    assert!(packed.err.contains("a pack has neither tests nor rules as written"), "{}", packed.err);
    let operators = std::fs::read_to_string(scene.world.path("operators.toml")).unwrap();
    scene.world.write("operators.toml", operators.replace("promotions = true", "promotions = false"));
    let refused = scene.uphold("before", &["--yes"]).exits(3);
    assert!(refused.err.contains("may not uphold"), "{}", refused.err);
    scene.world.write("operators.toml", &operators);
    scene.uphold("before", &["--yes"]).exits(0);
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, handled(2));
    // What was signed for these rules is for no others, and a letter of it for none.
    let policy = scene.policy();
    scene.world.write("policy.toml", policy.replace("\\\"still\\\":30", "\\\"still\\\":31"));
    scene.reload().await;
    assert_eq!(scene.decide(CONFIRM).await, held());
    let checked = run(&["check", "--config", &scene.world.config()]);
    assert!(checked.out.contains("what upholds it does not count: the signature is wrong"), "{}", checked.out);
    scene.world.write("policy.toml", policy);
    scene.change_rules("wider", &wider().replace("\"lawyer\"", "\"attorney\"")).await;
    assert_eq!(scene.decide(CONFIRM).await, held(), "a restricting rule is gone");
}
