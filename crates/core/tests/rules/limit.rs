//! Limits over windows: a few stories, and laws that hold against a slow and obvious model.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_core::{Admission, Limit, Limits, Slot, Tally, Window};
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn window(text: &str) -> Window {
    Window::parse(text).unwrap()
}

fn limits<const N: usize>(limits: [(i64, &str); N]) -> Limits {
    Limits::new(limits.map(|(max, text)| Limit::new(max, window(text)))).unwrap()
}

/// `remaining` of each limit, shortest window first.
fn left(admission: &Admission) -> Vec<u64> {
    admission
        .allowances()
        .iter()
        .map(|allowance| allowance.remaining)
        .collect()
}

const HOUR: i64 = 3_600_000;

#[test]
fn five_a_day_are_five_and_the_sixth_waits_for_the_end_of_the_day() {
    let gold = limits([(5, "24h")]);
    let mut tally = Tally::default();
    for remaining in [4, 3, 2, 1, 0] {
        let admission = tally.admit(&gold, 1, at(0));
        assert!(admission.is_admitted());
        assert_eq!(left(&admission), [remaining]);
    }
    for _ in 0..3 {
        let refusal = tally.admit(&gold, 1, at(HOUR)).refusal().unwrap();
        assert_eq!(refusal.retry_after, Duration::from_hours(23));
    }
    assert!(!tally.admit(&gold, 1, at(24 * HOUR - 1)).is_admitted());
    assert_eq!(left(&tally.admit(&gold, 1, at(24 * HOUR))), [4]);
}

#[test]
fn a_window_begins_with_its_first_call_not_with_a_look_or_a_refusal() {
    let gold = limits([(5, "24h")]);
    let mut tally = Tally::default();
    assert!(tally.admit(&gold, 0, at(0)).is_admitted());
    assert!(!tally.admit(&gold, 6, at(0)).is_admitted());
    assert_eq!(
        tally.look(&gold, at(HOUR)).allowances()[0].reset,
        Duration::from_hours(24)
    );
    assert_eq!(tally, Tally::default());
    let _ = tally.admit(&gold, 1, at(HOUR));
    assert_eq!(
        tally.look(&gold, at(2 * HOUR)).allowances()[0].reset,
        Duration::from_hours(23)
    );
}

#[test]
fn what_one_window_refuses_is_not_counted_in_the_other() {
    let free = limits([(10, "24h"), (2, "10s")]);
    let mut tally = Tally::default();
    assert_eq!(left(&tally.admit(&free, 2, at(0))), [0, 8]);
    let refused = tally.admit(&free, 1, at(1));
    assert_eq!(refused.refusal().unwrap().limit, Limit::new(2, window("10s")));
    assert_eq!(left(&refused), [0, 8]);
    assert_eq!(left(&tally.admit(&free, 1, at(10_000))), [1, 7]);
}

#[test]
fn of_two_refusals_the_longer_wait_is_told() {
    let plan = limits([(1, "24h"), (1, "10s")]);
    let mut tally = Tally::default();
    let _ = tally.admit(&plan, 1, at(0));
    let refusal = tally.admit(&plan, 1, at(0)).refusal().unwrap();
    assert_eq!(
        (refusal.limit.window, refusal.retry_after),
        (Window::DAY, Duration::from_hours(24))
    );
}

#[test]
fn what_can_never_pass_is_told_the_length_of_the_window() {
    let plan = limits([(5, "24h")]);
    let mut tally = Tally::default();
    let _ = tally.admit(&plan, 1, at(0));
    let refusal = tally.admit(&plan, 6, at(HOUR)).refusal().unwrap();
    assert_eq!(refusal.retry_after, Duration::from_hours(24));
    let nothing = limits([(-1, "24h")]);
    assert!(!tally.admit(&nothing, 1, at(HOUR)).is_admitted());
}

#[test]
fn a_clock_set_back_gives_nothing_back() {
    let plan = limits([(2, "1h")]);
    let mut tally = Tally::default();
    let _ = tally.admit(&plan, 2, at(10 * HOUR));
    for now in [9 * HOUR, 0, 10 * HOUR, 11 * HOUR - 1] {
        let refusal = tally.admit(&plan, 1, at(now)).refusal().unwrap();
        let wait = u64::try_from(11 * HOUR - now).unwrap();
        assert_eq!(refusal.retry_after, Duration::from_millis(wait));
    }
    assert!(tally.admit(&plan, 1, at(11 * HOUR)).is_admitted());
}

#[test]
fn a_new_plan_keeps_what_was_used_in_windows_of_the_same_length() {
    let (free, gold) = (limits([(3, "24h"), (2, "10s")]), limits([(100, "24h")]));
    let mut tally = Tally::default();
    let _ = tally.admit(&free, 2, at(0));
    let admission = tally.admit(&gold, 1, at(HOUR));
    assert_eq!(left(&admission), [97]);
    assert_eq!(admission.allowances()[0].reset, Duration::from_hours(23));
    assert_eq!(left(&tally.look(&free, at(HOUR))), [2, 0]);
}

#[test]
fn going_to_another_plan_and_back_frees_nothing() {
    let (free, gold) = (limits([(2, "24h")]), limits([(100, "1h")]));
    let mut tally = Tally::default();
    let _ = tally.admit(&free, 2, at(0));
    let _ = tally.admit(&gold, 1, at(1));
    assert!(!tally.admit(&free, 1, at(2)).is_admitted());
    let _ = tally.admit(&gold, 1, at(24 * HOUR));
    assert_eq!(tally.slots().len(), 1, "the day has ended and is forgotten");
}

#[test]
fn half_a_second_is_a_window_too() {
    let plan = limits([(100, "24h"), (1, "500ms")]);
    let mut tally = Tally::default();
    assert!(tally.admit(&plan, 1, at(0)).is_admitted());
    assert!(!tally.admit(&plan, 1, at(499)).is_admitted());
    assert!(tally.admit(&plan, 1, at(500)).is_admitted());
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let forever = Window::from_millis(u64::MAX).unwrap();
    let most = Limits::new([Limit {
        max: u64::MAX,
        window: forever,
    }])
    .unwrap();
    let mut tally = Tally::default();
    assert!(tally.admit(&most, u64::MAX, Timestamp::MAX).is_admitted());
    assert!(!tally.admit(&most, u64::MAX, Timestamp::MIN).is_admitted());
    assert!(!tally.admit(&most, 1, Timestamp::MAX).is_admitted());
}

#[test]
fn a_record_with_two_slots_for_one_window_counts_the_fuller() {
    let slot = |start, used| Slot {
        window: Window::DAY,
        start,
        used,
    };
    let tally = Tally::restore([slot(0, 1), slot(1, 3), slot(2, 2)], at(HOUR));
    assert_eq!(tally.slots(), [slot(1, 3)]);
    assert!(Tally::restore([slot(0, 1)], at(24 * HOUR)).slots().is_empty());
}

/// One admitted call, as the model remembers it.
struct Call {
    at: i64,
    cost: u64,
    windows: Vec<Window>,
}

/// Every call that was ever admitted, in order. What is used of a window is found by going through all of them.
#[derive(Default)]
struct Model(Vec<Call>);

impl Model {
    /// When the open window began and what was used in it.
    fn window(&self, window: Window, now: i64) -> Option<(i64, u64)> {
        let length = i64::try_from(window.as_millis()).unwrap();
        let mut open: Option<(i64, u64)> = None;
        for call in &self.0 {
            open = open.filter(|(start, _)| call.at < start + length);
            if call.windows.contains(&window) {
                let (start, used) = open.unwrap_or((call.at, 0));
                open = Some((start, used + call.cost));
            }
        }
        open.filter(|(start, _)| now < start + length)
    }

    fn admit(&mut self, limits: &Limits, cost: u64, now: i64) -> bool {
        let used = |limit: &Limit| self.window(limit.window, now).map_or(0, |(_, used)| used);
        let admitted = cost == 0
            || limits
                .as_slice()
                .iter()
                .all(|limit| used(limit) + cost <= limit.max);
        if admitted && cost > 0 {
            self.0.push(Call {
                at: now,
                cost,
                windows: limits.as_slice().iter().map(|limit| limit.window).collect(),
            });
        }
        admitted
    }
}

/// Up to three limits out of few windows, so that plans share some of them.
fn plan() -> impl Strategy<Value = Limits> {
    let limit = (0_i64..8, select(vec![3_u64, 10, 25, 100]))
        .prop_map(|(max, millis)| Limit::new(max, Window::from_millis(millis).unwrap()));
    vec(limit, 0..4).prop_map(|limits| Limits::new(limits).unwrap())
}

/// Plan, cost, and by how much the clock moves on or back before the call.
fn calls() -> impl Strategy<Value = Vec<(usize, u64, i64)>> {
    let step = prop_oneof![8 => 0_i64..4, 2 => 0_i64..120, 1 => -60_i64..0];
    vec((0_usize..3, 0_u64..4, step), 1..120)
}

proptest! {
    #[test]
    fn a_tally_says_what_going_through_all_calls_says(plans in vec(plan(), 3), calls in calls()) {
        let (mut tally, mut model, mut now) = (Tally::default(), Model::default(), 1_000);
        for (plan, cost, step) in calls {
            let limits = &plans[plan];
            now += step;
            let before = tally.clone();
            let admission = tally.admit(limits, cost, at(now));
            prop_assert_eq!(admission.is_admitted(), model.admit(limits, cost, now));
            if !admission.is_admitted() || cost == 0 {
                prop_assert_eq!(&tally, &before);
            }
            prop_assert_eq!(admission.allowances().len(), limits.as_slice().len());
            for (allowance, limit) in admission.allowances().iter().zip(limits.as_slice()) {
                let length = limit.window.as_millis();
                let (reset, used) = model.window(limit.window, now).map_or((length, 0), |(start, used)| {
                    (u64::try_from(start - now).unwrap_or(0) + length - u64::try_from(now - start).unwrap_or(0), used)
                });
                prop_assert_eq!(allowance.limit, *limit);
                prop_assert_eq!(allowance.remaining, limit.max.saturating_sub(used));
                prop_assert_eq!(allowance.reset, Duration::from_millis(reset));
            }
            let look = tally.look(limits, at(now));
            prop_assert_eq!(look.allowances(), admission.allowances());
        }
    }

    #[test]
    fn a_refused_call_passes_after_the_time_it_was_told_and_not_sooner(plan in plan(), calls in calls()) {
        let (mut tally, mut now) = (Tally::default(), 1_000);
        for (_, cost, step) in calls {
            now += step;
            let Some(refusal) = tally.admit(&plan, cost, at(now)).refusal() else { continue };
            let then = now + i64::try_from(refusal.retry_after.as_millis()).unwrap();
            let can_ever = plan.as_slice().iter().all(|limit| cost <= limit.max);
            prop_assert_eq!(tally.clone().admit(&plan, cost, at(then)).is_admitted(), can_ever);
            prop_assert!(!tally.clone().admit(&plan, cost, at(then - 1)).is_admitted());
        }
    }

    #[test]
    fn forgetting_an_idle_tally_and_restoring_any_other_changes_nothing(
        plans in vec(plan(), 2), calls in calls(), later in 0_i64..150, cost in 1_u64..4,
    ) {
        let (mut tally, mut now) = (Tally::default(), 1_000);
        for (_, cost, step) in calls {
            now += step;
            let _ = tally.admit(&plans[0], cost, at(now));
        }
        let then = at(now + later);
        let mut kept = Tally::restore(tally.slots().iter().copied(), then);
        prop_assert_eq!(tally.is_idle(then), kept.slots().is_empty());
        prop_assert_eq!(kept.admit(&plans[1], cost, then), tally.admit(&plans[1], cost, then));
    }

    #[test]
    fn a_window_is_read_back_as_it_prints(parts in vec((0_u64..100_000, select(vec!["h", "m", "s", "ms"])), 1..5)) {
        let text = parts.iter().fold(String::new(), |text, (number, unit)| format!("{text}{number}{unit}"));
        let of = |unit| match unit { "h" => 3_600_000, "m" => 60_000, "s" => 1_000, _ => 1 };
        let millis: u64 = parts.iter().map(|(number, unit)| number * of(*unit)).sum();
        match Window::parse(&text) {
            Err(_) => prop_assert_eq!(millis, 0),
            Ok(window) => {
                prop_assert_eq!(window.as_millis(), millis);
                // More hours than policies can write in one number are printed nevertheless.
                if millis / 3_600_000 < 100_000 {
                    prop_assert_eq!(Window::parse(&window.to_string()), Ok(window));
                }
            }
        }
    }

    #[test]
    fn a_text_with_anything_else_in_it_is_no_window(text in "[0-9hms µH.+-]{0,9}") {
        let written = text.chars().all(|c| c.is_ascii_digit() || "hms".contains(c));
        prop_assert!(written || Window::parse(&text).is_err());
    }
}
