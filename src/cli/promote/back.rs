//! What takes a promotion back.

use crate::authority::{Promotion, Waiver};
use crate::policy::Policy;
use crate::trust::{Agreement, threshold};

/// How fast a demotion is.
const AT_ONCE: &str = "outward actions at once, at the broker, internal ones as soon as it is seen";
/// Errors without an answer between them, of which any level is taken back.
const IN_A_ROW_MAX: usize = 1_000;

/// Prints what takes it back to level 1, on each channel by itself.
pub(super) fn print(promotion: &Promotion, policy: &Policy) {
    let Promotion { class, level, without_evidence, .. } = promotion;
    let needed = threshold(*level).unwrap_or(1.0);
    println!("it is taken back to level 1, {AT_ONCE}, by");
    println!("  `decile demote {class}`, which needs no key");
    println!("  one severe error: an answer with `--severe`");
    let in_a_row =
        Agreement::lost_at(needed, std::iter::repeat_n(false, IN_A_ROW_MAX)).map_or(IN_A_ROW_MAX, |at| at + 1);
    println!(
        "  disagreement: {in_a_row} errors in a row, or as many among more that {:.0} % agreement is not to be believed",
        needed * 100.0
    );
    println!("  silence: {}", silence(promotion, policy));
    if policy.drift_demotes.contains(class) {
        println!("  drift: an alarm about how often `{class}` is escalated");
    }
    if let Some(Waiver { expires_at, .. }) = without_evidence {
        println!("  itself, on {}", expires_at.strftime("%F %T UTC"));
    }
    if !policy.drift_demotes.contains(class) {
        println!("drift only raises an alarm: `drift_demotes = true` in its `[[class]]` takes it back, too");
    }
}

/// What nobody reviews counts as an error.
fn silence(promotion: &Promotion, policy: &Policy) -> String {
    let (sampling, class) = (&policy.sampling, &promotion.class);
    let percent = sampling.classes.get(class).copied().unwrap_or(sampling.percent);
    let thin = percent.max(sampling.thin_percent);
    let days = sampling.deadline.as_secs().div_ceil(86_400);
    match percent {
        0 => "never, for nothing of it is sampled (`[review]` in the policy)".to_owned(),
        _ if sampling.classes.contains_key(class) => {
            format!("a sample ({percent} % of what is handled) that nobody reviews within {days} d counts as an error")
        }
        _ => format!(
            "a sample ({percent} % of what is handled, at first {thin} %) that nobody reviews within {days} d counts as an error"
        ),
    }
}
