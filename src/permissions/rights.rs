//! What each role may do: the one place that says so.

use super::layout::Names;
use super::{Answers, Owner, Role, Service, User};
use crate::bus::setup::{ADVISORIES, advisories_stream, executor_consumer, notifier_consumer};
use crate::channel::Channel;
use crate::config::{Config, SourceStream};
use crate::policy::Desk;
use crate::subject::Root;

/// The daemon's durable consumer on our stream: rulings and undos.
const RULINGS: &str = "rulings";

/// What the daemon records.
const RECORDS: [&str; 13] = [
    "handled.>",
    "escalated.>",
    "passed.>",
    "action.>",
    "approved.>",
    "slot.>",
    "lease.>",
    "receipt.>",
    "alert.>",
    "level.>",
    "review.>",
    "tally.>",
    "dlq.>",
];
/// What a person says. Whatever loosens there is signed besides.
const ANSWERS: [&str; 4] = ["grant.>", "control.halt", "level.>", "ruling.>"];
/// Not what became of people's answers: evidence is made of that. And no alarms but its own.
const REPORTS: [&str; 4] = ["receipt.*", "receipt.*.undo", "alert.unknown", "alert.refused"];
const RECEIPTS: &str = "receipt.>";
const RULED: &str = "ruling.>";
const HALT: &str = "control.halt";
const PROPOSALS: &str = "proposal.>";
/// The grants on the reserved channel, which are placed to be refused.
const CANARY_GRANTS: &str = "grant.*.decile.canary";

/// What rights are made of.
pub(super) struct Rights<'a> {
    root: &'a Root,
    stream: &'a str,
    /// The stream of what the broker gives up, beside the sources.
    advisories: String,
    /// The prefix of JetStream's API, as our users write it.
    api: String,
    sources: &'a [SourceStream],
    /// The durable consumers of others than the daemon.
    consumers: Vec<String>,
}

impl<'a> Rights<'a> {
    pub(super) fn of(config: &'a Config, root: &'a Root) -> Self {
        let executors = config.channels.monitored().map(executor_consumer);
        let notifiers = config.policy.desks().into_iter().map(notifier_consumer);
        Self {
            root,
            stream: &config.bus.stream,
            advisories: advisories_stream(config),
            api: config.bus.jetstream.prefix(),
            sources: &config.channels.sources,
            consumers: executors.chain(notifiers).collect(),
        }
    }

    pub(super) fn user(&self, role: Role, names: &Names) -> User {
        let own = match &role {
            Role::Deployer => self.deployer(),
            Role::Daemon => self.daemon(),
            Role::Operator => [self.publishing(&ANSWERS), self.reading()].concat(),
            Role::Executor(channel) => self.executor(channel),
            Role::Notifier(desk) => self.notifier(desk),
            Role::Proposer => self.publishing(&[PROPOSALS]),
            Role::Auditor => self.auditor(),
            Role::Bridge(stream) => self.bridge(stream),
        };
        let services = [vec![self.account_info(&role)], own].concat();
        let denied = if role == Role::Daemon { self.denied_to_daemon() } else { Vec::new() };
        User { account: format!("{}_{}", names.decile, role.name()), role, services, denied }
    }

    /// What an account may use of JetStream, asked of the account whose streams the user uses. Everybody imports it: in an
    /// account that does not, the server answers JetStream's API by itself.
    fn account_info(&self, role: &Role) -> Service {
        let owner = if matches!(role, Role::Bridge(_)) { Owner::Bridges } else { Owner::Decile };
        self.api(owner, "INFO")
    }

    /// Makes and corrects; deletes nothing. Whoever must delete a stream does so in the account that owns it.
    fn deployer(&self) -> Vec<Service> {
        let mut services = vec![self.publish(CANARY_GRANTS)];
        for verb in ["INFO", "CREATE", "UPDATE"] {
            services.push(self.api(Owner::Decile, &format!("STREAM.{verb}.{}", self.stream)));
        }
        let others = self.consumers.iter().map(String::as_str);
        for consumer in [RULINGS].into_iter().chain(others) {
            services.extend(self.making(Owner::Decile, self.stream, consumer));
        }
        for source in self.sources {
            for verb in ["INFO", "CREATE"] {
                services.push(self.api(Owner::Bridges, &format!("STREAM.{verb}.{}", source.stream)));
            }
            services.extend(self.making(Owner::Bridges, &source.stream, &source.consumer));
        }
        for verb in ["INFO", "CREATE", "UPDATE"] {
            services.push(self.api(Owner::Bridges, &format!("STREAM.{verb}.{}", self.advisories)));
        }
        services.extend(self.making(Owner::Bridges, &self.advisories, ADVISORIES));
        services
    }

    /// A consumer with one filter is made on a longer subject than one with several.
    fn making(&self, owner: Owner, stream: &str, consumer: &str) -> [Service; 3] {
        [
            self.api(owner, &format!("CONSUMER.INFO.{stream}.{consumer}")),
            self.api(owner, &format!("CONSUMER.CREATE.{stream}.{consumer}")),
            self.api(owner, &format!("CONSUMER.CREATE.{stream}.{consumer}.>")),
        ]
    }

    /// Consumers of its own on our stream, without names that could be told beforehand: it follows what governs it.
    fn daemon(&self) -> Vec<Service> {
        let stream = self.stream;
        let mut services = self.publishing(&RECORDS);
        services.push(self.publish(HALT));
        services.extend(self.reading());
        services.extend([
            self.api(Owner::Decile, &format!("CONSUMER.CREATE.{stream}")),
            self.api(Owner::Decile, &format!("CONSUMER.CREATE.{stream}.>")),
            self.api(Owner::Decile, &format!("CONSUMER.INFO.{stream}.*")),
            several(self.api(Owner::Decile, &format!("CONSUMER.MSG.NEXT.{stream}.*"))),
            ack(Owner::Decile, stream, RULINGS),
        ]);
        for source in self.sources {
            services.push(self.api(Owner::Bridges, &format!("STREAM.INFO.{}", source.stream)));
            // For messages that are tried again, or that the broker gave up.
            services.push(self.api(Owner::Bridges, &format!("STREAM.MSG.GET.{}", source.stream)));
            services.extend(self.pulling(Owner::Bridges, &source.stream, &source.consumer));
        }
        services.push(self.api(Owner::Bridges, &format!("STREAM.INFO.{}", self.advisories)));
        services.extend(self.pulling(Owner::Bridges, &self.advisories, ADVISORIES));
        services
    }

    /// The consumers of others, among those of any name.
    fn denied_to_daemon(&self) -> Vec<String> {
        let stream = self.stream;
        let consumers = self.consumers.iter().flat_map(|consumer| {
            ["CONSUMER.CREATE", "CONSUMER.MSG.NEXT"].map(|verb| self.local_api(&format!("{verb}.{stream}.{consumer}")))
        });
        let rulings = self.local_api(&format!("CONSUMER.CREATE.{stream}.{RULINGS}"));
        consumers.chain([rulings]).flat_map(with_longer).collect()
    }

    /// Its own consumer, and the last record on the subjects that it checks before it acts.
    fn executor(&self, channel: &Channel) -> Vec<Service> {
        let mut services = self.publishing(&REPORTS);
        services.push(self.api(Owner::Decile, &format!("STREAM.INFO.{}", self.stream)));
        services.extend(self.pulling(Owner::Decile, self.stream, &executor_consumer(channel)));
        let grants = format!("grant.*.{}", channel.subject());
        let levels = format!("level.*.{}", channel.subject());
        services.extend([HALT, &grants, &levels, RULED, RECEIPTS].map(|rest| self.last(rest)));
        services
    }

    /// Its own consumer, and whether somebody has answered meanwhile.
    fn notifier(&self, desk: &Desk) -> Vec<Service> {
        let mut services = vec![self.api(Owner::Decile, &format!("STREAM.INFO.{}", self.stream)), self.last(RULED)];
        services.extend(self.pulling(Owner::Decile, self.stream, &notifier_consumer(desk)));
        services
    }

    /// The last record on a subject.
    fn last(&self, rest: &str) -> Service {
        let subject = self.root.filter(rest);
        several(self.api(Owner::Decile, &format!("DIRECT.GET.{}.{subject}", self.stream)))
    }

    /// Besides our stream, the messages that decisions were made on: `decile show` and `decile replay`.
    fn auditor(&self) -> Vec<Service> {
        let mut services = self.reading();
        for source in self.sources {
            services.push(self.api(Owner::Bridges, &format!("STREAM.INFO.{}", source.stream)));
            services.push(self.api(Owner::Bridges, &format!("STREAM.MSG.GET.{}", source.stream)));
        }
        services
    }

    /// Its stream's subjects: it reads nothing, not even what it wrote.
    fn bridge(&self, stream: &str) -> Vec<Service> {
        let channels = self.sources.iter().filter(|source| source.stream == stream).flat_map(|source| &source.channels);
        channels.map(|spec| direct(Owner::Bridges, spec.subject.clone())).collect()
    }

    /// Any record, without a consumer: whoever may make one may change those of others, and say where it delivers.
    fn reading(&self) -> Vec<Service> {
        let stream = self.stream;
        vec![
            self.api(Owner::Decile, &format!("STREAM.INFO.{stream}")),
            self.api(Owner::Decile, &format!("STREAM.MSG.GET.{stream}")),
            several(self.api(Owner::Decile, &format!("DIRECT.GET.{stream}"))),
            several(self.api(Owner::Decile, &format!("DIRECT.GET.{stream}.>"))),
        ]
    }

    fn pulling(&self, owner: Owner, stream: &str, consumer: &str) -> [Service; 3] {
        [
            self.api(owner, &format!("CONSUMER.INFO.{stream}.{consumer}")),
            several(self.api(owner, &format!("CONSUMER.MSG.NEXT.{stream}.{consumer}"))),
            ack(owner, stream, consumer),
        ]
    }

    fn publishing(&self, rest: &[&str]) -> Vec<Service> {
        rest.iter().map(|rest| self.publish(rest)).collect()
    }

    fn publish(&self, rest: &str) -> Service {
        direct(Owner::Decile, self.root.filter(rest))
    }

    fn api(&self, owner: Owner, request: &str) -> Service {
        Service { owner, subject: format!("$JS.API.{request}"), local: self.local_api(request), answers: Answers::One }
    }

    fn local_api(&self, request: &str) -> String {
        format!("{}.{request}", self.api)
    }
}

fn direct(owner: Owner, subject: String) -> Service {
    Service { owner, local: subject.clone(), subject, answers: Answers::One }
}

/// Where a delivery is acknowledged: the server names it, and it never has a prefix.
fn ack(owner: Owner, stream: &str, consumer: &str) -> Service {
    direct(owner, format!("$JS.ACK.{stream}.{consumer}.>"))
}

fn several(service: Service) -> Service {
    Service { answers: Answers::Several, ..service }
}

fn with_longer(subject: String) -> [String; 2] {
    let longer = format!("{subject}.>");
    [subject, longer]
}
