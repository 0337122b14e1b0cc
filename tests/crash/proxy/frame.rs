//! NATS's frames: a line, and after some of them a payload.

use bytes::{Bytes, BytesMut};

/// A frame as it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    /// All of it.
    pub(super) bytes: Bytes,
    /// In upper case.
    pub(super) verb: String,
    /// Of a message: where it goes.
    pub(super) subject: String,
    /// Of a message: where the answer goes.
    pub(super) reply: Option<String>,
    /// Of a message: its headers and what follows.
    pub(super) content: Bytes,
}

impl Frame {
    /// Takes the next whole frame out of what has been read.
    pub(super) fn take(read: &mut BytesMut) -> Option<Self> {
        let line_bytes = read.windows(2).position(|it| it == b"\r\n")?;
        let line = String::from_utf8_lossy(&read[..line_bytes]).into_owned();
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let words: Vec<&str> = words.collect();
        // Between the subject and the sizes a message has a subscription, and both may have a reply.
        let (before, sizes) = match verb.as_str() {
            "PUB" => (1, 1),
            "HPUB" => (1, 2),
            "MSG" => (2, 1),
            "HMSG" => (2, 2),
            _ => return Some(Self { bytes: read.split_to(line_bytes + 2).freeze(), verb, ..Self::default() }),
        };
        let size: usize = words.last().and_then(|it| it.parse().ok()).expect("a size");
        let whole = line_bytes + 2 + size + 2;
        if read.len() < whole {
            return None;
        }
        let reply = (words.len() > before + sizes).then(|| words[before].to_owned());
        let subject = words[0].to_owned();
        let bytes = read.split_to(whole).freeze();
        let content = bytes.slice(line_bytes + 2..whole - 2);
        Some(Self { bytes, verb, subject, reply, content })
    }

    /// Whether a text stands in its headers or payload.
    pub(super) fn has(&self, text: &str) -> bool {
        self.content.windows(text.len()).any(|it| it == text.as_bytes())
    }
}

#[test]
fn frames_are_taken_one_by_one_however_they_come() {
    let sent = b"PING\r\nHPUB a.b _R 12 17\r\nNATS/1.0\r\n\r\nhello\r\nMSG s 7 2\r\nhi\r\npub x 0\r\n\r\n";
    let mut read = BytesMut::new();
    let mut frames = Vec::new();
    for byte in sent {
        read.extend_from_slice(&[*byte]);
        frames.extend(Frame::take(&mut read));
    }
    let verbs: Vec<(&str, &str, Option<&str>)> =
        frames.iter().map(|it| (it.verb.as_str(), it.subject.as_str(), it.reply.as_deref())).collect();
    assert_eq!(verbs, [("PING", "", None), ("HPUB", "a.b", Some("_R")), ("MSG", "s", None), ("PUB", "x", None)]);
    assert!(frames[1].has("hello") && frames[2].has("hi") && read.is_empty());
    assert_eq!(frames.iter().flat_map(|it| it.bytes.to_vec()).collect::<Vec<u8>>(), sent);
}
