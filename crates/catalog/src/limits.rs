//! What the limits that a policy writes for a tier come to: the same for whoever counts by them and whoever says whether
//! they can be counted by.

use keydesk_core::{Limit, Limits, ParseWindowError, TooManyLimits, Window};

/// Why nobody can count by the limits of a tier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// A window is none.
    #[error(transparent)]
    ParseWindow(ParseWindowError),
    /// There are more windows than are counted together.
    #[error(transparent)]
    BringTogether(TooManyLimits),
}

/// The limits of a tier as they are counted. None at all is unlimited, because its owner said so.
///
/// # Errors
/// A window that is none, or more windows than are counted.
pub fn limits(written: &keydesk_api::Limits) -> Result<Limits, LimitsError> {
    let keydesk_api::Limits {
        daily,
        weekly,
        monthly,
        yearly,
        custom,
    } = written;
    let calendar = [
        (daily, Window::DAY),
        (weekly, Window::WEEK),
        (monthly, Window::MONTH),
        (yearly, Window::YEAR),
    ];
    let mut limits: Vec<_> = calendar
        .into_iter()
        .filter_map(|(max, window)| Some(Limit::new((*max)?, window)))
        .collect();
    for rate in custom {
        let window = Window::parse(&rate.window).map_err(LimitsError::ParseWindow)?;
        limits.push(Limit::new(rate.limit, window));
    }
    Limits::new(limits).map_err(LimitsError::BringTogether)
}

#[cfg(test)]
mod tests {
    use keydesk_api::Rate;

    use super::*;

    fn custom(windows: &[&str]) -> keydesk_api::Limits {
        let rates = windows.iter().map(|window| Rate {
            limit: 7,
            window: (*window).to_owned(),
        });
        keydesk_api::Limits {
            daily: Some(100),
            custom: rates.collect(),
            ..keydesk_api::Limits::default()
        }
    }

    #[test]
    fn every_window_counts_and_none_at_all_is_unlimited() {
        let counted = limits(&custom(&["10s", "24h"])).unwrap();
        let expected = [
            Limit::new(7, Window::parse("10s").unwrap()),
            Limit::new(7, Window::DAY),
        ];
        assert_eq!(counted.as_slice(), expected);
        assert!(limits(&keydesk_api::Limits::default()).unwrap().is_unlimited());
    }

    #[test]
    fn limits_that_nobody_can_count_by_are_refused_as_a_whole() {
        assert!(matches!(
            limits(&custom(&["10s", "soon"])),
            Err(LimitsError::ParseWindow(ParseWindowError::Malformed { .. }))
        ));
        assert!(matches!(
            limits(&custom(&["0s"])),
            Err(LimitsError::ParseWindow(ParseWindowError::ZeroLength { .. }))
        ));
        let many = ["1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s"];
        assert_eq!(
            limits(&custom(&many)),
            Err(LimitsError::BringTogether(TooManyLimits { found: 9 }))
        );
    }
}
