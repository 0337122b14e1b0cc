//! Sample traffic: each message in the form that its channel's bridge would publish.

use crate::config::ChannelSpec;
use crate::decode::recipe::Preset;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// A sample message, with the outcome that a person would want.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Sample {
    /// Its id, unique on its channel.
    pub(in crate::cli) id: String,
    /// Its channel.
    pub(in crate::cli) channel: String,
    sender: Option<String>,
    subject: Option<String>,
    text: String,
    sent_at: Timestamp,
    thread: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// What it is; `None` where a person must see it.
    class: Option<String>,
    #[serde(rename = "restrict", default)]
    _restrict: serde_json::Value,
    #[serde(rename = "note", default)]
    _note: Option<String>,
}

/// A message as published.
pub(in crate::cli) struct Wire {
    pub(in crate::cli) subject: String,
    pub(in crate::cli) headers: Vec<(&'static str, String)>,
    pub(in crate::cli) payload: Bytes,
}

/// Reads every sample of a folder, ordered by when it was sent. None at all is an error.
pub(in crate::cli) fn read(folder: &Path) -> anyhow::Result<Vec<Sample>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut samples = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|it| it == "jsonl") {
            read_file(&file, &mut samples)?;
        }
    }
    if samples.is_empty() {
        bail!("no samples in `{}`", folder.display());
    }
    samples.sort_by(|a, b| (a.sent_at, &a.channel, &a.id).cmp(&(b.sent_at, &b.channel, &b.id)));
    Ok(samples)
}

fn read_file(file: &Path, samples: &mut Vec<Sample>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    for (number, line) in text.lines().enumerate() {
        let sample = serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), number + 1))?;
        samples.push(sample);
    }
    Ok(())
}

impl Sample {
    /// Whether a person would call it that.
    pub(in crate::cli) fn is_of(&self, class: &str) -> bool {
        self.class.as_deref() == Some(class)
    }

    /// The same as another message, perhaps by another sender.
    pub(in crate::cli) fn again(&self, number: usize, sender: Option<&str>) -> Self {
        let id = format!("{}-{number}", self.id);
        let sender = sender.map(str::to_owned).or_else(|| self.sender.clone());
        Self { id, sender, ..self.clone() }
    }

    /// The message as its channel's bridge would publish it now. The moment of the demo takes the place of
    /// the sample's date, so that nothing is too old.
    pub(in crate::cli) fn wire(&self, spec: &ChannelSpec, now: Timestamp) -> Wire {
        let subject = spec.subject.replace(['>', '*'], "sample");
        let (headers, payload) = match spec.recipe.preset {
            Preset::Decile => (Vec::new(), self.decile(now)),
            Preset::Raw => (Vec::new(), Bytes::from(self.text.clone())),
            Preset::SlackEvents => (Vec::new(), self.slack(now)),
            Preset::Cloudevents => (Vec::new(), self.cloud_event(now)),
            Preset::Mail => (Vec::new(), self.mail(now)),
        };
        Wire { subject, headers, payload }
    }

    fn decile(&self, now: Timestamp) -> Bytes {
        let mut message = json!({ "id": self.id, "text": self.text, "sent_at": now, "attributes": self.attributes });
        put(&mut message, "sender", self.sender.as_deref());
        put(&mut message, "subject", self.subject.as_deref());
        put(&mut message, "thread", self.thread.as_deref());
        message.to_string().into()
    }

    fn slack(&self, now: Timestamp) -> Bytes {
        let escaped = self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let ts = format!("{}.{:06}", now.as_second(), now.subsec_microsecond());
        let mut event = json!({ "type": "message", "text": escaped, "ts": ts, "client_msg_id": self.id });
        put(&mut event, "user", self.sender.as_deref());
        put(&mut event, "thread_ts", self.thread.as_deref());
        if self.attributes.contains_key("bot") {
            put(&mut event, "bot_id", Some("B-SAMPLE"));
        }
        json!({ "type": "event_callback", "event_id": self.id, "event": event }).to_string().into()
    }

    fn cloud_event(&self, now: Timestamp) -> Bytes {
        let mut data = json!({ "text": self.text, "attributes": self.attributes });
        put(&mut data, "sender", self.sender.as_deref());
        put(&mut data, "subject", self.subject.as_deref());
        json!({ "specversion": "1.0", "type": "org.example.sample", "source": "/sample", "id": self.id,
            "time": now, "datacontenttype": "application/json", "data": data })
        .to_string()
        .into()
    }

    fn mail(&self, now: Timestamp) -> Bytes {
        let date = now.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S %z");
        let mut mail = format!("Message-ID: <{}@sample.example>\r\nDate: {date}\r\n", self.id);
        if let Some(sender) = &self.sender {
            mail.push_str(&format!("From: {sender}\r\n"));
        }
        mail.push_str("To: team@northwind.example\r\n");
        if let Some(subject) = &self.subject {
            mail.push_str(&format!("Subject: =?utf-8?B?{}?=\r\n", base64_of(subject)));
        }
        if let Some(thread) = &self.thread {
            mail.push_str(&format!("References: <{thread}@sample.example>\r\n"));
        }
        for (name, value) in &self.attributes {
            match name.as_str() {
                "auto_submitted" => mail.push_str(&format!("Auto-Submitted: {value}\r\n")),
                "precedence" => mail.push_str(&format!("Precedence: {value}\r\n")),
                _ => {}
            }
        }
        mail.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
        mail.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        mail.push_str(&base64_of(&self.text));
        mail.push_str("\r\n");
        mail.into()
    }
}

fn put(object: &mut serde_json::Value, key: &str, value: Option<&str>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(key.to_owned(), json!(value));
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
