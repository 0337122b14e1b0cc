use super::*;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::policy::action::Reach;
use crate::policy::{Deadline, Overdue};

fn resolved(text: &str) -> (Policy, Vec<Diagnostic>) {
    let report = Report::new();
    let file = SourceFile::new("config/policy.toml", text);
    let written = WrittenPolicy::read(&file, &report);
    let classes = ["receipt", "question"].map(|name| Class::parse(name).unwrap()).into();
    let restrictions = ["legal".to_owned(), "money".to_owned()].into();
    let channels = ["mail.inbox", "slack.team"].map(|name| Channel::parse(name).unwrap()).into();
    let known = Known {
        rules: Some(RuleNames { classes: &classes, restrictions: &restrictions }),
        channels: Some(&channels),
        draft_bytes_max: 256,
    };
    let policy = resolve(&written, &known, &report);
    (policy, report.into_sorted())
}

fn policy(text: &str) -> Policy {
    let (policy, found) = resolved(text);
    assert!(found.is_empty(), "{found:?}");
    policy
}

/// The only mistake in a policy: its code, line and help.
fn mistake(text: &str) -> (&'static str, usize, String) {
    let (_, found) = resolved(text);
    match found.as_slice() {
        [only] => (only.code, only.location.as_ref().unwrap().line(), only.help.clone()),
        _ => panic!("one mistake expected in {text:?}: {found:?}"),
    }
}

fn line<'a>(policy: &'a Policy, class: &str, channel: &str) -> &'a Line {
    policy.line(&Class::parse(class).unwrap(), &Channel::parse(channel).unwrap())
}

const FULL: &str = r#"
[defaults]
desk = "orchestrator"
max_age_s = 60
[[desk]]
name = "law"
[[restriction]]
name = "legal"
desk = "law"
[[action]]
type = "page"
reach = "outward"
reversibility = "reversible"
[[class]]
name = "receipt"
level = 2
desk = "law"
action = { type = "label", label = "r" }
[[class.channel]]
name = "slack.team"
max_age_s = 5
action = { type = "page", arguments = { severity = "low" }, template = "{class}" }
[[class]]
name = "question"
[[cap]]
per_hour = 100
[[cap]]
class = "receipt"
per_day = 10
per_minute = 1
"#;

#[test]
fn every_default_is_filled_in() {
    let policy = policy(FULL);
    let inbox = line(&policy, "receipt", "mail.inbox");
    assert_eq!((inbox.level, inbox.action.kind.as_str(), inbox.max_age.as_secs()), (Level::Routine, "label", 60));
    assert_eq!((inbox.desk.as_str(), inbox.origin.as_str()), ("law", "policy.toml:14"));
    let team = line(&policy, "receipt", "slack.team");
    assert_eq!((team.level, team.action.kind.as_str(), team.max_age.as_secs()), (Level::Routine, "page", 5));
    assert_eq!((team.desk.as_str(), team.origin.as_str()), ("law", "policy.toml:19"));
    assert_eq!(team.action.arguments["severity"], "low");
    assert_eq!(team.action.nature.reversibility, Reversibility::Reversible);
    let question = line(&policy, "question", "mail.inbox");
    assert_eq!((question.level, question.action.kind.as_str()), (Level::Draft, "note"));
    assert_eq!(question.desk.as_str(), "orchestrator");
    assert_eq!(policy.desk_without_class(["money", "legal"]).as_str(), "law");
    assert_eq!(policy.desk_without_class(["money"]).as_str(), "orchestrator");
}

#[test]
fn an_empty_policy_drafts_everything_for_a_human() {
    let policy = policy("");
    let line = line(&policy, "receipt", "mail.inbox");
    assert_eq!((line.level, line.action.kind.as_str(), line.origin.as_str()), (Level::Draft, "note", "built in"));
    assert_eq!((line.max_age.as_secs(), line.desk.as_str()), (86_400, "human"));
}

#[test]
fn a_class_that_is_not_listed_is_never_above_level_1() {
    let of = |level| line(&policy(&format!("[defaults]\nlevel = {level}")), "receipt", "mail.inbox").level;
    assert_eq!([0, 1, 2, 3].map(of), [Level::Suggest, Level::Draft, Level::Draft, Level::Draft]);
}

#[test]
fn there_is_no_level_4() {
    for number in ["4", "5", "99"] {
        let (code, line, help) = mistake(&format!("[[class]]\nname = \"receipt\"\nlevel = {number}"));
        assert_eq!((code, line), ("no-such-level", 3));
        assert!(help.contains("there is no full autonomy"), "{help}");
    }
    for (wrong, code) in [("-1", "out-of-bounds"), ("\"2\"", "wrong-type"), ("2.0", "wrong-type")] {
        let text = format!("[[class]]\nname = \"receipt\"\nlevel = {wrong}");
        assert_eq!(mistake(&text).0, code, "{wrong}");
    }
}

#[test]
fn an_irreversible_action_is_refused_above_level_1() {
    let declared = "[[action]]\ntype = \"wipe\"\nreach = \"internal\"\nreversibility = \"irreversible\"";
    for level in [2, 3] {
        let class = format!("[[class]]\nname = \"receipt\"\nlevel = {level}\naction = {{ type = \"wipe\" }}");
        assert_eq!(mistake(&format!("{declared}\n{class}")).0, "irreversible");
        // Not declared: outward and irreversible, with a warning that says so.
        let (_, found) = resolved(&class);
        assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["irreversible", "undeclared-action"]);
    }
    // The level comes from the defaults, from the class, or the action from the channel.
    let by_default = "[defaults]\nlevel = 2\n[[class]]\nname = \"receipt\"\naction = { type = \"wipe\" }";
    assert_eq!(mistake(&format!("{declared}\n{by_default}")).0, "irreversible");
    let on_channel = "[[class]]\nname = \"receipt\"\nlevel = 3\naction = { type = \"label\", label = \"r\" }\n\
        [[class.channel]]\nname = \"slack.team\"\naction = { type = \"wipe\" }";
    assert_eq!(mistake(&format!("{declared}\n{on_channel}")).0, "irreversible");
}

#[test]
fn what_writes_by_itself_has_a_cap_of_its_class_and_one_in_total() {
    let class = "[[class]]\nname = \"receipt\"\nlevel = 2\naction = { type = \"archive\" }\n";
    let found = |caps: &str| {
        let (_, found) = resolved(&format!("{class}{caps}"));
        found.iter().map(|it| (it.code, it.location.as_ref().unwrap().line())).collect::<Vec<_>>()
    };
    let total = "[[cap]]\nper_hour = 9\n";
    assert_eq!(found(""), [("no-cap", 3), ("no-cap", 3)]);
    assert_eq!(found(total), [("no-cap", 3)], "none of the class");
    assert_eq!(found("[[cap]]\nclass = \"receipt\"\nper_day = 1\n"), [("no-cap", 3)], "none in total");
    assert_eq!(found(&format!("{total}[[cap]]\nclass = \"receipt\"\nper_day = 1\n")), []);
    let elsewhere = "[[cap]]\nclass = \"receipt\"\nchannel = \"slack.team\"\nper_day = 1\n";
    assert_eq!(found(&format!("{total}{elsewhere}")), [("no-cap", 3)], "one channel's cap does not hold everywhere");
    let otherwise = "[[cap]]\nclass = \"receipt\"\ntype = \"react\"\nper_day = 1\n";
    assert_eq!(found(&format!("{total}{otherwise}")), [("no-cap", 3)], "another type's cap does not count");
    // What waits for a person needs none.
    assert!(resolved(&class.replace("level = 2", "level = 1")).1.is_empty());
}

#[test]
fn caps_have_a_number_and_known_names_and_are_there_once() {
    assert_eq!(mistake("[[cap]]\ntype = \"react\"").0, "missing-key");
    assert_eq!(mistake("[[cap]]\nper_hour = 0\nper_day = 1").0, "out-of-bounds");
    assert_eq!(mistake("[[cap]]\nper_hour = 1\nclass = \"recipt\"").0, "unknown-class");
    assert_eq!(mistake("[[cap]]\nper_hour = 1\nchannel = \"slack.temm\"").0, "unknown-channel");
    assert_eq!(mistake("[[cap]]\nper_hour = 1\n[[cap]]\nper_day = 1").0, "duplicate");
    let caps = policy(FULL).caps;
    let windows: Vec<_> = caps.iter().map(|cap| (cap.scope.is_total(), cap.window.key(), cap.actions_max)).collect();
    assert_eq!(windows, [(true, "per_hour", 100), (false, "per_minute", 1), (false, "per_day", 10)]);
}

#[test]
fn desks_have_deadlines_and_no_way_to_act_anyway() {
    let deadline = |keys: &str| {
        let policy = policy(&format!("[[desk]]\nname = \"law\"\n[[desk]]\nname = \"night\"\n{keys}"));
        policy.deadlines.get(&Desk::parse("night").unwrap()).cloned()
    };
    let after = Duration::from_secs(60);
    assert_eq!(deadline(""), None);
    assert_eq!(deadline("deadline_s = 60"), Some(Deadline { after, overdue: Overdue::Remind }));
    assert_eq!(deadline("deadline_s = 60\noverdue = \"expire\""), Some(Deadline { after, overdue: Overdue::Expire }));
    let law = Overdue::Reroute(Desk::parse("law").unwrap());
    let reroute = "deadline_s = 60\noverdue = \"reroute\"\nreroute_to = \"law\"";
    assert_eq!(deadline(reroute), Some(Deadline { after, overdue: law }));
    for (keys, code) in [
        ("deadline_s = 60\noverdue = \"act\"", "unknown-word"),
        ("deadline_s = 60\noverdue = \"reroute\"", "missing-key"),
        ("deadline_s = 60\noverdue = \"reroute\"\nreroute_to = \"nobody\"", "unknown-desk"),
        ("deadline_s = 60\noverdue = \"reroute\"\nreroute_to = \"night\"", "no-reroute"),
        ("deadline_s = 60\nreroute_to = \"human\"", "no-reroute"),
        ("overdue = \"expire\"", "no-deadline"),
    ] {
        assert_eq!(mistake(&format!("[[desk]]\nname = \"night\"\n{keys}")).0, code, "{keys}");
    }
}

#[test]
fn what_undoes_what_is_built_in_or_declared() {
    let kind = |name: &str| ActionType::parse(name).unwrap();
    let policy = policy("[[action]]\ntype = \"tag\"\nreversibility = \"reversible\"\ninverse = \"untag\"\n");
    assert_eq!(policy.inverse(&kind("archive")), Some(kind("unarchive")));
    assert_eq!(policy.inverse(&kind("tag")), Some(kind("untag")));
    assert_eq!(policy.inverse(&kind("reply")), None);
    assert_eq!(mistake("[[action]]\ntype = \"tag\"\ninverse = \"tag\"\n").0, "bad-inverse");
}

#[test]
fn an_irreversible_action_is_reported_once_where_it_stands() {
    let text = "[[action]]\ntype = \"wipe\"\n[[class]]\nname = \"receipt\"\nlevel = 2\naction = { type = \"wipe\" }\n\
        [[class.channel]]\nname = \"slack.team\"\nmax_age_s = 5";
    assert_eq!(mistake(text).1, 5);
}

#[test]
fn a_built_in_action_may_only_become_stricter() {
    let stricter = "[[action]]\ntype = \"label\"\nreach = \"outward\"\n[[class]]\nname = \"receipt\"\n\
        action = { type = \"label\", label = \"r\" }";
    assert_eq!(line(&policy(stricter), "receipt", "mail.inbox").action.nature.reach, Reach::Outward);
    for (kind, laxer) in [
        ("archive", "reach = \"internal\""),
        ("reply", "reach = \"internal\""),
        ("send", "reversibility = \"reversible\""),
        ("forward", "reversibility = \"reversible\""),
    ] {
        assert_eq!(mistake(&format!("[[action]]\ntype = \"{kind}\"\n{laxer}")).0, "laxer", "{kind} {laxer}");
    }
}

#[test]
fn an_action_takes_what_its_type_takes() {
    let of = |action: &str| mistake(&format!("[[class]]\nname = \"receipt\"\naction = {{ {action} }}"));
    for (action, code) in [
        ("type = \"label\"", "missing-key"),
        ("type = \"reply\"", "missing-key"),
        ("type = \"forward\"", "missing-key"),
        ("type = \"react\"", "missing-key"),
        ("type = \"draft\"", "missing-key"),
        ("type = \"send\", template = \"x\"", "missing-key"),
        ("type = \"send\", to = \"x\"", "missing-key"),
        ("label = \"x\"", "missing-key"),
        ("type = \"archive\", label = \"x\"", "unknown-argument"),
        ("type = \"archive\", template = \"x\"", "unknown-argument"),
        ("type = \"note\", arguments = { a = \"b\" }", "unknown-argument"),
        ("type = \"label\", label = \"a\\nb\"", "bad-argument"),
        ("type = \"label\", label = \"\"", "bad-argument"),
        ("type = \"label\", lable = \"x\", label = \"x\"", "unknown-key"),
        ("type = \"note\", template = \"{text}\"", "bad-template"),
        ("type = \"note\", template = \"@{sender}\"", "bad-template"),
        ("type = \"a b\"", "bad-name"),
    ] {
        assert_eq!(of(action).0, code, "{action}");
    }
    let long = format!("type = \"note\", template = \"{}\"", "x".repeat(257));
    assert_eq!(of(&long).0, "bad-template");
    assert_eq!(
        of("type = \"lable\", arguments = { label = \"x\" }").2.split(": ").last(),
        Some("did you mean `label`?")
    );
}

#[test]
fn every_name_is_looked_up_and_there_once() {
    for (text, code, line) in [
        ("[[class]]\nname = \"recept\"", "unknown-class", 2),
        ("[[restriction]]\nname = \"lega\"\ndesk = \"human\"", "unknown-restriction", 2),
        ("[[restriction]]\nname = \"legal\"\ndesk = \"humen\"", "unknown-desk", 3),
        ("[defaults]\ndesk = \"law\"", "unknown-desk", 2),
        ("[[class]]\nname = \"receipt\"\ndesk = \"law\"", "unknown-desk", 3),
        ("[[class]]\nname = \"receipt\"\n[[class.channel]]\nname = \"mail.inbx\"", "unknown-channel", 4),
        ("[[class]]\nname = \"receipt\"\n[[class]]\nname = \"receipt\"", "duplicate", 4),
        ("[[desk]]\nname = \"law\"\n[[desk]]\nname = \"law\"", "duplicate", 4),
        ("[[action]]\ntype = \"x\"\n[[action]]\ntype = \"x\"", "duplicate", 4),
        (
            "[[class]]\nname = \"receipt\"\n[[class.channel]]\nname = \"mail.inbox\"\n[[class.channel]]\nname = \"mail.inbox\"",
            "duplicate",
            6,
        ),
        (
            "[[restriction]]\nname = \"legal\"\ndesk = \"human\"\n[[restriction]]\nname = \"legal\"\ndesk = \"human\"",
            "duplicate",
            5,
        ),
    ] {
        let found = mistake(text);
        assert_eq!((found.0, found.1), (code, line), "{text}");
        assert!(!found.2.is_empty(), "{text}");
    }
    assert_eq!(mistake("[[class]]\nname = \"recept\"").2, "did you mean `receipt`?");
}

#[test]
fn the_digest_is_of_what_is_meant() {
    let digest = policy(FULL).digest;
    let commented = FULL.replace("level = 2\n", "level  =  0x2 # routine\n") + "# the end\n";
    assert_eq!(policy(&commented).digest, digest);
    let reordered = FULL.replace("level = 2\ndesk = \"law\"\n", "desk = \"law\"\nlevel = 2\n");
    assert_ne!(reordered, FULL);
    assert_eq!(policy(&reordered).digest, digest);
    for (from, to) in [
        ("max_age_s = 60", "max_age_s = 61"),
        ("desk = \"orchestrator\"", "desk = \"human\""),
        ("level = 2", "level = 3"),
        ("label = \"r\"", "label = \"s\""),
        ("severity = \"low\"", "severity = \"high\""),
        ("severity = ", "urgency = "),
        ("{class}", "{date}"),
        ("{class}", "{{class}}"),
        ("reversibility = \"reversible\"", "reversibility = \"semi_reversible\""),
        ("name = \"slack.team\"", "name = \"mail.inbox\""),
        ("name = \"legal\"\n", "name = \"money\"\n"),
        // A decision names the line.
        ("[[class]]\nname = \"question\"", "\n[[class]]\nname = \"question\""),
    ] {
        assert_ne!(FULL.replacen(from, to, 1), FULL, "{from} stands in the policy");
        assert_ne!(policy(&FULL.replacen(from, to, 1)).digest, digest, "{from} -> {to}");
    }
}
