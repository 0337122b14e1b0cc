//! What instances have told of what they decided, folded as it comes.

use crate::bus::records::{Reader, Start};
use crate::bus::{Connection, Trouble};
use crate::drift::{Alarm, Drift, Gathering, TallyRecord};
use crate::subject::Root;

/// Reads tallies and folds them.
#[derive(Debug)]
pub struct DriftReader {
    root: Root,
    reader: Reader,
    gathering: Gathering,
    drift: Drift,
}

impl DriftReader {
    /// One that begins with the first that is kept.
    ///
    /// # Errors
    /// Where the stream is not there.
    pub async fn open(connection: &Connection, stream: &str, root: &Root) -> Result<Self, Trouble> {
        let reader = Reader::open(connection, stream, [root.tallies()], Start::Sequence(1)).await?;
        Ok(Self { root: root.clone(), reader, gathering: Gathering::default(), drift: Drift::default() })
    }

    /// Takes all that was told by now; the alarms that it raises come back.
    ///
    /// # Errors
    /// Where the stream cannot be read: it must be read anew then.
    pub async fn read(&mut self) -> Result<Vec<Alarm>, Trouble> {
        let mut alarms = Vec::new();
        self.reader.look_again();
        while let Some(message) = self.reader.next_stored().await? {
            let Some(record) = TallyRecord::parse(&message.payload) else { continue };
            if !self.root.is_tally_of(&message.subject, record.tally.start_s) {
                continue;
            }
            for tally in self.gathering.take(record, message.time.unix_timestamp()) {
                alarms.extend(self.drift.apply(&tally));
            }
        }
        Ok(alarms)
    }

    /// What is known by now.
    pub fn drift(&self) -> &Drift {
        &self.drift
    }
}
