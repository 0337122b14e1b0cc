//! What is published and not yet answered. All answers come on one subject and are matched by the number at its end: a waiter
//! and a timer for each would cost more than the decision.

use super::Outgoing;
use async_nats::{Client, Message, SubscribeError, Subscriber};
use futures::StreamExt as _;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is published and not yet answered, by number, in the order of numbers.
pub(super) struct Awaited<T> {
    inbox: String,
    answers: Subscriber,
    first: u64,
    sent: VecDeque<Option<Sent<T>>>,
    count: usize,
}

/// A record that was handed to the client.
pub(super) struct Sent<T> {
    pub(super) outgoing: Outgoing<T>,
    pub(super) at: Instant,
    pub(super) lane: Option<usize>,
}

impl<T> Awaited<T> {
    /// Nothing yet.
    pub(super) async fn subscribe(client: &Client) -> Result<Self, SubscribeError> {
        let inbox = client.new_inbox();
        let answers = client.subscribe(format!("{inbox}.*")).await?;
        Ok(Self { inbox, answers, first: 0, sent: VecDeque::new(), count: 0 })
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The next answer; `None` once the connection is closed for good.
    pub(super) async fn next(&mut self) -> Option<Message> {
        self.answers.next().await
    }

    /// Where the next answer comes.
    pub(super) fn reply(&self) -> String {
        let number = (self.first + self.sent.len() as u64).to_string();
        [self.inbox.as_str(), ".", &number].concat()
    }

    pub(super) fn push(&mut self, outgoing: Outgoing<T>, lane: Option<usize>) {
        self.sent.push_back(Some(Sent { outgoing, at: Instant::now(), lane }));
        self.count += 1;
    }

    /// What an answer is about; `None` where it is settled already.
    pub(super) fn take(&mut self, subject: &str) -> Option<Sent<T>> {
        let number: u64 = subject.rsplit('.').next()?.parse().ok()?;
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let sent = self.sent.get_mut(at)?.take()?;
        self.taken();
        Some(sent)
    }

    pub(super) fn take_last(&mut self) -> Option<Sent<T>> {
        let sent = self.sent.back_mut()?.take()?;
        self.taken();
        Some(sent)
    }

    pub(super) fn take_overdue(&mut self, timeout: Duration) -> Option<Sent<T>> {
        let sent = self.sent.front_mut()?.take_if(|sent| sent.at.elapsed() > timeout)?;
        self.taken();
        Some(sent)
    }

    fn taken(&mut self) {
        self.count -= 1;
        while self.sent.front().is_some_and(Option::is_none) {
            self.sent.pop_front();
            self.first += 1;
        }
    }
}
