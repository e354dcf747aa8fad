//! What the system says about this process, under the names that Prometheus' own clients give it. Read when it is asked
//! for, from `/proc`; where there is none, nothing is said.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// What the kernel counts time in towards programs, on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Makes the process itself part of what is scraped.
pub fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Proc));
}

#[derive(Debug)]
struct Proc;

/// As it is now.
#[derive(Debug, PartialEq)]
struct Vitals {
    /// Processor time, in seconds.
    cpu: f64,
    /// When it was started, in seconds since 1970.
    started: f64,
    threads: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
    open_files: f64,
    most_files: f64,
}

impl Vitals {
    fn now() -> Option<Self> {
        let read = |file: &str| fs::read_to_string(file).ok();
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count();
        Self::of(
            &read("/proc/self/stat")?,
            &read("/proc/self/status")?,
            &read("/proc/self/limits")?,
            &read("/proc/stat")?,
            u32::try_from(open_files).ok()?,
        )
    }

    /// From the texts of `/proc/self/stat`, `/proc/self/status`, `/proc/self/limits` and `/proc/stat` (proc(5)).
    fn of(stat: &str, status: &str, limits: &str, system: &str, open_files: u32) -> Option<Self> {
        // The name of the program comes first, in brackets, and may hold anything.
        let (_, stat) = stat.rsplit_once(')')?;
        let field = |number: usize| stat.split_whitespace().nth(number - 3)?.parse::<f64>().ok();
        let bytes = |name: &str| value(status, name)?.parse::<f64>().ok().map(|kib| kib * 1024.0);
        let booted: f64 = value(system, "btime")?.parse().ok()?;
        Some(Self {
            cpu: (field(14)? + field(15)?) / TICKS_PER_SECOND,
            started: booted + field(22)? / TICKS_PER_SECOND,
            threads: field(20)?,
            virtual_bytes: bytes("VmSize:")?,
            resident_bytes: bytes("VmRSS:")?,
            open_files: f64::from(open_files),
            most_files: value(limits, "Max open files")?.parse().unwrap_or(f64::INFINITY),
        })
    }
}

/// The first word after `name` at the beginning of a line.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()
}

impl Collector for Proc {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(vitals) = Vitals::now() else {
            return Ok(());
        };
        let Vitals {
            cpu,
            started,
            threads,
            virtual_bytes,
            resident_bytes,
            open_files,
            most_files,
        } = vitals;
        let used = ConstCounter::new(cpu);
        used.encode(encoder.encode_descriptor(
            "process_cpu",
            "Processor time used",
            Some(&Unit::Seconds),
            used.metric_type(),
        )?)?;
        for (name, help, unit, value) in [
            (
                "process_start_time",
                "When it was started, since 1970",
                Some(Unit::Seconds),
                started,
            ),
            (
                "process_virtual_memory",
                "Memory that is mapped",
                Some(Unit::Bytes),
                virtual_bytes,
            ),
            (
                "process_resident_memory",
                "Memory that is held",
                Some(Unit::Bytes),
                resident_bytes,
            ),
            ("process_threads", "Threads", None, threads),
            (
                "process_open_fds",
                "Files and sockets that are open",
                None,
                open_files,
            ),
            (
                "process_max_fds",
                "Files and sockets that may be open",
                None,
                most_files,
            ),
        ] {
            let gauge = ConstGauge::new(value);
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), kind)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 12345 1000 10";
        let status = "Name:\ta) b\nVmSize:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        let limits = "Limit   Soft Limit   Hard Limit   Units\nMax open files   1024   4096   files\n";
        let system = "cpu  1 2 3\nbtime 1000000000\n";
        let vitals = Vitals {
            cpu: 3.0,
            started: 1_000_000_123.45,
            threads: 9.0,
            virtual_bytes: 2_097_152.0,
            resident_bytes: 1_048_576.0,
            open_files: 5.0,
            most_files: 1024.0,
        };
        assert_eq!(Vitals::of(stat, status, limits, system, 5), Some(vitals));
        assert_eq!(Vitals::of("", "", "", "", 5), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn it_says_what_prometheus_expects() {
        let (mut registry, mut text) = (Registry::default(), String::new());
        register(&mut registry);
        encode(&mut text, &registry).unwrap();
        for name in [
            "process_cpu_seconds_total ",
            "process_start_time_seconds ",
            "process_resident_memory_bytes ",
            "process_virtual_memory_bytes ",
            "process_open_fds ",
            "process_max_fds ",
            "process_threads ",
        ] {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let value: f64 = line.unwrap_or_else(|| panic!("{name}: {text}")).parse().unwrap();
            assert!(value >= 0.0, "{text}");
        }
    }
}
