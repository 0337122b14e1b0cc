use super::*;
use crate::authority::{Scope, Seed};
use crate::channel::Channel;
use crate::class::ActionType;

const CHANNELS: &str =
    "[[source]]\nstream = \"IN\"\n[[source.channel]]\nname = \"slack.support\"\nsubject = \"in.a\"\n";

fn load_operators(operators: &str) -> (Option<Config>, Vec<Diagnostic>) {
    let folder = folder("", CHANNELS, "");
    std::fs::write(folder.path().join("operators.toml"), operators).unwrap();
    load_folder(folder.path())
}

#[test]
fn without_the_file_nobody_may_sign() {
    let (config, _) = load("", CHANNELS, "");
    assert!(config.unwrap().authority.operators.is_empty());
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let (config, found) = load("[files]\noperators = \"who.toml\"\n", CHANNELS, "");
    assert!(config.is_none());
    assert_eq!(places(&found), ["decile.toml:2:13 unreadable-file"]);
}

#[test]
fn operators_may_what_the_file_says_and_nothing_else() {
    let seed = Seed::generate();
    let (config, found) = load_operators(&format!(
        "deployment = \"production\"\ngrant_h_max = 2\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"human\"]\n\
         [[operator.grants]]\nchannels = [\"slack.support\"]\ntypes = [\"*\"]\n",
        seed.public()
    ));
    assert_eq!(found.len(), 0, "{found:?}");
    let authority = config.unwrap().authority;
    assert_eq!((authority.deployment.as_str(), authority.grant_max.as_secs()), ("production", 7_200));
    let ada = authority.operator(&seed.public()).unwrap();
    assert_eq!(ada.rulings, Scope::These(vec![crate::policy::Desk::parse("human").unwrap()]));
    assert!(!ada.irreversible && !ada.promotions && !ada.resume);
    let reply = ActionType::parse("reply").unwrap();
    assert!(ada.may_grant(&Channel::parse("slack.support").unwrap(), &reply));
    assert!(!ada.may_grant(&Channel::parse("slack.team").unwrap(), &reply));
}

#[test]
fn every_mistake_is_named_and_a_seed_is_not_repeated() {
    let seed = Seed::generate().reveal().unwrap();
    let login = nkeys::KeyPair::new_user().public_key();
    let (config, found) = load_operators(&format!(
        "deployment = \"not one\"\n[[operator]]\nname = \"ada\"\nkey = \"{seed}\"\n[[operator]]\nname = \"ada\"\nkey = \"{login}\"\n\
         [[operator.grants]]\nchannels = [\"slack.suport\"]\ntypes = [\"a b\"]\n[[operator]]\nkey = \"O\"\nrulings = [\"a.b\"]\nlevel = 4\n"
    ));
    assert!(config.is_none());
    assert_eq!(
        places(&found),
        [
            "operators.toml:1:14 bad-name",
            "operators.toml:4:7 bad-key",
            "operators.toml:6:8 duplicate",
            "operators.toml:7:7 bad-key",
            "operators.toml:9:13 unknown-channel",
            "operators.toml:10:10 bad-name",
            "operators.toml:11:1 missing-key",
            "operators.toml:12:7 bad-key",
            "operators.toml:13:12 bad-name",
            "operators.toml:14:1 unknown-key",
        ]
    );
    assert!(found.iter().all(|diagnostic| !format!("{diagnostic:?}").contains(&format!("`{seed}`"))));
    assert!(found.iter().any(|diagnostic| diagnostic.message.contains("a seed")));
}
