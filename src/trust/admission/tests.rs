use super::*;
use crate::authority::{
    Deployment, Operator, Promoted, Promotion, Scope, Seed, SignedError, UpheldClass, Upholding, Waiver,
};
use crate::diagnostic::{Report, SourceFile};
use crate::facts::Leveled;
use crate::policy::resolve::{Known, resolve};
use crate::policy::written::WrittenPolicy;
use crate::rules;
use jiff::{SignedDuration, Timestamp};

const POLICY: &str = "[[class]]\nname = \"meeting\"\nlevel = 2\naction = { type = \"archive\" }\n\
     [[class]]\nname = \"reply\"\nlevel = 3\naction = { type = \"reply\", template = \"Thanks .\" }\n\
     [[cap]]\nper_hour = 9\n[[cap]]\nclass = \"meeting\"\nper_hour = 9\n[[cap]]\nclass = \"reply\"\nper_hour = 9\n";
const RULES: &str = "[[rule]]\nid = \"m\"\nclass = \"meeting\"\nany = [\"works for me\"]\n\
     [[rule]]\nid = \"r\"\nclass = \"reply\"\nany = [\"thank you\"]\n\
     [[rule]]\nid = \"l\"\nrestrict = \"legal\"\nany = [\"lawyer\"]\n";

/// A deployment with one operator, and two channels.
struct Town {
    seed: Seed,
    authority: Authority,
    pack: Pack,
    policy: Policy,
}

fn pack(text: &str) -> Pack {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.toml"), text).unwrap();
    let report = Report::new();
    rules::compile(&rules::load(folder.path(), &report), &report).unwrap().0
}

fn policy(text: &str) -> Policy {
    let report = Report::new();
    let written = WrittenPolicy::read(&SourceFile::new("policy.toml", text), &report);
    let policy = resolve(&written, &Known { rules: None, channels: None, draft_bytes_max: 100 }, &report);
    assert!(!report.has_errors(), "{:?}", report.into_sorted());
    policy
}

fn channels() -> [Channel; 2] {
    ["slack.support", "mail.inbox"].map(|name| Channel::parse(name).unwrap())
}

fn places() -> Places {
    channels().map(|channel| (channel.clone(), Digest::of("test", [channel.as_str().as_bytes()]))).into()
}

fn class(name: &str) -> Class {
    Class::parse(name).unwrap()
}

impl Town {
    fn new() -> Self {
        let seed = Seed::generate();
        let may = Operator {
            name: "ada".to_owned(),
            grants: Vec::new(),
            rulings: Scope::All,
            irreversible: false,
            promotions: true,
            resume: false,
        };
        let deployment = Deployment::parse("town").unwrap();
        let authority = Authority {
            deployment,
            operators: [(seed.public(), may)].into(),
            grant_max: std::time::Duration::from_secs(3_600),
        };
        Self { seed, authority, pack: pack(RULES), policy: policy(POLICY) }
    }

    /// As many answers on the first channel as are enough for a level, and one more.
    fn promotion(&self, name: &str, level: Level) -> Promotion {
        let [channel, _] = channels();
        let agreed = Bound::new(threshold(level).unwrap(), SIGNIFICANCE, 1).missing(Tally::default()).unwrap() + 1;
        Promotion {
            class: class(name),
            level,
            action: ActionRecord::from(&self.policy.line(&class(name), &channel).action),
            rules: self.pack.class_digest(&class(name)).unwrap(),
            also: Vec::new(),
            on: vec![Promoted { place: places()[&channel], channel, after: 7, agreed, disagreed: 0 }],
            tested: 1,
            without_evidence: None,
            issued_at: Timestamp::UNIX_EPOCH,
            note: String::new(),
        }
    }

    fn offer(&mut self, promotion: &Promotion) {
        self.offer_of("town", promotion);
    }

    fn offer_of(&mut self, deployment: &str, promotion: &Promotion) {
        let signed = promotion.sign(&Deployment::parse(deployment).unwrap(), &self.seed).unwrap();
        let signed = String::from_utf8(signed.encode().unwrap()).unwrap();
        self.policy.promotions.push(signed);
    }

    fn admit(&self) -> Admission {
        admit(self.policy.clone(), &self.authority, &self.pack, &places())
    }

    /// The level of a class on both channels, and why it is not what the file says on the first.
    fn gets(&self, name: &str) -> ([Level; 2], Option<NotPromoted>) {
        let Admission { policy, refused, .. } = self.admit();
        let [first, _] = channels();
        let why = Refused::about(&refused, &class(name), &first).map(|it| it.why);
        (channels().map(|channel| policy.line(&class(name), &channel).level), why)
    }
}

#[test]
fn nothing_is_promoted_that_nobody_signed() {
    let town = Town::new();
    assert_eq!(town.gets("meeting"), ([Level::Draft; 2], Some(NotPromoted::Unsigned)));
    let admission = town.admit();
    let said: Vec<String> = admission.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        said[0],
        "`meeting` at level 2 (policy.toml:1) loads as level 1: no promotion is signed for it: a level in the file alone is none"
    );
    assert_eq!(admission.refused.len(), 2, "each class once: {said:?}");
    let lines = admission.policy.classes.values().flat_map(|class| class.channels.values().chain([&class.everywhere]));
    assert!(lines.chain([&admission.policy.unlisted]).all(|line| line.level <= Level::Draft));
    assert_ne!(admission.policy.digest, town.policy.digest, "what counts is another policy");
}

#[test]
fn what_was_signed_counts_where_it_was_signed_for() {
    let mut town = Town::new();
    town.offer(&town.promotion("meeting", Level::Routine));
    let admission = town.admit();
    let [first, second] = channels();
    let line = admission.policy.line(&class("meeting"), &first);
    assert_eq!((line.level, line.tenure), (Level::Routine, Tenure { after: 7, expires_at: None }));
    let other = admission.refused.iter().find(|it| it.class == class("meeting")).unwrap();
    assert_eq!((&other.channel, other.why), (&None, NotPromoted::Unsigned), "it is said of the other channel");
    assert_eq!(admission.policy.line(&class("meeting"), &second).level, Level::Draft);
    // On the bus it was taken back since.
    let now = Timestamp::UNIX_EPOCH;
    let at = |revision, demoted| line.level_at(now, Some(Leveled { revision, demoted }));
    assert_eq!([at(8, 0), at(8, 7), at(9, 9)], [Level::Routine, Level::Routine, Level::Draft]);
    assert_eq!(at(3, 3), Level::Draft, "another stream: nobody knows what was demoted on the old one");
    assert_eq!(line.level_at(now, None), Level::Routine, "nobody has looked");
}

#[test]
fn it_counts_for_nothing_else_and_says_why() {
    type Change = fn(&mut Promotion);
    let cases: [(&str, Change, NotPromoted); 8] = [
        ("another class", |it| it.class = class("reply"), NotPromoted::Unsigned),
        ("another channel", |it| it.on[0].channel = channels()[1].clone(), NotPromoted::Unsigned),
        ("another action", |it| it.action.kind = crate::class::ActionType::note(), NotPromoted::OtherAction),
        ("other rules", |it| it.rules = pack("").digest(), NotPromoted::OtherRules(NotUpheld::Unsigned)),
        (
            "answers under other rules, too",
            |it| it.also.push(pack("").digest()),
            NotPromoted::OtherRules(NotUpheld::Unsigned),
        ),
        ("another place of that name", |it| it.on[0].place = pack("").digest(), NotPromoted::OtherChannel),
        ("one answer too few", |it| it.on[0].agreed -= 2, NotPromoted::Short),
        ("two classes were tested", |it| it.tested = 2, NotPromoted::Short),
    ];
    for (what, change, why) in cases {
        let mut town = Town::new();
        let mut promotion = town.promotion("meeting", Level::Routine);
        change(&mut promotion);
        town.offer(&promotion);
        let (levels, found) = town.gets("meeting");
        assert_eq!((levels[0], found), (Level::Draft, Some(why)), "{what}");
    }
}

#[test]
fn who_signs_it_and_for_which_deployment() {
    let mut town = Town::new();
    town.offer_of("village", &town.promotion("meeting", Level::Routine));
    let foreign = NotPromoted::Promotion(PromotionError::Signed(SignedError::Signature));
    assert_eq!(town.gets("meeting"), ([Level::Draft; 2], Some(foreign)));

    let mut town = Town::new();
    town.offer(&town.promotion("meeting", Level::Routine));
    town.authority.operators.values_mut().for_each(|ada| ada.promotions = false);
    assert_eq!(town.gets("meeting").1, Some(NotPromoted::Promotion(PromotionError::Right)));
    town.authority.operators.clear();
    let nobody = NotPromoted::Promotion(PromotionError::Signed(SignedError::Signer));
    assert_eq!(town.gets("meeting"), ([Level::Draft; 2], Some(nobody)));
}

#[test]
fn level_3_stands_on_level_2() {
    let mut town = Town::new();
    town.offer(&town.promotion("reply", Level::Bounded));
    assert_eq!(town.gets("reply").0[0], Level::Draft, "nobody promoted it to 2");
    assert_eq!(town.gets("reply").1, Some(NotPromoted::NoStep));
    let mut step = town.promotion("reply", Level::Routine);
    step.on[0].after = 3;
    town.offer(&step);
    assert_eq!(town.gets("reply").0, [Level::Bounded, Level::Draft]);
    let line = town.admit().policy.line(&class("reply"), &channels()[0]).clone();
    assert_eq!(line.tenure.after, 3, "what takes back either of them takes back both");
    // The file says less than what was signed.
    town.policy =
        Policy { promotions: town.policy.promotions.clone(), ..policy(&POLICY.replace("level = 3", "level = 2")) };
    assert_eq!(town.gets("reply").0[0], Level::Routine);
    town.policy =
        Policy { promotions: town.policy.promotions.clone(), ..policy(&POLICY.replace("level = 3", "level = 1")) };
    assert_eq!(town.gets("reply"), ([Level::Draft; 2], None), "a file may always say less");
}

#[test]
fn without_evidence_it_ends() {
    let mut town = Town::new();
    let now = Timestamp::UNIX_EPOCH;
    let waived = |promotion: Promotion, hours: i64| {
        let expires_at = now + SignedDuration::from_hours(hours);
        let on = promotion.on.into_iter().map(|on| Promoted { agreed: 0, ..on }).collect();
        Promotion { on, without_evidence: Some(Waiver { reason: "a pilot".to_owned(), expires_at }), ..promotion }
    };
    town.offer(&waived(town.promotion("meeting", Level::Routine), 24));
    let line = town.admit().policy.line(&class("meeting"), &channels()[0]).clone();
    let after = |hours: i64| line.level_at(now + SignedDuration::from_hours(hours), None);
    assert_eq!([after(23), after(24), after(25)], [Level::Routine, Level::Draft, Level::Draft]);
    let policy = town.admit().policy;
    let over = |hours: i64| ended(&policy, now + SignedDuration::from_hours(hours));
    assert_eq!(over(23), []);
    assert_eq!(
        over(24).iter().map(|it| (it.wished, it.gets, it.why)).collect::<Vec<_>>(),
        [(Level::Routine, Level::Draft, NotPromoted::Ended)]
    );
    for hours in [0, -1, 24 * 30 + 1] {
        let mut town = Town::new();
        town.offer(&waived(town.promotion("meeting", Level::Routine), hours));
        assert_eq!(town.gets("meeting").1, Some(NotPromoted::Promotion(PromotionError::Span)), "{hours} h");
    }
}

#[test]
fn all_that_a_policy_wishes_can_be_promoted_for_a_world_that_is_made_up() {
    let mut town = Town::new();
    let waiver =
        Waiver { reason: "a demo".to_owned(), expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1) };
    let all = crate::trust::unearned(&town.policy, &town.pack, &places(), &waiver, Timestamp::UNIX_EPOCH);
    assert_eq!(all.len(), 3, "one for level 2, and two steps to level 3");
    all.iter().for_each(|promotion| town.offer(promotion));
    let Admission { policy, refused, .. } = town.admit();
    assert_eq!(refused, []);
    for channel in channels() {
        assert_eq!(policy.line(&class("meeting"), &channel).level, Level::Routine);
        assert_eq!(policy.line(&class("reply"), &channel).level, Level::Bounded);
    }
}

/// Rules that were changed, and let nothing new into the class: as far as that was compared.
#[test]
fn what_is_upheld_stays_as_far_as_it_was_compared() {
    let mut town = Town::new();
    town.offer(&town.promotion("meeting", Level::Routine));
    town.offer(&town.promotion("reply", Level::Routine));
    town.offer(&town.promotion("reply", Level::Bounded));
    let before = std::mem::replace(
        &mut town.pack,
        pack(&RULES.replace("thank you", "thanks a lot").replace("works", "is fine")),
    );
    assert_eq!(town.gets("meeting"), ([Level::Draft; 2], Some(NotPromoted::OtherRules(NotUpheld::Unsigned))));
    let [channel, other] = channels();
    let uphold = |town: &mut Town, channel: &Channel, name: &str, messages: u64| {
        let (was, is) = (before.class_digest(&class(name)).unwrap(), town.pack.class_digest(&class(name)).unwrap());
        let place = places()[channel];
        let (class, channel) = (class(name), channel.clone());
        let upheld = UpheldClass { class, channel, place, before: was, after: is, still: messages, no_longer: 0 };
        let upholding = Upholding {
            classes: vec![upheld],
            messages: 1_000,
            since: Timestamp::UNIX_EPOCH,
            issued_at: Timestamp::UNIX_EPOCH,
            note: String::new(),
        };
        let signed = upholding.sign(&town.authority.deployment, &town.seed).unwrap().encode().unwrap();
        town.policy.upholdings.push(String::from_utf8(signed).unwrap());
    };
    uphold(&mut town, &channel, "meeting", 28);
    assert_eq!(town.gets("meeting"), ([Level::Draft; 2], Some(NotPromoted::OtherRules(NotUpheld::Thin))));
    uphold(&mut town, &other, "meeting", 1_000);
    assert_eq!(town.gets("meeting").0, [Level::Draft; 2], "another channel");
    uphold(&mut town, &channel, "meeting", 29);
    assert_eq!(town.gets("meeting").0, [Level::Routine, Level::Draft]);
    uphold(&mut town, &channel, "reply", 148);
    assert_eq!(town.gets("reply"), ([Level::Routine, Level::Draft], Some(NotPromoted::OtherRules(NotUpheld::Thin))));
    uphold(&mut town, &channel, "reply", 149);
    assert_eq!(town.gets("reply").0, [Level::Bounded, Level::Draft]);
    // Of these rules, and of no others.
    town.pack = pack(&RULES.replace("works", "is bad"));
    assert_eq!(town.gets("meeting").0, [Level::Draft; 2]);
}
