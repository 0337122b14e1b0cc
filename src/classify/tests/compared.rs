//! What `where` says of more matches than it looks at, and of more work than it does.

use super::*;
use crate::pack::Truth;
use crate::pack::cost::{CAPTURES_MAX, COMPARISON_STEPS_MAX};

const UNBOUNDED: ClassifyLimits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: u64::MAX };

/// What the comparison of a rule says of a text, whatever the rule does.
fn compared(rule: &str, text: &str) -> (Truth, Option<Reason>) {
    let pack = pack(&format!("[[rule]]\nid = \"r\"\nrestrict = \"x\"\n{rule}"));
    let told = trace(&pack, &message(text), NOW, &UNBOUNDED);
    let conditions = told.rules.iter().flat_map(|rule| &rule.conditions);
    let comparison = conditions.filter(|condition| condition.kind == ConditionKind::Where).map(|it| it.state).next();
    (comparison.unwrap(), told.reason)
}

#[test]
fn beyond_so_many_matches_it_is_unknown_what_is_compared() {
    let rule = "any = [{ re = '[$](?P<sum>[0-9]+)' }]\nwhere = [\"sum > 500\"]";
    let text = |few: usize, last: &str| format!("{}{last}", "$400 ".repeat(few));
    let unmatched = (Truth::False, Some(Reason::Unmatched));
    let restricted = |truth| (truth, Some(Reason::Restricted));
    assert_eq!(compared(rule, &text(CAPTURES_MAX - 1, "")), unmatched);
    assert_eq!(compared(rule, &text(CAPTURES_MAX - 1, "$900")), restricted(Truth::True), "the last that is looked at");
    assert_eq!(compared(rule, &text(CAPTURES_MAX, "$900")), restricted(Truth::Unknown), "what is not looked at");
    assert_eq!(compared(rule, &text(CAPTURES_MAX + 1, "")), restricted(Truth::Unknown), "whatever it says");
    assert_eq!(compared(rule, &format!("$900 {}", text(CAPTURES_MAX, ""))), restricted(Truth::True), "one is enough");
}

#[test]
fn what_may_be_handled_is_not_where_a_comparison_is_unknown() {
    let pack =
        pack("[[rule]]\nid = \"r\"\nclass = \"c\"\nany = [{ re = '[$](?P<sum>[0-9]+)' }]\nwhere = [\"sum > 500\"]");
    let ask = |few| {
        classify(&pack, &message(&format!("{}$900", "$400 ".repeat(few))), NOW, &UNBOUNDED, &mut Scratch::new(&pack))
    };
    assert_eq!(ask(CAPTURES_MAX - 1).class().map(|class| class.as_str()), Some("c"));
    assert_eq!(ask(CAPTURES_MAX).reason(), Some(Reason::Unmatched));
}

/// One match, which goes on for as long as the text: to find its groups takes steps for each character.
#[test]
fn beyond_so_much_work_it_is_unknown_what_is_compared() {
    let rule = "any = [{ re = '[$](?P<sum>[0-9]+)[a-z]*' }]\nwhere = [\"sum > 500\"]";
    let text = |bytes| format!("$400{}", "a".repeat(bytes));
    let (few, many) = (COMPARISON_STEPS_MAX as usize / 100, COMPARISON_STEPS_MAX as usize / 10);
    assert_eq!(compared(rule, &text(few)), (Truth::False, Some(Reason::Unmatched)));
    assert_eq!(compared(rule, &text(many)), (Truth::Unknown, Some(Reason::Restricted)));
    let first = format!("$900 {}", text(many));
    assert_eq!(compared(rule, &first), (Truth::True, Some(Reason::Restricted)), "found before");
}
