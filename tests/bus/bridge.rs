//! The example of a bridge, `examples/executor/slack.py`, against a server that answers as Slack does.

use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What was asked of the server.
struct Asked {
    head: String,
    body: Value,
}

/// Runs the bridge against a server that gives one answer, or none: the connection ends then.
fn bridge(action: &Value, answer: Option<&str>) -> (Output, Option<Asked>) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "xoxb-secret\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.map(str::to_owned);
    let (asked, is_asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        asked.send(read(&mut stream)).unwrap();
        if let Some(answer) = answer {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len())
                .unwrap();
        }
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/executor/slack.py");
    let mut child = Command::new("python3")
        .arg(script)
        .args(["--channel", "C1", "--token-file", &token.to_string_lossy(), "--api", &api])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = json!({ "id": "0", "decision": {}, "action": action, "proof": {} });
    write!(child.stdin.take().unwrap(), "{input}").unwrap();
    let output = child.wait_with_output().unwrap();
    (output, is_asked.try_recv().ok())
}

fn read(stream: &mut std::net::TcpStream) -> Asked {
    let mut text = Vec::new();
    loop {
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).unwrap();
        text.extend_from_slice(&buffer[..count]);
        let request = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = request.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return Asked { head: head.to_owned(), body };
        }
        assert_ne!(count, 0, "the request has an end");
    }
}

fn action(kind: &str) -> Value {
    json!({
        "type": kind, "channel": "slack.support", "arguments": { "emoji": "eyes" }, "text": "Grüße",
        "target": { "thread": "1700.1", "source": {} },
    })
}

#[test]
fn it_reacts_and_replies_and_takes_a_reaction_back() {
    let ok = Some(r#"{"ok":true,"ts":"17.5"}"#);
    let (output, asked) = bridge(&action("react"), ok);
    let asked = asked.unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"17.5\n"[..]));
    assert!(
        asked.head.starts_with("POST /reactions.add ") && asked.head.contains("Bearer xoxb-secret"),
        "{}",
        asked.head
    );
    assert_eq!(asked.body, json!({ "channel": "C1", "timestamp": "1700.1", "name": "eyes" }));
    let (_, asked) = bridge(&action("unreact"), ok);
    assert!(asked.unwrap().head.starts_with("POST /reactions.remove "));
    let (_, asked) = bridge(&action("reply"), ok);
    assert_eq!(asked.unwrap().body, json!({ "channel": "C1", "thread_ts": "1700.1", "text": "Grüße" }));
}

#[test]
fn it_tells_a_refusal_from_what_it_does_not_know() {
    let (output, _) = bridge(&action("react"), Some(r#"{"ok":false,"error":"already_reacted"}"#));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("already_reacted"));
    let (output, asked) = bridge(&action("react"), None);
    assert!(asked.is_some(), "the request had left");
    assert_eq!(output.status.code(), None, "it ends by a signal: the receipt says `unknown`");
}

#[test]
fn it_does_nothing_that_it_does_not_know() {
    for kind in ["archive", "unarchive"] {
        let (output, asked) = bridge(&action(kind), None);
        assert_eq!(output.status.code(), Some(64), "{kind}");
        assert!(asked.is_none(), "{kind}");
    }
}
