//! Numbers of the configuration: each with its default and its bounds, in the reader and in the schema.

use crate::diagnostic::Location;
use crate::diagnostic::table::Table;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A number, as written or by default.
#[derive(Clone, Debug)]
pub struct Number {
    /// The number.
    pub value: u64,
    /// Where it was written; the place of its section where it is the default.
    pub at: Location,
}

impl Number {
    /// Reads a number; a mistake is reported, and leaves the default.
    pub(super) fn read(table: &Table<'_>, key: &'static str, default: u64, bounds: RangeInclusive<u64>) -> Self {
        match table.integer(key, bounds) {
            Some(written) => Self { value: written.value, at: written.at },
            None => Self { value: default, at: table.at() },
        }
    }

    /// As a size. Bounds keep it within 32 bits wherever it is one.
    pub fn size(&self) -> usize {
        usize::try_from(self.value).unwrap_or(usize::MAX)
    }

    /// As milliseconds.
    pub fn ms(&self) -> Duration {
        Duration::from_millis(self.value)
    }

    /// As days of 24 hours.
    pub fn days(&self) -> Duration {
        Duration::from_secs(self.value.saturating_mul(86_400))
    }
}

/// The number itself; gives literals of the table below their type.
pub(super) const fn whole(number: u64) -> u64 {
    number
}

/// A section of numbers, and of words after them: its type, its reader and its schema from one table.
macro_rules! numbers {
    ($(#[$doc:meta])* $section:ident {
        $($(#[$key_doc:meta])* $key:ident = $default:literal, $min:literal..=$max:literal;)*
    } $(and { $($(#[$word_doc:meta])* $word:ident in $words:expr;)* })?) => {
        $(#[$doc])*
        #[derive(Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $section {
            $(
                $(#[$key_doc])*
                #[schemars(with = "Option<u64>", extend(
                    "default" = $crate::config::number::whole($default),
                    "minimum" = $crate::config::number::whole($min),
                    "maximum" = $crate::config::number::whole($max),
                ))]
                pub $key: $crate::config::number::Number,
            )*
            $($(
                $(#[$word_doc])*
                #[schemars(extend("enum" = $words))]
                pub $word: Option<$crate::diagnostic::table::Placed<String>>,
            )*)?
        }

        impl $section {
            pub(super) fn read(table: &$crate::diagnostic::table::Table<'_>) -> Self {
                Self {
                    $($key: $crate::config::number::Number::read(table, stringify!($key), $default, $min..=$max),)*
                    $($($word: table.string(stringify!($word)),)*)?
                }
            }
        }
    };
}

pub(super) use numbers;
