//! What to do with a delivery, by the last receipt on its decision. Pure: an action is carried out at most once, and
//! where nobody knows whether it was, it is not carried out again.

use crate::decision::{Phase, Receipt};

/// What lies on the receipts' subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastReceipt {
    /// Nothing.
    None,
    /// A receipt, and its sequence in our stream.
    Receipt(u64, Box<Receipt>),
    /// Something that is no receipt of this version.
    Unreadable,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing has ever been carried out for the decision: begin, behind this receipt.
    Begin {
        /// The sequence of the last receipt; 0 where there is none.
        fence: u64,
    },
    /// This delivery has its outcome: acknowledge it.
    Settled,
    /// Somebody began with this delivery and has not said how it ended.
    Crashed {
        /// The sequence of the intent.
        fence: u64,
    },
    /// Another action under the same decision is being carried out.
    Wait,
    /// Another action under the same decision has, or may have, been carried out.
    Taken,
}

impl Step {
    /// The next step for the action with this sequence.
    pub fn after(last: &LastReceipt, action: u64) -> Self {
        let LastReceipt::Receipt(fence, receipt) = last else {
            return if *last == LastReceipt::None { Self::Begin { fence: 0 } } else { Self::Taken };
        };
        let (fence, is_ours) = (*fence, receipt.action == action);
        match receipt.phase {
            Phase::Intent if is_ours => Self::Crashed { fence },
            Phase::Intent => Self::Wait,
            Phase::Outcome(_) if is_ours => Self::Settled,
            // A forged action must not stand in the way of the true one.
            Phase::Outcome(outcome) if outcome.is_without_effect() => Self::Begin { fence },
            Phase::Outcome(_) => Self::Taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{DecisionId, Outcome, RECEIPT_VERSION, RefusedWhy, StaleWhy};

    fn last(action: u64, phase: Phase) -> LastReceipt {
        let decision = DecisionId::try_from("0".repeat(32)).unwrap();
        let at = jiff::Timestamp::UNIX_EPOCH;
        let executor = "e".to_owned();
        let detail = String::new();
        LastReceipt::Receipt(7, Box::new(Receipt { v: RECEIPT_VERSION, decision, action, phase, executor, at, detail }))
    }

    #[test]
    fn an_action_begins_where_nothing_has_had_an_effect() {
        assert_eq!(Step::after(&LastReceipt::None, 5), Step::Begin { fence: 0 });
        for outcome in [Outcome::Stale(StaleWhy::Halted), Outcome::Refused(RefusedWhy::Signature)] {
            assert_eq!(Step::after(&last(4, Phase::Outcome(outcome)), 5), Step::Begin { fence: 7 });
        }
    }

    #[test]
    fn an_intent_without_outcome_is_never_run_again() {
        assert_eq!(Step::after(&last(5, Phase::Intent), 5), Step::Crashed { fence: 7 });
        assert_eq!(Step::after(&last(4, Phase::Intent), 5), Step::Wait);
    }

    #[test]
    fn what_has_an_outcome_is_settled_and_takes_the_decision_where_it_may_have_had_an_effect() {
        for outcome in [Outcome::Done, Outcome::Failed { code: Some(1) }, Outcome::Unknown] {
            assert_eq!(Step::after(&last(5, Phase::Outcome(outcome)), 5), Step::Settled);
            assert_eq!(Step::after(&last(4, Phase::Outcome(outcome)), 5), Step::Taken);
        }
        let refused = Outcome::Refused(RefusedWhy::Form);
        assert_eq!(Step::after(&last(5, Phase::Outcome(refused)), 5), Step::Settled);
        assert_eq!(Step::after(&LastReceipt::Unreadable, 5), Step::Taken);
    }
}
