use super::*;

fn render(template: &str, sender: Option<&str>, subject: Option<&str>) -> String {
    let sent_at = Some("2026-03-05T23:59:00Z".parse().unwrap());
    let fields = DraftFields { sender, subject, channel: "slack.support", class: Some("info_request"), sent_at };
    Template::parse(template).unwrap().render(&fields, 2_048)
}

fn sender(value: &str) -> String {
    render("{sender}", Some(value), None)
}

#[test]
fn fields_are_filled_in() {
    let text = render("Thanks {sender}, noted for {date} ({class}): \"{subject}\"", Some("Ana"), Some("Lunch?"));
    assert_eq!(text, "Thanks Ana, noted for 2026-03-05 (info_request): \"Lunch?\"");
    assert_eq!(render("{channel}", None, None), "slack(.)support");
    assert_eq!(render("{sender} {subject}", None, Some(" \u{200B}\n")), "(no sender) (no subject)");
}

#[test]
fn braces_can_be_text() {
    assert_eq!(render("{{sender}} {{ }}", None, None), "{sender} { }");
}

#[test]
fn a_template_is_written_back_as_it_was() {
    for text in ["Thanks {sender}, noted.", "{{x}} {date}", "plain"] {
        assert_eq!(Template::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn every_mistake_is_reported() {
    let errors = Template::parse("{sendr} {text} @{sender} } {").unwrap_err();
    let expected = [
        TemplateError::UnknownField("sendr".to_owned()),
        TemplateError::UnknownField("text".to_owned()),
        TemplateError::Close,
        TemplateError::Open,
        TemplateError::Touching("sender"),
    ];
    assert_eq!(errors, expected);
    assert_eq!(errors[0].help(), "did you mean `sender`?");
    assert_eq!(Template::parse(""), Err(vec![TemplateError::Empty]));
}

#[test]
fn no_text_joins_with_a_field() {
    for text in ["@{sender}", "<@{sender}>", "{sender}.com", "www.{sender}", "{sender}{subject}", "[x]({subject})"] {
        assert!(matches!(&*Template::parse(text).unwrap_err(), [TemplateError::Touching(_), ..]), "{text}");
    }
    for text in ["Thanks {sender}.", "({sender})", "Re: {subject}", "\"{subject}\"!", "{sender} {subject}"] {
        assert!(Template::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn mentions_and_links_are_neutralised() {
    for (value, plain) in [
        ("@here", "(at)here"),
        ("<@U123>", "((at)U123)"),
        ("<!channel>", "(!channel)"),
        ("ana@example.com", "ana(at)example(.)com"),
        ("http://evil.example/x", "http(:)//evil(.)example/x"),
        ("s3://bucket", "s3(:)//bucket"),
        ("mailto:x", "mailto(:)x"),
        ("www.evil", "www(.)evil"),
        ("i❤.ws", "i❤(.)ws"),
        ("<https://evil|bank>", "(https(:)//evil|bank)"),
        ("[bank](evil.com)", "(bank)(evil(.)com)"),
        ("evil.(com)", "evil(.)(com)"),
        ("＠here ｅｖｉｌ．ｃｏｍ", "(at)here evil(.)com"),
        ("evil。com", "evil(.)com"),
        ("@\u{200B}here", "(at)here"),
        ("evil.\u{200B}com", "evil(.)com"),
        ("\\\\server", "//server"),
        ("#general #1", "(#)general (#)1"),
        ("J. Doe at 10:30...", "J. Doe at 10:30..."),
        ("Ana\r\nBcc: x", "Ana Bcc: x"),
        ("a\u{202E}b\u{0}c\u{7}\u{FEFF}", "abc"),
    ] {
        assert_eq!(sender(value), plain, "{value:?}");
    }
}

#[test]
fn values_and_drafts_are_bounded() {
    assert_eq!(sender(&"x".repeat(64)), "x".repeat(64));
    assert_eq!(sender(&"x".repeat(65)), format!("{}…", "x".repeat(63)));
    assert_eq!(sender(&"@".repeat(10_000)).chars().count(), FIELD_CHARS_MAX);
    assert_eq!(sender(&"\u{FDFA}".repeat(10_000)).chars().count(), FIELD_CHARS_MAX);
}

#[test]
fn a_draft_is_cut_between_characters() {
    let fields = DraftFields { sender: Some("é"), subject: None, channel: "a.b", class: None, sent_at: None };
    let template = Template::parse("é {sender}").unwrap();
    let lengths: Vec<usize> = (0..=6).map(|max| template.render(&fields, max).len()).collect();
    assert_eq!(lengths, [0, 0, 2, 3, 3, 5, 5]);
    assert_eq!(Template::parse("{class} {date}").unwrap().render(&fields, 64), "(no class) (no date)");
}
