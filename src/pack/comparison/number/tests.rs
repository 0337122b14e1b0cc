//! Tests of numbers.

use super::*;
use crate::pack::Truth::{self, False, True, Unknown};
use crate::pack::comparison::{Against, Comparison, Operator};
use jiff::Timestamp;

fn more_than(number: &str, captured: &str) -> Truth {
    let against = Against::Number(Decimal::parse(number).unwrap());
    let comparison = Comparison { group: "n".into(), operator: Operator::Greater, against, written: String::new() };
    comparison.holds(captured, Timestamp::UNIX_EPOCH)
}

#[test]
fn numbers_as_people_write_them() {
    for (captured, expected) in [
        ("501", True),
        ("500", False),
        ("500.000000001", True),
        ("1,250.00", True),
        ("1.250,00", True),
        ("1,234,567", True),
        ("12.345.678,9", True),
        ("$1 499", True),
        ("1 499 kr", True),
        ("1'499.50", True),
        ("12,34,567", True),
        ("usd 600", True),
        ("600%", True),
        ("+600", True),
        ("-600", False),
        ("-$600", False),
        ("$-600", False),
        (".5", False),
        ("0,900", False),
        ("600.", True),
        ("1'250", True),
        ("1 250,00", True),
        ("1 250,5", True),
        ("usd 1,250.-", True),
        ("1'250.--", True),
        ("480,-", False),
        ("480.- chf", False),
        ("480.-%", False),
        ("fr. 600", True),
        ("us$ 600", True),
        ("a$600.", True),
        ("600 euros.", True),
        ("600 zł", True),
        ("- 600 eur", False),
        ("usd -600", False),
        ("600 €%", Unknown),
        ("600-", Unknown),
        ("600.-5", Unknown),
        ("600.---", Unknown),
        ("-600.- -", Unknown),
        ("--600", Unknown),
        ("-+600", Unknown),
        ("-.5", False),
        ("1.2k", Unknown),
        ("$1.2 million", Unknown),
        ("2 dozen", Unknown),
        ("3 hundred", Unknown),
        ("minus 600", Unknown),
        ("half 600", Unknown),
        ("600 days", Unknown),
        ("600 usd million", Unknown),
        ("1.250.000,5", True),
        ("1.250,000.5", Unknown),
        ("1,25,000.5", True),
        ("1'25'000", True),
        ("12,50", False),
        ("0600", True),
        ("0,600,000", Unknown),
        ("rs.600", Unknown),
        ("rs.400", False),
        ("1,250", Unknown),
        ("1.250", Unknown),
        ("1,499,50", Unknown),
        ("1,2,3", Unknown),
        ("1 23", Unknown),
        ("1 000 00", Unknown),
        ("5k", Unknown),
        ("600 m", Unknown),
        ("1-600", Unknown),
        ("(600)", Unknown),
        ("600/2", Unknown),
        ("six", Unknown),
        ("", Unknown),
        ("٦٠٠", Unknown),
        ("1000000000000000000000", Unknown),
        ("0.0000000001", Unknown),
    ] {
        assert_eq!(more_than("500", captured), expected, "{captured}");
    }
}

#[test]
fn numbers_as_rules_write_them() {
    for good in ["0", "-3", "12.50", "999999999999999999.999999999"] {
        assert!(Decimal::parse(good).is_some(), "{good}");
    }
    for bad in ["", "-", ".5", "5.", "1,000", "+1", "1e3", "٣", "1.0000000001", "--1"] {
        assert!(Decimal::parse(bad).is_none(), "{bad}");
    }
    assert_eq!(Decimal::parse("1.5"), Decimal::parse("1.50"));
    let written = |text: &str| readings(text).collect::<Vec<_>>();
    let [small, large] = ["1.25", "1250"].map(|text| Decimal::parse(text).unwrap());
    assert_eq!(written("1,250"), [large, small]);
    assert_eq!(written("1.250,-"), [large], "a dash for the fraction says that there is none");
}
