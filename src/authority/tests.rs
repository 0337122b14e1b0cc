use super::*;
use crate::class::Class;
use crate::decision::{OutwardAction, SourceRef, Target};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

fn channel() -> Channel {
    Channel::parse("slack.support").unwrap()
}

fn react() -> ActionType {
    ActionType::parse("react").unwrap()
}

fn authority(seed: &Seed) -> Authority {
    let right = GrantRight { channels: Scope::These(vec![channel()]), types: Scope::These(vec![react()]) };
    let operator = Operator {
        name: "ada".to_owned(),
        grants: vec![right],
        rulings: Scope::All,
        irreversible: false,
        promotions: false,
        resume: false,
    };
    Authority {
        deployment: Deployment::parse("production").unwrap(),
        operators: BTreeMap::from([(seed.public(), operator)]),
        grant_max: Duration::from_secs(86_400),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn grant() -> Grant {
    Grant {
        id: GrantId::of([7; 16]),
        channel: channel(),
        thread: None,
        kind: react(),
        after: 0,
        issued_at: at(0),
        not_before: at(10),
        expires_at: at(3_600),
        uses: Uses::Standing,
        conditions: Conditions::default(),
        who: "ada".to_owned(),
        reason: "a test".to_owned(),
    }
}

fn action() -> OutwardAction {
    OutwardAction {
        kind: react(),
        channel: channel(),
        arguments: BTreeMap::from([("emoji".to_owned(), "eyes".to_owned())]),
        text: None,
        target: Target {
            message: Some("m1".to_owned()),
            thread: Some("t1".to_owned()),
            source: SourceRef { stream: "CHAT".to_owned(), sequence: 1, stored_at_ns: "1".to_owned() },
        },
    }
}

fn verify(grant: &Grant, seed: &Seed, authority: &Authority) -> Result<VerifiedGrant, GrantError> {
    let signed = grant.sign(&authority.deployment, seed).unwrap();
    VerifiedGrant::new(Signed::parse(&signed.encode().unwrap()).unwrap(), authority)
}

#[test]
fn a_signed_grant_counts_and_survives_the_bus() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let verified = verify(&grant(), &seed, &authority).unwrap();
    assert_eq!((verified.grant(), verified.operator()), (&grant(), "ada"));
}

#[test]
fn what_was_signed_for_another_deployment_or_as_another_kind_does_not_count() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let elsewhere = grant().sign(&Deployment::parse("staging").unwrap(), &seed).unwrap();
    assert_eq!(VerifiedGrant::new(elsewhere, &authority), Err(SignedError::Signature.into()));
    let signed = Signed::new(Kind::Promotion, &authority.deployment, &grant(), &seed).unwrap();
    assert_eq!(VerifiedGrant::new(signed.clone(), &authority), Err(SignedError::Kind.into()));
    // To rename the kind is not to sign it.
    let renamed = String::from_utf8(signed.encode().unwrap()).unwrap().replace("promotion", "grant");
    let renamed = Signed::parse(renamed.as_bytes()).unwrap();
    assert_eq!(VerifiedGrant::new(renamed, &authority), Err(SignedError::Signature.into()));
}

#[test]
fn every_changed_byte_of_a_payload_is_noticed() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let encoded = String::from_utf8(grant().sign(&authority.deployment, &seed).unwrap().encode().unwrap()).unwrap();
    let longer = encoded.replace("a test", "a text");
    assert_ne!(longer, encoded);
    let changed = Signed::parse(longer.as_bytes()).unwrap();
    assert_eq!(VerifiedGrant::new(changed, &authority), Err(SignedError::Signature.into()));
}

#[test]
fn a_key_that_no_operator_has_signs_nothing_that_counts() {
    let authority = authority(&Seed::generate());
    assert_eq!(verify(&grant(), &Seed::generate(), &authority), Err(SignedError::Signer.into()));
    assert_eq!(verify(&grant(), &Seed::generate(), &Authority::nobody()), Err(SignedError::Signer.into()));
}

#[test]
fn an_operator_grants_what_they_may_and_for_as_long_as_they_may() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let other_type = Grant { kind: ActionType::parse("reply").unwrap(), ..grant() };
    let other_channel = Grant { channel: Channel::parse("slack.team").unwrap(), ..grant() };
    for wrong in [other_type, other_channel] {
        assert_eq!(verify(&wrong, &seed, &authority), Err(GrantError::Right));
    }
    let too_long = Grant { expires_at: at(86_401), ..grant() };
    let backwards = Grant { expires_at: at(5), ..grant() };
    for wrong in [too_long, backwards] {
        assert_eq!(verify(&wrong, &seed, &authority), Err(GrantError::Span));
    }
}

#[test]
fn a_grant_that_was_stored_late_is_a_copy() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let stored = |second| {
        let signed = grant().sign(&authority.deployment, &seed).unwrap();
        VerifiedGrant::stored(signed, &authority, at(second)).map(|_| ())
    };
    assert_eq!((stored(60), stored(-60)), (Ok(()), Ok(())));
    assert_eq!((stored(61), stored(-61)), (Err(GrantError::Copy), Err(GrantError::Copy)));
    assert_eq!(GRANT_DELAY_MAX, SignedDuration::from_secs(60));
}

#[test]
fn a_grant_covers_what_it_names_and_nothing_else() {
    let seed = Seed::generate();
    let authority = authority(&seed);
    let class = Class::parse("acknowledgement").unwrap();
    let covers = |grant: Grant, action: &OutwardAction, now| {
        verify(&grant, &seed, &authority).unwrap().covers(action, &class, now)
    };
    assert_eq!(covers(grant(), &action(), at(10)), Ok(()));
    assert_eq!(covers(grant(), &action(), at(9)), Err(GrantError::Early));
    assert_eq!(covers(grant(), &action(), at(3_600)), Err(GrantError::Expired));
    let elsewhere = OutwardAction { channel: Channel::parse("slack.team").unwrap(), ..action() };
    let otherwise = OutwardAction { kind: ActionType::parse("archive").unwrap(), ..action() };
    for wrong in [elsewhere, otherwise] {
        assert_eq!(covers(grant(), &wrong, at(10)), Err(GrantError::Other));
    }
    let thread = |name: &str| Grant { thread: Some(name.to_owned()), ..grant() };
    assert_eq!(covers(thread("t1"), &action(), at(10)), Ok(()));
    assert_eq!(covers(thread("t2"), &action(), at(10)), Err(GrantError::Other));
    let classes = |name: &str| Conditions { classes: vec![Class::parse(name).unwrap()], ..Conditions::default() };
    assert_eq!(covers(Grant { conditions: classes("acknowledgement"), ..grant() }, &action(), at(10)), Ok(()));
    assert_eq!(covers(Grant { conditions: classes("other"), ..grant() }, &action(), at(10)), Err(GrantError::Other));
    let emoji = |name: &str| Conditions {
        arguments: BTreeMap::from([("emoji".to_owned(), name.to_owned())]),
        ..Conditions::default()
    };
    assert_eq!(covers(Grant { conditions: emoji("eyes"), ..grant() }, &action(), at(10)), Ok(()));
    assert_eq!(covers(Grant { conditions: emoji("wave"), ..grant() }, &action(), at(10)), Err(GrantError::Other));
}

#[test]
fn an_operators_key_is_no_login_and_a_login_no_operators_key() {
    let seed = Seed::generate();
    assert!(seed.public().as_str().starts_with('O'));
    let login = nkeys::KeyPair::new_user();
    assert_eq!(PublicKey::parse(&login.public_key()), Err(KeyError::Type));
    assert_eq!(Seed::parse(&login.seed().unwrap()).map(|_| ()), Err(KeyError::Type));
    assert_eq!(PublicKey::parse("O"), Err(KeyError::Form));
}

#[test]
fn a_seed_is_found_wherever_it_lies_and_nothing_else_is() {
    let seed = Seed::generate().reveal().unwrap();
    for text in [seed.clone(), format!("KEY={seed}\n"), format!("xx{seed}yy"), format!("A{seed}B")] {
        assert!(holds_seed(text.as_bytes()), "{text}");
    }
    let login = nkeys::KeyPair::new_user().seed().unwrap();
    // The last character is one of eight, and part of the checksum.
    let (start, last) = seed.split_at(57);
    let broken = format!("{start}{}", if last == "A" { "E" } else { "A" });
    for text in [login, Seed::generate().public().to_string(), "SO".repeat(40), broken, String::new()] {
        assert!(!holds_seed(text.as_bytes()), "{text}");
    }
    assert!(!format!("{:?}", Seed::parse(&seed).unwrap()).contains(&seed), "a seed shows in no log");
}

#[test]
fn the_digest_of_an_action_is_of_each_of_its_parts() {
    let id = |text: &str| crate::decision::DecisionId::try_from(text.repeat(16)).unwrap();
    let digest = |action: OutwardAction| action.digest(&id("ab"));
    let of = digest(action());
    let mut changed = vec![
        action().digest(&id("cd")),
        digest(OutwardAction { kind: ActionType::parse("reply").unwrap(), ..action() }),
        digest(OutwardAction { channel: Channel::parse("slack.team").unwrap(), ..action() }),
        digest(OutwardAction { arguments: BTreeMap::new(), ..action() }),
        digest(OutwardAction { text: Some(String::new()), ..action() }),
    ];
    let target = |change: &dyn Fn(&mut Target)| {
        let mut changed = action();
        change(&mut changed.target);
        digest(changed)
    };
    changed.push(target(&|target| target.message = None));
    changed.push(target(&|target| target.thread = None));
    changed.push(target(&|target| target.source.sequence = 2));
    changed.push(target(&|target| target.source.stream = "MAIL".to_owned()));
    changed.push(target(&|target| target.source.stored_at_ns = "2".to_owned()));
    changed.push(of);
    let distinct: std::collections::BTreeSet<_> = changed.iter().collect();
    assert_eq!(distinct.len(), changed.len());
}
