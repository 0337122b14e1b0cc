//! The payload: a pack as stored, in an rkyv archive.
//!
//! Tables and programs are stored as they are. What is shared, ordered or checked in memory has a form of its own
//! here. Automata of the crate `aho-corasick` cannot be stored: they are made anew of their literals.

mod rule;
pub(super) mod sound;

use crate::automaton::Alphabets;
use crate::digest::Digest;
use crate::message::Field;
use crate::pack::gaps::Gaps;
use crate::pack::literals::{LiteralUse, Literals};
use crate::pack::pattern::Pattern;
use crate::pack::phrases::Phrases;
use crate::pack::{Pack, Restriction};
use rkyv::rancor;
use rkyv::util::AlignedVec;
use rule::{StoredClass, StoredInfo, StoredRule};

/// The most bytes of literals that automata are made of: these take many times as much memory.
const LITERAL_BYTES_MAX: usize = 32 << 20;
/// What is wrong with bytes that are no archive. The archive's own words name addresses, of no use to anybody.
const NO_ARCHIVE: &str = "an offset, a length or a value in it is none that can be";

/// A pack, as stored. The order of everything is that of the pack.
#[derive(Debug, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct Payload {
    digest: [u8; 32],
    rules: Vec<StoredRule>,
    infos: Vec<StoredInfo>,
    classes: Vec<StoredClass>,
    class_digests: Vec<[u8; 32]>,
    /// Name and description.
    restrictions: Vec<(String, Option<String>)>,
    fields: Vec<String>,
    patterns: Vec<Pattern>,
    alphabets: Alphabets,
    phrases: Phrases,
    gaps: Gaps,
    literals: Vec<(Vec<u8>, Vec<LiteralUse>)>,
    open: Vec<u32>,
    fail_closed: Vec<Vec<u32>>,
}

/// What is wrong with a payload, for people.
pub(super) type Wrong = String;

impl Payload {
    /// A pack, as it is stored.
    pub(super) fn of(pack: &Pack) -> Self {
        let restriction = |it: &Restriction| (it.name.clone(), it.description.clone());
        Self {
            digest: *pack.digest.as_bytes(),
            rules: pack.rules.iter().map(StoredRule::of).collect(),
            infos: pack.infos.iter().map(StoredInfo::of).collect(),
            classes: pack.classes.iter().map(StoredClass::of).collect(),
            class_digests: pack.class_digests.iter().map(|digest| *digest.as_bytes()).collect(),
            restrictions: pack.restrictions.iter().map(restriction).collect(),
            fields: pack.fields.iter().map(Field::to_string).collect(),
            patterns: pack.patterns.clone(),
            alphabets: pack.alphabets.clone(),
            phrases: pack.phrases.clone(),
            gaps: pack.gaps.clone(),
            literals: pack.literals.entries.clone(),
            open: pack.open.clone(),
            fail_closed: pack.fail_closed.clone(),
        }
    }

    /// Its bytes; none where they are more than offsets of 32 bits reach, which is beyond every bound.
    pub(super) fn to_bytes(&self) -> AlignedVec {
        rkyv::to_bytes::<rancor::Error>(self).unwrap_or_default()
    }

    /// What bytes hold: every offset and length is checked before anything is read by it.
    ///
    /// # Errors
    /// Where the bytes are no archive.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Wrong> {
        let archived = rkyv::access::<ArchivedPayload, rancor::Failure>(bytes).map_err(|_| NO_ARCHIVE)?;
        Ok(rkyv::deserialize::<Self, rancor::Failure>(archived).map_err(|_| NO_ARCHIVE)?)
    }

    /// The pack's own digest, as it is stored.
    pub(super) fn digest(&self) -> Digest {
        Digest::from_bytes(self.digest)
    }

    /// The pack, if it is sound.
    ///
    /// # Errors
    /// Where it is none that can have been compiled, as far as that can be told cheaply.
    pub(super) fn into_pack(mut self) -> Result<Pack, Wrong> {
        let digest = self.digest();
        self.check_literals()?;
        self.alphabets.prepare().map_err(|error| error.to_string())?;
        let restriction = |(name, description)| Restriction { name, description };
        let pack = Pack {
            digest,
            rules: self.rules.into_iter().map(StoredRule::into_rule).collect::<Result<_, _>>()?,
            heads: Vec::new(),
            infos: self.infos.into_iter().map(StoredInfo::into_info).collect::<Result<_, _>>()?,
            classes: self.classes.into_iter().map(StoredClass::into_class).collect::<Result<_, _>>()?,
            class_digests: self.class_digests.into_iter().map(Digest::from_bytes).collect(),
            restrictions: self.restrictions.into_iter().map(restriction).collect(),
            fields: self.fields.iter().map(|field| parse_field(field)).collect::<Result<_, _>>()?,
            patterns: self.patterns,
            alphabets: self.alphabets,
            gaps: self.gaps.with_automaton().map_err(|error| error.to_string())?,
            phrases: self.phrases,
            literals: Literals::new(self.literals).map_err(|error| error.to_string())?,
            open: self.open,
            fail_closed: self.fail_closed,
        };
        sound::check(&pack)?;
        Ok(pack.with_heads())
    }

    /// Before automata are made of them: that takes the most.
    fn check_literals(&self) -> Result<(), Wrong> {
        let literals = self.literals.iter().map(|(literal, _)| literal.len());
        let gaps = self.gaps.literals.iter().map(|literal| literal.text.len());
        let bytes = literals.chain(gaps).try_fold(0_usize, |bytes, length| match length {
            0 => Err("a literal is empty".to_owned()),
            _ => Ok(bytes.saturating_add(length)),
        })?;
        if bytes > LITERAL_BYTES_MAX {
            return Err(format!("it has {bytes} bytes of literals, and at most {LITERAL_BYTES_MAX} are opened"));
        }
        Ok(())
    }
}

fn parse_field(name: &str) -> Result<Field, Wrong> {
    match Field::parse(name) {
        Ok(field) if field.to_string() == name => Ok(field),
        _ => Err("a field has no name of one".to_owned()),
    }
}
