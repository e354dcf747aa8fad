//! Ages as kubectl's users know them: `12s`, `4m32s`, `2d2h`, `3y`.

use jiff::Timestamp;
use serde_json::Value;

/// How long ago an RFC 3339 time was; `<unknown>` without one, `<invalid>` if it is none.
pub(super) fn of(time: Option<&Value>, now: Timestamp) -> String {
    match time {
        None | Some(Value::Null) => "<unknown>".into(),
        Some(Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(time) => human(now.as_second() - time.as_second()),
            Err(_) => "<invalid>".into(),
        },
        Some(_) => "<invalid>".into(),
    }
}

/// So many seconds, in at most two units: the longer ago, the coarser.
fn human(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |unit: i64, name: &str, part: i64, part_name: &str| {
        let (whole, rest) = (seconds / unit, seconds % unit / part);
        if rest == 0 {
            format!("{whole}{name}")
        } else {
            format!("{whole}{name}{rest}{part_name}")
        }
    };
    match seconds {
        ..-1 => "<invalid>".into(),
        -1 => "0s".into(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(MINUTE, "m", 1, "s"),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two(HOUR, "h", MINUTE, "m"),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two(DAY, "d", HOUR, "h"),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_get_coarser_with_time() {
        for (seconds, expect) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (272, "4m32s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (180_000, "2d2h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (63_244_800, "2y2d"),
            (315_360_000, "10y"),
        ] {
            assert_eq!(human(seconds), expect, "{seconds}");
        }
    }

    #[test]
    fn what_is_no_time_says_so() {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        assert_eq!(of(None, now), "<unknown>");
        assert_eq!(of(Some(&"yesterday".into()), now), "<invalid>");
        assert_eq!(of(Some(&"2026-11-21T23:59:00Z".into()), now), "60s");
    }
}
