//! The figures as a table for `docs/performance.md`.

use std::fmt::Write as _;
use std::time::Duration;

use super::counting_proxy::Calls;
use super::scale::Scale;

/// What was measured at one number of keys.
pub(super) struct Measurement {
    pub(super) keys: usize,
    pub(super) approvals: usize,
    /// From the first key asked for to the last enforcement secret.
    pub(super) all_approved: Duration,
    /// The controller's, for all further approvals together.
    pub(super) calls: Calls,
    pub(super) processor_time: Duration,
    /// From the approval to its enforcement secret.
    pub(super) latencies: Vec<Duration>,
    /// In bytes.
    pub(super) memory: u64,
    pub(super) calls_at_rest: Calls,
    pub(super) processor_time_at_rest: Duration,
    pub(super) rest: Duration,
    pub(super) scale: Scale,
}

/// The container's limit in upstream's manifests, and how many keys must find room in it.
const MEMORY_LIMIT: u64 = 128 << 20;
const KEYS_WITHIN_LIMIT: usize = 5_000;

impl Measurement {
    fn processor_time_per_approval(&self) -> f64 {
        milliseconds(self.processor_time) / count(self.approvals)
    }

    fn row(&self) -> String {
        format!(
            "| {} | {} | {:.1} ms | {:.0} ms, {:.0} ms | {} MB | {} in {:.0} s, {:.0} ms CPU | {:.0} s |",
            self.keys,
            per_approval(&self.calls, self.approvals),
            self.processor_time_per_approval(),
            milliseconds(median(&self.latencies)),
            milliseconds(self.latencies.iter().max().copied().unwrap_or_default()),
            self.memory / 1_000_000,
            self.calls_at_rest.total(),
            self.rest.as_secs_f64(),
            milliseconds(self.processor_time_at_rest),
            self.all_approved.as_secs_f64(),
        )
    }
}

/// The table, and how processor time grows with the number of keys.
pub(super) fn table(measurements: &[Measurement]) -> String {
    let mut table = String::from(
        "\n| keys | API calls per further approval | CPU per further approval | approval → enforcement secret: median, max \
         | controller RSS | calls at rest | all keys approved after |\n|---|---|---|---|---|---|---|\n",
    );
    for measurement in measurements {
        table.push_str(&measurement.row());
        table.push('\n');
    }
    if let [first, .., last] = measurements {
        let ratio = last.processor_time_per_approval() / first.processor_time_per_approval();
        let _ = write!(
            table,
            "\nCPU at {} keys / at {} keys: {ratio:.2}",
            last.keys, first.keys
        );
    }
    for measurement in measurements {
        table.push_str(&verdicts(measurement));
    }
    table
}

/// What must hold at any size, and whether it did.
fn verdicts(measurement: &Measurement) -> String {
    let Measurement {
        keys,
        latencies,
        memory,
        calls_at_rest,
        scale,
        ..
    } = measurement;
    let slowest = latencies.iter().max().copied().unwrap_or_default();
    let latest = scale.lateness.iter().max().copied().unwrap_or_default();
    let rows = [
        (
            "a start, until an approval made before it is enforced",
            format!(
                "{:.1} s, {:.1} s CPU, {}",
                scale.start.as_secs_f64(),
                scale.processor_time_of_start.as_secs_f64(),
                listed(&scale.calls_of_start)
            ),
            None,
        ),
        (
            "an approval is enforced within 1 s",
            format!("{:.0} ms at most", milliseconds(slowest)),
            Some(slowest < Duration::from_secs(1)),
        ),
        (
            "memory below 128 MiB",
            format!(
                "{:.0} MB, after a start {:.0} MB, at most ever {:.0} MB",
                megabytes(*memory),
                megabytes(scale.memory),
                megabytes(scale.most_memory)
            ),
            (*keys <= KEYS_WITHIN_LIMIT).then_some(scale.most_memory < MEMORY_LIMIT),
        ),
        (
            "no calls at rest",
            calls_at_rest.total().to_string(),
            Some(calls_at_rest.total() == 0),
        ),
        (
            "no calls for Secrets of others",
            format!(
                "{} for {} changes, {:.0} ms CPU",
                scale.calls_for_unrelated,
                scale.unrelated,
                milliseconds(scale.processor_time_for_unrelated)
            ),
            Some(scale.calls_for_unrelated == 0),
        ),
        (
            "a denial takes effect within 1 s while the limits of every key change",
            format!(
                "{:.0} ms; {:.1} s for the change, {}",
                milliseconds(scale.denial_amid_change),
                scale.change.as_secs_f64(),
                listed(&scale.calls_for_change)
            ),
            Some(scale.denial_amid_change < Duration::from_secs(1)),
        ),
        (
            "keys are told another end, until all that follows is written",
            format!(
                "{:.1} s for {} keys, {:.1} ms CPU each, {}",
                scale.ends_told.as_secs_f64(),
                scale.lateness.len(),
                milliseconds(scale.processor_time_for_ends) / count(scale.lateness.len()),
                listed(&scale.calls_for_ends)
            ),
            None,
        ),
        (
            "keys that end within one minute are Expired within 2 s",
            format!(
                "{} keys, {:.0} ms late at most, median {:.0} ms",
                scale.lateness.len(),
                milliseconds(latest),
                milliseconds(median(&scale.lateness))
            ),
            Some(latest < Duration::from_secs(2)),
        ),
    ];
    let mut table = format!("\n\n| with {keys} keys | measured | holds |\n|---|---|---|\n");
    for (what, measured, holds) in rows {
        let holds = holds.map_or("", |holds| if holds { "yes" } else { "NO" });
        let _ = writeln!(table, "| {what} | {measured} | {holds} |");
    }
    table
}

fn megabytes(bytes: u64) -> f64 {
    count(usize::try_from(bytes / 1_000).unwrap_or(usize::MAX)) / 1e3
}

fn listed(calls: &Calls) -> String {
    let each = calls.0.iter().map(|(verb, number)| format!("{number} {verb}"));
    each.collect::<Vec<_>>().join(", ")
}

fn per_approval(calls: &Calls, approvals: usize) -> String {
    let each = calls
        .0
        .iter()
        .map(|(verb, number)| format!("{:.1} {verb}", count(*number) / count(approvals)));
    format!(
        "{:.1}: {}",
        count(calls.total()) / count(approvals),
        each.collect::<Vec<_>>().join(", ")
    )
}

fn median(durations: &[Duration]) -> Duration {
    let mut sorted = durations.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "the figures are shown with two digits")]
fn count(number: usize) -> f64 {
    number as f64
}
