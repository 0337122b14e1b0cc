//! The demos, as a new user runs them: from the project's folder, on a server of their own.

use crate::support::run;

#[test]
fn it_decides_all_samples_and_shows_what_became_of_them() {
    let shown = run(&["demo", "--format", "json"]).exits(0).json();
    let count = |of: &str| shown[of].as_u64().unwrap();
    assert_eq!(count("messages"), count("handled") + count("escalated") + count("passed"));
    assert!(count("messages") > 600 && count("handled") > 200, "{shown}");
}

/// Each chapter says in its own words that what it is about has happened; without that, the story stops with an error.
#[test]
fn it_tells_how_a_class_earns_its_autonomy_and_loses_it() {
    let told = run(&["demo", "--story"]).exits(0).out;
    let chapters = [
        "55 of 55 agreed: surely 90.1 %, needed 90 %, enough",
        "promoted: `status_update` on `slack.team` to level 2",
        "messages of the class were handled; nobody had to look",
        "10.0 % is usual at these hours",
        "--none",
        "demoted: people disagreed with",
        "to level 1 by decile",
        "A promoted",
    ];
    let mut rest = told.as_str();
    for chapter in chapters {
        rest = rest.split_once(chapter).unwrap_or_else(|| panic!("no `{chapter}` in its place in\n{told}")).1;
    }
    // Nothing, then all of it, then nothing: the picture's last but one line, before and after what was promoted.
    let top = told.lines().find(|line| line.starts_with("  100 % │")).unwrap().trim_start_matches("  100 % │");
    assert!(top.starts_with("     ") && top.trim_end().contains("█████"), "{told}");
}
