//! A subject is built from tokens only: no text becomes one.

use decile::subject::Subject;
use decile::token::Token;

fn main() {
    let _ = Subject("decile.action.reply.slack.support.1".to_owned());
    let _ = Subject::from("decile.action.reply.slack.support.1");
    let _ = Token("*".to_owned());
}
