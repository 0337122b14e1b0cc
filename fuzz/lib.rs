//! What the fuzz targets share: rules from text, messages from JSON, and what must hold of every verdict.

pub mod structured;

use bytes::Bytes;
use decile::channel::Channel;
use decile::classify::{ClassifyLimits, Scratch, classify, trace};
use decile::decode::recipe::{Mapping, Preset, Recipe};
use decile::decode::{DecodeLimits, decode};
use decile::diagnostic::{Report, SourceFile, render};
use decile::message::{Delivery, Message, Origin};
use decile::pack::Pack;
use decile::reason::Reason;
use decile::rules;
use decile::verdict::{Evidence, Verdict};
use jiff::Timestamp;

/// A time at which rules with an expiry in the seeds exist.
pub const NOW: Timestamp = Timestamp::constant(1_781_524_800, 0);
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: 50_000_000 };

/// Compiles one file of rules. What is wrong with them can be told in either form.
pub fn compile(text: &str) -> Option<Pack> {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/fuzz.toml", text)], &report);
    let compiled = rules::compile(&written, &report);
    assert_eq!(compiled.is_none(), report.has_errors(), "rules load, or there is an error that says why not");
    let found = report.into_sorted();
    render::to_text(&found, false);
    compiled.map(|(pack, tests)| {
        rules::test::run(&pack, &tests);
        pack
    })
}

/// A message from a line of JSON, as it would come over the bus.
pub fn message(json: &[u8]) -> Option<Message> {
    let recipe = Recipe { preset: Preset::Decile, by_hand: Mapping::default(), own_senders: Vec::new() };
    let limits = DecodeLimits { message_bytes_max: 64 << 10, json_depth_max: 32 };
    let delivery = Delivery {
        stream: "fuzz".into(),
        sequence: 1,
        stored_at_ns: 0,
        subject: "fuzz".to_owned(),
        headers: Vec::new(),
        payload: Bytes::copy_from_slice(json),
    };
    decode(&recipe, &Channel::parse("test.test").ok()?, &limits, &delivery).ok()
}

/// A message with a text only.
pub fn plain(text: &str) -> Message {
    Message {
        channel: Channel::parse("test.test").expect("a channel"),
        id: None,
        sender: None,
        subject: None,
        text: text.to_owned(),
        sent_at: None,
        thread: None,
        attributes: Default::default(),
        headers: Default::default(),
        origin: Origin::Person,
    }
}

/// What must hold of every pack and message.
pub fn hold(pack: &Pack, message: &Message, scratch: &mut Scratch) {
    let verdict = classify(pack, message, NOW, &LIMITS, scratch);
    assert_eq!(verdict, classify(pack, message, NOW, &LIMITS, scratch), "the same again");
    assert_eq!(verdict, classify(pack, message, NOW, &LIMITS, &mut Scratch::new(pack)), "the same in fresh memory");
    let told = trace(pack, message, NOW, &LIMITS);
    let said = (told.class.as_ref(), told.reason, &told.evidence);
    assert_eq!(said, (verdict.class(), verdict.reason(), &verdict.evidence), "the trace");
    spans_lie_in_their_fields(pack, message, &verdict);
    fewer_spans(pack, message, &verdict, scratch);
    fewer_steps(pack, message, &verdict, told.steps, scratch);
}

fn spans_lie_in_their_fields(pack: &Pack, message: &Message, verdict: &Verdict) {
    assert!(verdict.evidence.is_sorted_by(|one, next| one < next), "ordered, and each once");
    assert!(verdict.evidence.len() <= LIMITS.evidence_spans_max);
    for Evidence { rule, field, start, end } in &verdict.evidence {
        assert!(pack.rule(rule).is_some(), "of a rule of the pack");
        match message.field(field) {
            None => assert_eq!((*start, *end), (0, 0), "of an absent field"),
            Some(text) => {
                assert!(start < end, "not empty");
                assert!(text.get(*start..*end).is_some(), "{start}..{end} in {text:?}");
            }
        }
    }
}

fn fewer_spans(pack: &Pack, message: &Message, verdict: &Verdict, scratch: &mut Scratch) {
    let cut = classify(pack, message, NOW, &ClassifyLimits { evidence_spans_max: 2, ..LIMITS }, scratch);
    // Work that is saved may save a verdict from being over budget.
    if verdict.reason() != Some(Reason::OverBudget) {
        assert_eq!(cut.outcome, verdict.outcome);
        assert!(cut.evidence.len() <= 2 && cut.evidence.iter().all(|span| verdict.evidence.contains(span)));
    }
}

/// A decision takes the same work each time, and less is too little.
fn fewer_steps(pack: &Pack, message: &Message, verdict: &Verdict, steps: u64, scratch: &mut Scratch) {
    let mut within =
        |steps| classify(pack, message, NOW, &ClassifyLimits { decision_steps_max: steps, ..LIMITS }, scratch);
    if !matches!(verdict.reason(), Some(Reason::OverBudget | Reason::Uninspectable)) {
        assert_eq!(&within(steps), verdict, "{steps} steps are enough");
        if let Some(fewer) = steps.checked_sub(1) {
            assert_eq!(within(fewer).reason(), Some(Reason::OverBudget), "{fewer} steps are not");
        }
    }
}
