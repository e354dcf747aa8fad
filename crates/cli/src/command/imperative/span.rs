//! Spans and moments of time as people type and read them.

use std::time::Duration;

use jiff::Timestamp;

/// A text that is no span.
#[derive(Debug, thiserror::Error)]
#[error("write numbers with units, such as 30d, 24h, 1d12h or 90m")]
pub(super) struct ParseSpan;

/// A text that is no moment.
#[derive(Debug, thiserror::Error)]
#[error(
    "write a date, a time and where that is the time, such as 2027-01-01T00:00:00Z or 2027-01-01T09:00:00+02:00"
)]
pub(super) struct ParseMoment;

const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span: whole numbers, each with `w`, `d`, `h`, `m` or `s`; `0` alone is none.
pub(super) fn parse(text: &str) -> Result<Duration, ParseSpan> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut seconds: u64 = 0;
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let (_, unit) = UNITS
            .iter()
            .find(|(name, _)| *name == character)
            .ok_or(ParseSpan)?;
        let count: u64 = std::mem::take(&mut number).parse().map_err(|_| ParseSpan)?;
        seconds = count
            .checked_mul(*unit)
            .and_then(|span| seconds.checked_add(span))
            .ok_or(ParseSpan)?;
    }
    if text.is_empty() || !number.is_empty() {
        return Err(ParseSpan);
    }
    Ok(Duration::from_secs(seconds))
}

/// Reads a moment, as RFC 3339 has it.
pub(super) fn moment(text: &str) -> Result<Timestamp, ParseMoment> {
    text.parse().map_err(|_| ParseMoment)
}

/// How long ago, in one unit: the largest that is full twice, or else the smaller one.
pub(super) fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    let Some(since) = since else {
        return "<unknown>".to_owned();
    };
    let seconds = now.duration_since(since).as_secs().max(0).unsigned_abs();
    let unit = UNITS
        .iter()
        .filter(|(name, _)| *name != 'w')
        .find(|(_, unit)| seconds >= 2 * unit);
    match unit {
        Some((name, unit)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_units() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("30d", Some(2_592_000)),
            ("1d12h", Some(129_600)),
            ("90m", Some(5_400)),
            ("", None),
            ("30", None),
            ("d", None),
            ("1y", None),
            ("-1d", None),
            ("99999999999999999999d", None),
            ("9999999999999999999w", None),
        ] {
            assert_eq!(parse(text).ok().map(|span| span.as_secs()), seconds, "{text:?}");
        }
    }

    #[test]
    fn a_moment_is_told_by_example_where_it_is_none() {
        assert!(moment("2027-01-01T00:00:00Z").is_ok());
        assert!(moment("2027-01-01T09:00:00+02:00").is_ok());
        for text in ["2027-01-01", "2027-01-01T00:00:00", "tomorrow", ""] {
            let told = moment(text).unwrap_err().to_string();
            assert!(told.contains("such as 2027-01-01T00:00:00Z"), "{told}");
        }
    }

    #[test]
    fn an_age_is_told_in_one_unit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (seconds, age_) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (7_300, "2h"),
            (400_000, "4d"),
        ] {
            assert_eq!(age(Some(at(0)), at(seconds)), age_);
        }
        assert_eq!(age(Some(at(9)), at(0)), "0s", "clocks differ");
        assert_eq!(age(None, at(0)), "<unknown>");
    }
}
