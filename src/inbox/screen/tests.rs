//! What keys do, and what is painted.

use super::draw::draw;
use super::*;
use crate::authority::Answer;
use crate::inbox::tests::{Bench, at, escalation, ruling_receipt};
use crate::policy::action::Reversibility;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;

const DRAFT: &str = include_str!("../../../tests/golden/draft-v1.json");
const RESTRICTED: &str = include_str!("../../../tests/golden/restricted-v1.json");

fn person(bench: &Bench) -> Option<Person> {
    Some(Person { operator: bench.ada.operator.clone(), natures: Natures::default() })
}

/// Two with deadlines and one without.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.draft(0, "aa", "human");
    bench.draft(10, "bb", "slow");
    bench.escalate(20, &escalation(RESTRICTED, "cc", "fast", |_| {}));
    bench
}

fn screen(bench: &Bench) -> Screen {
    Screen::new(bench.inbox.clone(), person(bench), false, at(30))
}

/// The last intent that is one.
fn press(screen: &mut Screen, keys: &str) -> Intent {
    let key = |c| match c {
        '\n' => Key::Enter,
        '\u{1b}' => Key::Escape,
        '\u{13}' => Key::Ctrl('s'),
        '\t' => Key::Tab,
        '\u{8}' => Key::Backspace,
        c => Key::Char(c),
    };
    let intents = keys.chars().map(|c| screen.take(Input::Key(key(c))));
    intents.filter(|intent| *intent != Intent::Nothing).last().unwrap_or(Intent::Nothing)
}

fn selected(screen: &Screen) -> &str {
    screen.selected.as_ref().map_or("", |id| id.as_str().get(..2).unwrap())
}

fn painted(screen: &Screen, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, screen)).unwrap();
    terminal
}

/// What is painted, a line each, without the spaces at their ends.
fn lines(screen: &Screen, width: u16, height: u16) -> Vec<String> {
    let terminal = painted(screen, width, height);
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect()
}

#[test]
fn a_small_terminal_shows_the_list_the_message_and_the_keys() {
    let bench = bench();
    let shown = lines(&screen(&bench), 80, 24);
    let golden = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/inbox-80x24.txt"));
    let text = shown.join("\n") + "\n";
    if std::env::var_os("DECILE_WRITE_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/inbox-80x24.txt"), &text).unwrap();
        return;
    }
    assert_eq!(text, golden.unwrap_or_default());
}

#[test]
fn every_size_can_be_painted_in_every_mode() {
    let bench = bench();
    for keys in ["", "a", "j\n", "/x", "ehello\nworld", "cx", "\t", "r\tnote", "G", "          "] {
        let mut screen = screen(&bench);
        press(&mut screen, keys);
        for (width, height) in [(1, 1), (2, 3), (10, 5), (20, 8), (80, 24), (200, 60)] {
            painted(&screen, width, height);
        }
    }
}

#[test]
fn keys_move_and_the_selection_follows_its_entry() {
    let mut bench = bench();
    let mut screen = screen(&bench);
    assert_eq!(selected(&screen), "cc", "the nearest deadline is selected");
    press(&mut screen, "j");
    assert_eq!(selected(&screen), "bb");
    press(&mut screen, "jjjk");
    assert_eq!(selected(&screen), "bb");
    press(&mut screen, "gG");
    assert_eq!(selected(&screen), "aa");
    bench.draft(31, "dd", "fast");
    screen.inbox = bench.inbox.clone();
    screen.take(Input::Now(at(32)));
    assert_eq!(selected(&screen), "aa", "others come and go");
}

#[test]
fn an_approval_is_asked_about_and_signed_by_y_alone() {
    let bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "ja");
    let shown = lines(&screen, 80, 24).join("\n");
    for part in
        ["approve: this goes out", "reply on test.main", "in thread t", "Dear ada(at)x(.)example .", "Sign this? y/n"]
    {
        assert!(shown.contains(part), "`{part}` in\n{shown}");
    }
    assert_eq!(press(&mut screen, "xn"), Intent::Nothing);
    assert!(matches!(screen.mode, Mode::Browse));
    press(&mut screen, "a\twhy\n");
    let Intent::Sign { prepared, typed: None } = press(&mut screen, "y") else { panic!("nothing to sign") };
    let ruling = prepared.ruling(None, at(40)).unwrap();
    let id = DecisionId::try_from("bb".repeat(16)).unwrap();
    let draft = bench.entry(&id).escalation.draft().unwrap();
    assert_eq!(ruling.answer, Answer::Approve { action: draft.digest(&id), irreversible: false });
    assert_eq!((ruling.note.as_str(), ruling.escalation), ("why", 2));
}

#[test]
fn what_cannot_be_undone_is_signed_only_when_it_was_typed_in_full() {
    let mut bench = bench();
    bench.ada.operator.irreversible = true;
    bench.escalate(
        0,
        &escalation(DRAFT, "dd", "fast", |escalation| {
            escalation.held.as_mut().unwrap().action.reversibility = Reversibility::Irreversible;
        }),
    );
    let mut screen = screen(&bench);
    press(&mut screen, "ga");
    assert!(lines(&screen, 80, 24).join("\n").contains("type `reply test.main`:"));
    for wrong in ["y", "\n", "reply\n"] {
        assert_eq!(press(&mut screen, wrong), Intent::Nothing, "{wrong:?}");
    }
    screen.take(Input::Paste("reply test.main"));
    assert_eq!(press(&mut screen, "\n"), Intent::Nothing, "what must be typed is not pasted");
    press(&mut screen, &"\u{8}".repeat(30));
    let Intent::Sign { prepared, typed } = press(&mut screen, "reply test.main\n") else { panic!("nothing to sign") };
    assert_eq!(typed.as_deref(), Some("reply test.main"));
    let ruling = prepared.ruling(typed.as_deref(), at(40)).unwrap();
    assert!(matches!(ruling.answer, Answer::Approve { irreversible: true, .. }));
}

#[test]
fn an_edited_draft_is_shown_as_a_diff_and_signed_as_an_amendment() {
    let bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "je");
    assert!(matches!(screen.mode, Mode::Edit(_)));
    press(&mut screen, "\nBye.\u{13}");
    let shown = lines(&screen, 80, 24);
    assert!(shown.contains(&" + Bye.".to_owned()), "{shown:#?}");
    assert!(shown.iter().any(|line| line.starts_with("   reply on test.main")), "{shown:#?}");
    let Intent::Sign { prepared, .. } = press(&mut screen, "y") else { panic!("nothing to sign") };
    let text = prepared.action.as_ref().and_then(|action| action.text.clone());
    assert_eq!(text.as_deref(), Some("Dear ada(at)x(.)example .\nBye."));
    press(&mut screen, "e\u{13}");
    assert!(screen.notice.as_ref().unwrap().text.contains("the draft as it is"), "{:?}", screen.notice);
    assert!(matches!(screen.mode, Mode::Edit(_)), "what was written is not lost");
}

#[test]
fn the_persons_own_editor_is_used_where_there_is_one() {
    let bench = bench();
    let mut screen = Screen::new(bench.inbox.clone(), person(&bench), true, at(30));
    assert_eq!(press(&mut screen, "je"), Intent::Edit("Dear ada(at)x(.)example .".to_owned()));
    screen.take(Input::Edited(Some("Dear Ada,\n".to_owned())));
    assert!(lines(&screen, 80, 24).contains(&" + Dear Ada,".to_owned()));
    screen.take(Input::Key(Key::Escape));
    screen.take(Input::Edited(None));
    assert!(matches!(screen.mode, Mode::Browse));
}

#[test]
fn a_class_is_named_or_none() {
    let bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "cno such class\n");
    assert!(screen.notice.as_ref().unwrap().is_bad && matches!(screen.mode, Mode::Class(_)));
    press(&mut screen, "\u{1b}cbilling\n");
    let Intent::Sign { prepared, .. } = press(&mut screen, "y") else { panic!("nothing to sign") };
    let class = crate::class::Class::parse("billing").ok();
    assert_eq!(prepared.ruling(None, at(40)).unwrap().answer, Answer::Reclassify { class });
    press(&mut screen, "c\n");
    let Intent::Sign { prepared, .. } = press(&mut screen, "y") else { panic!("nothing to sign") };
    assert_eq!(prepared.ruling(None, at(40)).unwrap().answer, Answer::Reclassify { class: None });
}

#[test]
fn without_a_key_nothing_is_asked() {
    let bench = bench();
    for keys in ["a", "r", "c\n", "ex\u{13}"] {
        let mut screen = Screen::new(bench.inbox.clone(), None, false, at(30));
        assert_eq!(press(&mut screen, keys), Intent::Nothing);
        assert!(screen.notice.as_ref().unwrap().text.contains("--key"), "{keys}");
        assert!(!matches!(screen.mode, Mode::Confirm(_)), "{keys}");
    }
}

#[test]
fn what_somebody_else_answers_stays_until_the_person_moves_on() {
    let mut bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "j");
    let id = DecisionId::try_from("bb".repeat(16)).unwrap();
    bench.rule(31, &id, Answer::Reject);
    screen.inbox = bench.inbox.clone();
    screen.take(Input::Now(at(32)));
    assert_eq!(selected(&screen), "bb");
    press(&mut screen, "a");
    assert!(screen.notice.as_ref().unwrap().text.contains("answered before: reject by ada"), "{:?}", screen.notice);
    assert_eq!(press(&mut screen, "y"), Intent::Nothing, "no key meant for one meets another");
    press(&mut screen, "k");
    assert_eq!(selected(&screen), "cc");
}

#[test]
fn what_becomes_of_an_answer_is_told_as_it_happens() {
    let bench = bench();
    let mut screen = screen(&bench);
    let id = DecisionId::try_from("cc".repeat(16)).unwrap();
    screen.take(Input::Stored { decision: id.clone() });
    let subject = format!("decile.receipt.{id}.ruling");
    let payload = &ruling_receipt(&id, 0, "refused", "halted \u{1b}[2J");
    screen.take(Input::Published(Published { subject: &subject, sequence: 9, stored_at: at(31), payload }));
    let notice = screen.notice.as_ref().unwrap();
    assert!(notice.text.contains("refused: halted \u{fffd}[2J"), "{notice:?}");
}

#[test]
fn a_filter_looks_into_every_part_and_esc_clears_it() {
    let bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "/LAWYER\n");
    assert_eq!((screen.listed().len(), selected(&screen)), (1, "cc"));
    press(&mut screen, "\u{1b}/slow\n");
    assert_eq!((screen.listed().len(), selected(&screen)), (1, "bb"));
    press(&mut screen, "/\u{8}\u{8}\u{8}\u{8}zzz\n");
    assert!(lines(&screen, 80, 24).join("\n").contains("nothing has these words"));
    press(&mut screen, "\u{1b}");
    assert_eq!(screen.listed().len(), 3);
}

#[test]
fn what_fired_is_marked_in_the_message() {
    let bench = bench();
    let mut screen = screen(&bench);
    press(&mut screen, "\n");
    let terminal = painted(&screen, 80, 40);
    let buffer = terminal.backend().buffer();
    let marked: String = buffer
        .content
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED))
        .map(|cell| cell.symbol())
        .collect();
    assert!(marked.starts_with("lawyerworks for me"), "{marked}");
}

#[test]
fn nothing_from_outside_is_painted_as_it_is() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{8}\r\u{202e}\u{e0041}";
    let mut bench = Bench::new();
    bench.escalate(
        0,
        &escalation(DRAFT, "aa", "human", |escalation| {
            let message = escalation.message.as_mut().unwrap();
            message.text = format!("a{EVIL}\n{EVIL}b");
            (message.sender, message.subject) = (Some(EVIL.to_owned()), Some(EVIL.to_owned()));
            message.thread = Some(EVIL.to_owned());
            escalation.decision.message.id = Some(EVIL.to_owned());
            escalation.why = EVIL.to_owned();
            escalation.held.as_mut().unwrap().text = Some(EVIL.to_owned());
            escalation.held.as_mut().unwrap().action.arguments.insert(EVIL.to_owned(), EVIL.to_owned());
            escalation.thread[0].text = EVIL.to_owned();
        }),
    );
    for keys in ["\n", "a", "e", "r", "c", "\t"] {
        let mut screen = screen(&bench);
        press(&mut screen, keys);
        let terminal = painted(&screen, 120, 60);
        for cell in &terminal.backend().buffer().content {
            let is_wrong = |c: char| crate::plain::visible(c) != c;
            assert!(!cell.symbol().contains(is_wrong), "{keys}: {:?}", cell.symbol());
        }
    }
}
