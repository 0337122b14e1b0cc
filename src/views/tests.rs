//! Tests of the views, their maps, word edges and inspection.

use super::chars::{fold_case, is_invisible};
use super::words::{Token, for_each_token, is_edge};
use super::*;

fn raw(text: &str) -> String {
    Views::of(text).raw().text().to_owned()
}

fn folded(text: &str) -> String {
    Views::of(text).folded().text().to_owned()
}

#[test]
fn raw_is_the_text_without_what_nobody_means() {
    for (sent, seen) in [
        ("", ""),
        (" \t\r\n\u{3000}", ""),
        ("  Two \r\n\t WORDS\u{a0}\u{2009}", "two words"),
        ("\u{2028}a\u{2029}b\u{85}c", "a b c"),
        ("‘a’ ‚b‛ “c” „d‟ ‹e› «f» ′″", "'a' 'b' \"c\" \"d\" 'e' \"f\" '\""),
        ("a‐b‑c‒d–e—f―g−h", "a-b-c-d-e-f-g-h"),
        ("so…", "so..."),
        ("ΣΑΣ ÉÇ ẞ İ K", "σασ éç ß İ k"),
        ("ｆｕｌｌ ﬁ e\u{301} zero\u{200b}width so\u{ad}ft", "ｆｕｌｌ ﬁ e\u{301} zero\u{200b}width so\u{ad}ft"),
    ] {
        assert_eq!(raw(sent), seen, "{sent:?}");
    }
}

#[test]
fn folded_undoes_what_hides_a_word() {
    for (sent, seen) in [
        ("zero\u{200b}wid\u{200d}th\u{2060}\u{feff} so\u{ad}ft", "zerowidth soft"),
        ("\u{202e}abc\u{202c} \u{2067}d\u{2069} ❤\u{fe0f}", "abc d ❤"),
        ("ＦＵＬＬ　ｗｉｄｔｈ １２３", "full width 123"),
        ("\u{fb01}ne Ⅷ ½ ㎢ ＇", "fine viii 1/2 km2 '"),
        ("e\u{301} E\u{200b}\u{301} \u{435}\u{301}", "é é é"),
        ("раураӏ ОР", "paypal op"),
        ("𝐛𝐨𝐥𝐝 𝟎𝟏", "bold 01"),
        ("can´t", "can't"),
        ("l I 1 0 O m |", "l i 1 0 o m |"),
        ("ё й ø ł", "ё й ø ł"),
        ("가 \u{1100}\u{1161}", "가 가"),
        ("\u{200b}", ""),
        ("a\u{200b} \u{200b} b", "a b"),
    ] {
        assert_eq!(folded(sent), seen, "{sent:?}");
    }
}

#[test]
fn views_that_say_the_same_are_shared() {
    assert!(Views::of("Plain ASCII, \u{2019}quoted\u{2019}").is_shared());
    assert!(Views::of("déjà vu 会议").is_shared());
    assert!(!Views::of("so\u{ad}ft").is_shared());
}

#[test]
fn refilling_forgets() {
    let mut views = Views::of("so\u{ad}ft – and long");
    views.refill("é", &mut Folder::default());
    assert_eq!((views.raw().text(), views.folded().text()), ("é", "é"));
    assert_eq!(views.raw().sent(0..2), 0..2);
}

/// What `needle` of a view stands for in the text as sent.
fn sent<'t>(text: &'t str, view: &View, needle: &str) -> &'t str {
    let start = view.text().find(needle).unwrap_or_else(|| panic!("no {needle:?} in {:?}", view.text()));
    &text[view.sent(start..start + needle.len())]
}

#[test]
fn a_match_maps_to_the_text_as_sent() {
    let text = " 日\u{3000} Ｆ\u{fb01}n\u{ad}e… “E\u{301}” \n x";
    let views = Views::of(text);
    assert_eq!(sent(text, views.raw(), "日 ｆ"), "日\u{3000} Ｆ");
    assert_eq!(sent(text, views.raw(), "..."), "…");
    assert_eq!(sent(text, views.raw(), "."), "…");
    assert_eq!(sent(text, views.raw(), "\" x"), "” \n x");
    assert_eq!(sent(text, views.folded(), "ffine"), "Ｆ\u{fb01}n\u{ad}e");
    assert_eq!(sent(text, views.folded(), "i"), "\u{fb01}");
    assert_eq!(sent(text, views.folded(), "é"), "E\u{301}");
    assert_eq!(sent(text, views.folded(), "x"), "x");
    assert_eq!(views.raw().sent(3..3).len(), 0);
    // A letter and its accent go together in a folded view of its own; one that is shared maps as raw does.
    let text = "x\u{ad}\u{43d}\u{301}y";
    assert_eq!(sent(text, Views::of(text).folded(), "\u{43d}"), "\u{43d}\u{301}");
    assert_eq!(sent(text, Views::of(text).raw(), "\u{43d}"), "\u{43d}");
    let text = "x\u{43d}\u{301}y";
    assert_eq!(sent(text, Views::of(text).folded(), "\u{43d}"), "\u{43d}");
}

/// For (nearly) every character alone: views are folded already, and what is mapped back lies on characters.
#[test]
fn every_character_has_views() {
    let (mut views, mut folder) = (Views::default(), Folder::default());
    // Beyond the second plane there are ideographs, tags and private use, much of a kind.
    let all = ('\0'..'\u{20000}').chain(('\u{20000}'..=char::MAX).step_by(101)).chain('\u{e0000}'..'\u{e0200}');
    for c in all {
        let text = format!("a{c}b");
        views.refill(&text, &mut folder);
        let first = views.folded().text().to_owned();
        // What was remembered says the same.
        views.refill(&text, &mut folder);
        assert_eq!(views.folded().text(), first, "{c:?}");
        for view in [views.raw(), views.folded()] {
            assert!(view.text().chars().all(|c| fold_case(c) == c), "{c:?}: {:?}", view.text());
            for (at, seen) in view.text().char_indices() {
                let span = view.sent(at..at + seen.len_utf8());
                assert!(text.get(span.clone()).is_some_and(|text| !text.is_empty()), "{c:?}: {span:?}");
            }
        }
        assert!(views.folded().text().chars().all(|c| !is_invisible(c)), "{c:?}");
        assert!(!c.is_ascii() || views.is_shared(), "{c:?}");
    }
}

#[test]
fn edges() {
    let edges = |text: &str| -> Vec<usize> {
        (1..text.len()).filter(|at| text.is_char_boundary(*at) && is_edge(text, *at)).collect()
    };
    for (text, expected) in [
        ("ab c_1", vec![2, 3]),
        ("can't", vec![]),
        ("'can'", vec![1, 4]),
        ("1't", vec![1, 2]),
        ("é'e\u{301}'t", vec![]),
        ("a'\u{301}b", vec![]),
        ("a\u{301}'\u{301}\u{ad}b", vec![]),
        ("a'\u{301} b", vec![1, 4, 5]),
        ("a-b", vec![1, 2]),
        ("a\u{301}b", vec![]),
        ("a\u{ad}b", vec![]),
        ("a\u{200d} b", vec![1, 4, 5]),
        ("会a议", vec![3, 4]),
        ("กำ", vec![3]),
        ("👍a", vec![4]),
        ("👍\u{fe0f}a", vec![4, 7]),
        ("कला", vec![]),
    ] {
        assert_eq!(edges(text), expected, "{text:?}");
    }
}

#[test]
fn tokens() {
    let tokens = |text: &str| -> String {
        let mut tokens = Vec::new();
        for_each_token(text, |token| {
            tokens.push(match token {
                Token::Word(word) => word.to_owned(),
                Token::Fixed => "#".to_owned(),
            });
        });
        tokens.join(" ")
    };
    assert_eq!(tokens("it's 3pm, 2nd try: 1,250.00 (12:30) $4 50%"), "it's # # try # # # #");
    assert_eq!(tokens("see https://a.example/x?y=z. or www.a.example, a.b@c.example; @bob <@U12>"), "see # or # # # #");
    assert_eq!(tokens("r2d2 4get well-known"), "r2d2 4get well known");
    assert_eq!(tokens("会议 ok 👍 - ..."), "会 议 ok");
    assert_eq!(tokens("\u{200f}ok\u{200f} so\u{ad}ft \u{200b} a\u{200d}"), "ok so\u{ad}ft a");
    // Looked through once, not once for each of them.
    assert_eq!(tokens(&format!("a{}b", "\u{200d}".repeat(50_000))).chars().count(), 50_002);
}

#[test]
fn words_that_mix_scripts_are_found() {
    fn found(text: &str) -> Option<&str> {
        match inspect(text) {
            Ok(()) => None,
            Err(Uninspectable::MixedScript { start, end }) => Some(&text[start..end]),
            Err(other) => panic!("{other}"),
        }
    }
    for fine in [
        "plain",
        "déjà",
        "привет paypal",
        "API를 東京タワー Tシャツ",
        "ส่งemailให้",
        "10 µs",
        "google-ом",
        "אבג abc",
        "e\u{301}",
        "日本語ㄅ",
        "1а 2b",
    ] {
        assert_eq!(found(fine), None, "{fine}");
    }
    assert_eq!(found("see p\u{430}ypal now"), Some("p\u{430}ypal"));
    assert_eq!(found("x pay\u{200b}p\u{430}l"), Some("pay\u{200b}p\u{430}l"));
    assert_eq!(found("can'\u{442}"), Some("can'\u{442}"));
    assert_eq!(found("can’\u{442}"), Some("can’\u{442}"));
    assert_eq!(found("can'\u{301}\u{442}"), Some("can'\u{301}\u{442}"));
    assert_eq!(found("ab_\u{3b1}"), Some("ab_\u{3b1}"));
    assert_eq!(found("\u{435}\u{3b1}"), Some("\u{435}\u{3b1}"));
    assert_eq!(found("한д"), Some("한д"));
    assert_eq!(found("ａ\u{430}"), Some("ａ\u{430}"));
}

#[test]
fn bidi_controls_are_balanced_within_a_line() {
    for fine in
        ["\u{202a}a\u{202c}", "\u{2066}a\u{202b}b\u{202c}\u{2069}", "\u{200f}a\u{200e}", "a\n\u{2068}b\u{2069}\nc"]
    {
        assert_eq!(inspect(fine), Ok(()), "{fine:?}");
    }
    for (wrong, at) in [
        ("a\u{202e}b", 1),
        ("\u{202e}a\nb\u{202c}", 0),
        ("é\u{202c}", 2),
        ("\u{2067}a\u{202c}", 4),
        ("\u{202a}\u{2066}a\u{202c}\u{2069}", 7),
        ("a\u{2069}", 1),
        ("\u{2066}a\u{2029}b\u{2069}", 0),
    ] {
        assert_eq!(inspect(wrong), Err(Uninspectable::UnbalancedBidi { at }), "{wrong:?}");
    }
    let nested = |depth| ["\u{2066}".repeat(depth), "a".to_owned(), "\u{2069}".repeat(depth)].concat();
    assert_eq!(inspect(&nested(125)), Ok(()));
    assert_eq!(inspect(&nested(126)), Err(Uninspectable::UnbalancedBidi { at: 125 * 3 }), "deeper than UAX #9 goes");
    let mixed = ["\u{2066}\u{202a}".repeat(62), "\u{202c}\u{2069}".repeat(62)].concat();
    assert_eq!(inspect(&mixed), Ok(()));
}
