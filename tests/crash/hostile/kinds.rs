//! Twenty kinds of hostile payloads. Each would be handled if what is wrong with it were not noticed.

use fastrand::Rng;
use serde_json::json;

/// Nothing is wrong with these.
pub(super) const PLAIN: &str = "plain";
/// A text that is handled.
const GOOD: &str = "Thursday works for me";

/// Where it goes, and what it is.
type Payload = (&'static str, Vec<u8>);
/// What is wrong, and how to make one.
type Kind = (&'static str, fn(&mut Rng) -> Payload);

const MAIN: &str = "in.main.x";

/// Each kind.
pub(super) const KINDS: [Kind; 20] = [
    ("cut off", |rng| {
        let whole = json!({ "text": GOOD, "number": rng.u32(..) }).to_string().into_bytes();
        let end = rng.usize(..whole.len());
        (MAIN, whole[..end].to_vec())
    }),
    ("bytes that are no text", |rng| {
        let mut bytes = json!({ "text": GOOD, "number": rng.u32(..) }).to_string().into_bytes();
        let at = rng.usize(10..20);
        bytes[at] = rng.u8(0xf8..);
        (MAIN, bytes)
    }),
    ("a key twice", |rng| (MAIN, format!("{{\"text\":\"{GOOD}\",\"n\":{},\"text\":\"{GOOD}\"}}", rng.u32(..)).into())),
    ("nested without end", |rng| {
        let depth = rng.usize(200..5_000);
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        (MAIN, format!("{{\"text\":\"{GOOD}\",\"attributes\":{nested}}}").into())
    }),
    ("a text that is none", |rng| {
        let text = [json!([GOOD]), json!({ "text": GOOD }), json!(1), json!(null), json!(true)][rng.usize(..5)].clone();
        (MAIN, json!({ "text": text, "number": rng.u32(..) }).to_string().into())
    }),
    ("no text", |rng| (MAIN, json!({ "Text": GOOD, "number": rng.u32(..) }).to_string().into())),
    ("too long", |rng| {
        (MAIN, json!({ "text": format!("{GOOD} {}", "x ".repeat(rng.usize(8_200..12_000))) }).to_string().into())
    }),
    ("the phrase with what nobody sees", |rng| {
        let unseen = ['\u{200b}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{feff}'][rng.usize(..5)];
        say(&format!("Thursday works f{unseen}or me {}", rng.u32(..)))
    }),
    ("the phrase in other letters", |rng| say(&format!("Thursday w\u{43e}rks f\u{43e}r m\u{435} {}", rng.u32(..)))),
    ("a restriction with what nobody sees", |rng| say(&format!("{GOOD}, says my l\u{200b}awyer {}", rng.u32(..)))),
    ("a restriction in other letters", |rng| say(&format!("{GOOD}, says my l\u{430}wyer {}", rng.u32(..)))),
    ("an exclusion in other letters", |rng| say(&format!("{GOOD}, but I \u{441}an't {}", rng.u32(..)))),
    ("turned around", |rng| {
        let turn = ['\u{202e}', '\u{202d}', '\u{2066}', '\u{2067}'][rng.usize(..4)];
        say(&format!("{GOOD} {turn}{}", rng.u32(..)))
    }),
    ("two classes at once", |rng| say(&format!("{GOOD}, and this week's news {}", rng.u32(..)))),
    ("half a character", |rng| (MAIN, format!("{{\"text\":\"{GOOD} \\ud800\",\"n\":{}}}", rng.u32(..)).into())),
    ("more than one", |rng| (MAIN, format!("{{\"text\":\"{GOOD}\"}} {{\"n\":{}}}", rng.u32(..)).into())),
    ("no object", |rng| (MAIN, json!([{ "text": GOOD, "number": rng.u32(..) }]).to_string().into())),
    ("any bytes", |rng| {
        let subject = [MAIN, "in.events", "in.mail", "in.raw"][rng.usize(..4)];
        let length = rng.usize(1..300);
        (subject, (0..length).map(|_| rng.u8(..)).collect())
    }),
    ("an answer to ourselves", |rng| {
        let itself = json!({ "text": "this week's news", "sender": "decile-itself", "id": rng.u32(..).to_string() });
        (MAIN, itself.to_string().into())
    }),
    ("half an event", |rng| {
        let event = json!({ "specversion": "1.0", "id": rng.u32(..).to_string(), "data": { "text": GOOD } });
        ("in.events", event.to_string().into())
    }),
];

fn say(text: &str) -> Payload {
    (MAIN, json!({ "text": text }).to_string().into())
}

/// One of them, or a plain one.
pub(super) fn draw(rng: &mut Rng) -> (&'static str, &'static str, Vec<u8>) {
    let kind = rng.usize(..=KINDS.len());
    match KINDS.get(kind) {
        Some((name, make)) => {
            let (subject, payload) = make(rng);
            (name, subject, payload)
        }
        None => (PLAIN, MAIN, json!({ "text": GOOD, "id": rng.u32(..).to_string() }).to_string().into()),
    }
}
