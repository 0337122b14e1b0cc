//! From the configuration to accounts and users.

use super::rights::Rights;
use super::{Answers, Owner, Role, User};
use crate::config::Config;
use crate::subject::Root;
use std::collections::BTreeMap;

/// The names of the two accounts that own streams. Those of the users begin with the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The account of our own stream.
    pub decile: String,
    /// The account of the source streams.
    pub bridges: String,
}

/// All accounts and users.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The owners' names.
    pub names: Names,
    /// Our stream.
    pub stream: String,
    /// Every user, in an order that stays.
    pub users: Vec<User>,
}

/// A service as its owner exports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// How many answers a request has.
    pub answers: Answers,
    /// The accounts that may import it.
    pub accounts: Vec<String>,
}

impl Names {
    /// An owner's name.
    pub fn of(&self, owner: Owner) -> &str {
        match owner {
            Owner::Decile => &self.decile,
            Owner::Bridges => &self.bridges,
        }
    }
}

impl Layout {
    /// What a configuration needs.
    pub fn of(config: &Config, root: &Root, names: Names) -> Self {
        let rights = Rights::of(config, root);
        let users = roles(config).into_iter().map(|role| rights.user(role, &names)).collect();
        Self { names, stream: config.bus.stream.clone(), users }
    }

    /// What an owner exports, by subject, and to whom.
    pub fn exports(&self, owner: Owner) -> BTreeMap<&str, Export> {
        let mut exports: BTreeMap<&str, Export> = BTreeMap::new();
        for user in &self.users {
            for service in user.services.iter().filter(|service| service.owner == owner) {
                let export = exports
                    .entry(&service.subject)
                    .or_insert_with(|| Export { answers: service.answers, accounts: Vec::new() });
                export.accounts.push(user.account.clone());
            }
        }
        exports
    }
}

fn roles(config: &Config) -> Vec<Role> {
    let executors = config.channels.monitored().cloned().map(Role::Executor);
    let notifiers = config.policy.desks().into_iter().cloned().map(Role::Notifier);
    let bridges = config.channels.sources.iter().map(|source| Role::Bridge(source.stream.clone()));
    [Role::Deployer, Role::Daemon, Role::Operator, Role::Proposer, Role::Auditor]
        .into_iter()
        .chain(executors)
        .chain(notifiers)
        .chain(bridges)
        .collect()
}
