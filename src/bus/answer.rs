//! What the broker's answer to a published record says.

use crate::commit::Answer;
use async_nats::StatusCode;
use async_nats::jetstream::{Error, ErrorCode};

/// The answer, as far as it matters here.
#[derive(serde::Deserialize)]
struct PubAck {
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    error: Option<Error>,
}

/// What it says, whether the broker had the record already, and the words of a refusal.
pub(super) fn answer(message: &async_nats::Message) -> (Answer, bool, String) {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return (Answer::RefusesAll, false, "no stream takes it".to_owned());
    }
    match serde_json::from_slice::<PubAck>(&message.payload) {
        Ok(PubAck { error: None, duplicate }) => (Answer::Stored, duplicate, String::new()),
        Ok(PubAck { error: Some(error), .. }) => {
            let answer = match error.error_code() {
                ErrorCode::STREAM_WRONG_LAST_SEQUENCE => Answer::LeaseOver,
                // The same condition, or the same id, is on its way through the replicas.
                ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT | ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT => {
                    Answer::Silent
                }
                ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => {
                    Answer::RefusesRecord
                }
                _ => Answer::RefusesAll,
            };
            (answer, false, error.to_string())
        }
        Err(error) => (Answer::Silent, false, error.to_string()),
    }
}
