//! The digest of a policy as meant: two files that mean the same have the same.

use crate::digest::Digest;
use crate::policy::action::{Action, Reach, Reversibility};
use crate::policy::cap::CapScope;
use crate::policy::{Line, Policy, Tenure};

/// What the digest is of.
pub(crate) const LABEL: &str = "decile policy, version 1";

/// Of everything that can change a decision, in a fixed order. A line's origin is among it: a decision
/// names it, and the same digest must give the same decision to the byte. So the order of keys and
/// comments beside them change nothing, and what moves an entry to another line does.
pub(crate) fn digest(policy: &Policy) -> Digest {
    let mut parts = vec!["default desk".to_owned(), policy.default_desk.as_str().to_owned()];
    for (restriction, desk) in &policy.restriction_desks {
        parts.extend(["restriction".to_owned(), restriction.clone(), desk.as_str().to_owned()]);
    }
    for cap in &policy.caps {
        let CapScope { class, channel, kind } = &cap.scope;
        let all = String::new;
        parts.extend(["cap".to_owned(), class.as_ref().map_or_else(all, ToString::to_string)]);
        parts.push(channel.as_ref().map_or_else(all, ToString::to_string));
        parts.push(kind.as_ref().map_or_else(all, ToString::to_string));
        parts.extend([cap.window.key().to_owned(), cap.actions_max.to_string()]);
    }
    parts.push("unlisted".to_owned());
    line(&policy.unlisted, &mut parts);
    for (class, lines) in &policy.classes {
        parts.extend(["class".to_owned(), class.as_str().to_owned()]);
        line(&lines.everywhere, &mut parts);
        for (channel, on_channel) in &lines.channels {
            parts.extend(["channel".to_owned(), channel.as_str().to_owned()]);
            line(on_channel, &mut parts);
        }
    }
    Digest::of(LABEL, parts.iter().map(String::as_bytes))
}

fn line(line: &Line, parts: &mut Vec<String>) {
    parts.push((line.level as u8).to_string());
    parts.push(line.max_age.as_secs().to_string());
    parts.push(line.desk.as_str().to_owned());
    parts.push(line.origin.clone());
    action(&line.action, parts);
    let Tenure { after, expires_at } = &line.tenure;
    if let Some(end) = expires_at {
        parts.extend(["expires".to_owned(), end.to_string()]);
    }
    if *after > 0 {
        parts.extend(["after".to_owned(), after.to_string()]);
    }
}

fn action(action: &Action, parts: &mut Vec<String>) {
    let reach = match action.nature.reach {
        Reach::Internal => "internal",
        Reach::Outward => "outward",
    };
    let reversibility = match action.nature.reversibility {
        Reversibility::Reversible => "reversible",
        Reversibility::SemiReversible => "semi_reversible",
        Reversibility::Irreversible => "irreversible",
    };
    parts.extend([action.kind.as_str().to_owned(), reach.to_owned(), reversibility.to_owned()]);
    parts.push(action.arguments.len().to_string());
    for (key, value) in &action.arguments {
        parts.extend([key.clone(), value.clone()]);
    }
    // An empty text is no template, so that absence has a part of its own.
    parts.push(action.template.as_ref().map(ToString::to_string).unwrap_or_default());
}
