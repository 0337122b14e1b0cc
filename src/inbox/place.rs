//! What a subject of our own stream says about an escalation or a dead letter.

use crate::decision::DecisionId;
use crate::subject::Root;

/// Where a message lies, as far as an inbox cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `escalated.<desk>.<channel>`.
    Escalated,
    /// `ruling.<id>`.
    Ruling(DecisionId),
    /// `receipt.<id>`, `receipt.<id>.undo`: of what was done.
    Receipt(DecisionId),
    /// `receipt.<id>.ruling`: of the ruling.
    RulingReceipt(DecisionId),
    /// `proposal.<id>`.
    Proposal(DecisionId),
    /// `approved.<type>.<channel>.<id>`.
    Approved(DecisionId),
    /// `dlq.<channel>`.
    Dead,
    /// `ruling.<id>.dlq`: on a dead letter.
    LetterRuling(DecisionId),
    /// `receipt.<id>.dlq`: of that ruling.
    LetterReceipt(DecisionId),
    /// `alert.demoted`: a class was taken back.
    Demoted,
}

impl Place {
    /// `None` for what says nothing about escalations.
    pub(super) fn of(root: &Root, subject: &str) -> Option<Self> {
        let tokens: Vec<&str> = root.within(subject)?.split('.').collect();
        let id = |token: &str| DecisionId::try_from(token.to_owned()).ok();
        match tokens.as_slice() {
            ["escalated", _, _, _] => Some(Self::Escalated),
            ["ruling", token] => id(token).map(Self::Ruling),
            ["receipt", token] | ["receipt", token, "undo"] => id(token).map(Self::Receipt),
            ["receipt", token, "ruling"] => id(token).map(Self::RulingReceipt),
            ["proposal", token] => id(token).map(Self::Proposal),
            ["approved", _, _, _, token] => id(token).map(Self::Approved),
            ["dlq", _, _] => Some(Self::Dead),
            ["ruling", token, "dlq"] => id(token).map(Self::LetterRuling),
            ["receipt", token, "dlq"] => id(token).map(Self::LetterReceipt),
            ["alert", "demoted"] => Some(Self::Demoted),
            _ => None,
        }
    }
}
