//! Dates, times and durations.

use jiff::civil::Date;

pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.is_ascii() && text.parse::<Date>().is_ok()
}

/// `2006-01-02T15:04:05`, an optional fraction, and `Z` or an offset; seconds up to 59.
pub(super) fn is_date_time(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((date, time)) = lower.split_once('t') else {
        return false;
    };
    let (clock, zone) = match time.find(['z', '+', '-']) {
        Some(index) => time.split_at(index),
        None => return false,
    };
    let (seconds, fraction) = clock
        .split_once('.')
        .map_or((clock, "0"), |(seconds, fraction)| (seconds, fraction));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pairs = |text: &str, count: usize| {
        text.split(':').count() == count && text.split(':').all(|pair| pair.len() == 2 && digits(pair))
    };
    let in_range = || {
        let mut parts = seconds.split(':');
        parts.next() <= Some("23") && parts.all(|part| part <= "59")
    };
    is_date(date)
        && pairs(seconds, 3)
        && in_range()
        && digits(fraction)
        && (zone == "z" || pairs(&zone[1..], 2))
}

/// Go's `1h30m`, or numbers with a unit's name somewhere in the text (`5 minutes`).
pub(super) fn is_duration(text: &str) -> bool {
    is_go_duration(text) || is_worded_duration(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(number);
        let unit = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (name, next) = after.split_at(unit);
        let known = matches!(name, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h");
        let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
        if !known || !has_digit || digits.matches('.').count() > 1 {
            return false;
        }
        rest = next;
    }
    true
}

fn is_worded_duration(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let after = rest[start..]
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start();
        let unit: String = after
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || *c == 'µ')
            .collect::<String>()
            .to_lowercase();
        let exact = matches!(
            unit.as_str(),
            "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" | "d" | "w" | "wk" | "hr" | "min"
        );
        let worded = ["nano", "micro", "milli", "sec", "minute", "hour", "day", "week"];
        if exact || worded.iter().any(|word| unit.starts_with(word)) {
            return true;
        }
        rest = after;
    }
    false
}
