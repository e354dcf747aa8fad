//! The figures as tables for `docs/performance.md`, each with what is aimed at.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::decision::{Decisions, Taken};
use crate::grpc::Check;
use crate::http::Verify;
use crate::memory::Memory;
use crate::start::Start;
use crate::traffic::Comparison;

/// Rows under a heading.
pub(crate) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(columns: &'static [&'static str]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        write!(f, "|{}", "---|".repeat(self.columns.len()))?;
        for row in &self.rows {
            write!(f, "\n| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

/// What decisions cost.
pub(crate) fn decisions(decisions: &Decisions) -> Table {
    let mut table = Table::new(&["decision", "mean", "p50", "p99", "p99.9", "aim"]);
    let mut row = |name: &str, taken: &Taken, aim: String| {
        let Taken { mean, each } = taken;
        table.row([
            name.to_owned(),
            format!("{mean:.0} ns"),
            nanoseconds(each.p50),
            nanoseconds(each.p99),
            nanoseconds(each.p999),
            aim,
        ]);
    };
    for (kind, all) in [
        ("100 callers", &decisions.few),
        ("callers all keys, at most 200 000", &decisions.many),
    ] {
        let base = all.first().map_or(f64::NAN, |taken| taken.mean);
        for (keys, taken) in decisions.keys.iter().zip(all) {
            let ratio = taken.mean / base;
            let few = kind == "100 callers";
            let aim = match keys {
                100_000 => "p99 < 5 µs".to_owned(),
                1_000_000 if few => format!("≤ 1.2 times 100 keys: {ratio:.2}"),
                1_000_000 => format!("({ratio:.2} times 100 keys)"),
                _ => String::new(),
            };
            row(&format!("{kind}, {keys} keys"), taken, aim);
        }
    }
    row(
        "a key that is known, 1 000 000 keys",
        &decisions.hit,
        String::new(),
    );
    let ratio = decisions.miss.mean / decisions.hit.mean;
    row(
        "one that nobody has",
        &decisions.miss,
        format!("no slower: {ratio:.2} times"),
    );
    row(
        "predicates that read the request",
        &decisions.reads_request,
        String::new(),
    );
    table.row([
        "first call of a key (predicates of the caller)".to_owned(),
        nanoseconds(decisions.first_call),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    table
}

const COMPARED: [&str; 8] = [
    "",
    "requests/s",
    "of the bare server",
    "CPU per request",
    "by CPU",
    "p50",
    "p99",
    "aim",
];

fn compare(table: &mut Table, bare: &str, gate: &str, compared: &Comparison, aim: &str) {
    let percent = |ratio: f64| format!("{:.0} %", ratio * 100.0);
    for (name, measured, ratios, aim) in [
        (bare, &compared.bare, [String::new(), String::new()], ""),
        (
            gate,
            &compared.gate,
            [compared.ratio, compared.ratio_of_processor_time].map(percent),
            aim,
        ),
    ] {
        let [ratio, ratio_of_processor_time] = ratios;
        table.row([
            name.to_owned(),
            format!("{:.0}", measured.per_second),
            ratio,
            microseconds(measured.processor_time),
            ratio_of_processor_time,
            microseconds(measured.latency.p50),
            microseconds(measured.latency.p99),
            aim.to_owned(),
        ]);
    }
}

/// Verifying over HTTP.
pub(crate) fn verify(verify: &Verify) -> Table {
    let mut table = Table::new(&COMPARED);
    let bare = "a handler that answers 200 and leaves the body";
    compare(&mut table, bare, "verify, 1 000 callers", &verify.hits, "≥ 75 %");
    let reader = "a handler that reads the body and answers 200";
    compare(
        &mut table,
        reader,
        "verify, 1 000 callers",
        &verify.beside_reader,
        "",
    );
    let reviews = format!("(reviews of the caller in all: {})", verify.reviews);
    let nobody = "verify, keys that nobody has";
    compare(&mut table, bare, nobody, &verify.misses, "");
    let all = "verify, all 100 000 keys in turn";
    compare(&mut table, bare, all, &verify.all, &reviews);
    table
}

/// Envoy's question over gRPC.
pub(crate) fn check(check: &Check) -> Table {
    let mut table = Table::new(&COMPARED);
    let bare = "a service that answers OK";
    compare(
        &mut table,
        bare,
        "ext_authz, 1 000 callers",
        &check.hits,
        "≥ 80 %",
    );
    let nobody = "ext_authz, keys that nobody has";
    compare(&mut table, bare, nobody, &check.misses, "");
    let all = "ext_authz, all 100 000 keys in turn";
    compare(&mut table, bare, all, &check.all, "");
    table
}

/// What keys take.
pub(crate) fn memory(whole: &Memory, own: &Memory) -> Table {
    let mut table = Table::new(&[
        "memory",
        "keys",
        "known",
        "each has called",
        "bytes per key",
        "aim",
    ]);
    for (name, memory, aim) in [
        ("a gate: catalog, index and snapshot", whole, "< 500 MB"),
        ("of it index and snapshot", own, ""),
    ] {
        table.row([
            name.to_owned(),
            memory.keys.to_string(),
            format!("{} MB", memory.known / 1_000_000),
            format!("{} MB", memory.called / 1_000_000),
            (memory.known / memory.keys).to_string(),
            aim.to_owned(),
        ]);
    }
    table
}

/// Starting.
pub(crate) fn start(start: &Start) -> Table {
    let mut table = Table::new(&["start", "keys", "until it decides", "aim"]);
    table.row([
        "beside the embedded API server, in one process".to_owned(),
        start.keys.to_string(),
        format!("{:.1} s", start.ready.as_secs_f64()),
        "< 10 s".to_owned(),
    ]);
    table
}

fn nanoseconds(duration: Duration) -> String {
    format!("{} ns", duration.as_nanos())
}

fn microseconds(duration: Duration) -> String {
    format!("{:.1} µs", duration.as_secs_f64() * 1e6)
}
