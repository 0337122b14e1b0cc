//! Why a message is not handled: a closed list, in the order in which reasons are looked for.

use std::fmt;

/// Why a disposition is not `handle`. The first that holds, in this order, is the one that is given.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The payload could not be read as a message.
    Malformed,
    /// The message is longer than `message_bytes_max`.
    Oversized,
    /// A person talks to the assistant: passed on.
    Direct,
    /// Scripts mixed within a word, or bidi controls that are not closed.
    Uninspectable,
    /// Deciding would have taken more steps than `decision_steps_max`.
    OverBudget,
    /// A restricting rule fired.
    Restricted,
    /// No permitting rule fired.
    Unmatched,
    /// Permitting rules of more than one class fired.
    Conflict,
    /// Fewer rules fired than the class needs.
    TooFewWitnesses,
    /// More words than the class has, or too many that it has never seen.
    Novel,
    /// The halt is on.
    Halted,
    /// Older than the class's `max_age_s`.
    TooOld,
    /// From ourselves, a bot or automatic mail, and the action is outward.
    Automated,
    /// The trust level does not reach this action.
    Level,
    /// The action cannot be undone: always a person.
    Irreversible,
    /// What is known of grants is not fresh.
    GrantsStale,
    /// No grant covers this write.
    NoGrant,
    /// A cap's window is full.
    CapReached,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; 18] = [
        Self::Malformed,
        Self::Oversized,
        Self::Direct,
        Self::Uninspectable,
        Self::OverBudget,
        Self::Restricted,
        Self::Unmatched,
        Self::Conflict,
        Self::TooFewWitnesses,
        Self::Novel,
        Self::Halted,
        Self::TooOld,
        Self::Automated,
        Self::Level,
        Self::Irreversible,
        Self::GrantsStale,
        Self::NoGrant,
        Self::CapReached,
    ];

    /// Its word in files, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Oversized => "oversized",
            Self::Direct => "direct",
            Self::Uninspectable => "uninspectable",
            Self::OverBudget => "over_budget",
            Self::Restricted => "restricted",
            Self::Unmatched => "unmatched",
            Self::Conflict => "conflict",
            Self::TooFewWitnesses => "too_few_witnesses",
            Self::Novel => "novel",
            Self::Halted => "halted",
            Self::TooOld => "too_old",
            Self::Automated => "automated",
            Self::Level => "level",
            Self::Irreversible => "irreversible",
            Self::GrantsStale => "grants_stale",
            Self::NoGrant => "no_grant",
            Self::CapReached => "cap_reached",
        }
    }

    /// What it means, in a line for the person who reads the escalation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => "the payload could not be read as a message",
            Self::Oversized => "the message is longer than the configured limit",
            Self::Direct => "a person talks to the assistant: passed on, not triaged",
            Self::Uninspectable => "the text mixes scripts within a word, or hides its direction",
            Self::OverBudget => "deciding would have taken more work than a decision may take",
            Self::Restricted => "a restricting rule fired: a person must see this",
            Self::Unmatched => "no rule knows this message",
            Self::Conflict => "rules of more than one class fired",
            Self::TooFewWitnesses => "fewer rules agree than this class needs",
            Self::Novel => "it has more words, or words less known, than this class allows",
            Self::Halted => "the halt is on",
            Self::TooOld => "it is older than this class allows",
            Self::Automated => "it was sent by a machine, and machines are not answered",
            Self::Level => "the trust level of this class does not reach this action",
            Self::Irreversible => "the action cannot be undone: always a person's",
            Self::GrantsStale => "what is known of grants is not fresh enough to rely on",
            Self::NoGrant => "nobody granted this action on this channel",
            Self::CapReached => "the cap for this action is reached",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order that is promised to users: written here a second time.
    const WRITTEN: &str = "malformed oversized direct uninspectable over_budget restricted unmatched \
        conflict too_few_witnesses novel halted too_old automated level irreversible grants_stale no_grant cap_reached";

    #[test]
    fn the_order_is_the_documented_one() {
        let words: Vec<&str> = WRITTEN.split_whitespace().collect();
        assert_eq!(Reason::ALL.map(Reason::as_str).to_vec(), words);
        assert!(Reason::ALL.is_sorted());
    }

    #[test]
    fn the_word_is_the_stored_word() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_string(&reason).ok(), Some(format!("\"{reason}\"")));
        }
    }
}
