//! The file of audit records. What cannot be written there is told and counted: nobody misses a line that is not there.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
};

use parking_lot::Mutex;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tracing_subscriber::fmt::MakeWriter;

/// How many records were written, and how many could not be. Clones count together.
#[derive(Debug, Clone)]
pub struct AuditRecords(Family<Became, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Became {
    outcome: &'static str,
}

const WRITTEN: Became = Became { outcome: "written" };
const FAILED: Became = Became { outcome: "failed" };

impl Default for AuditRecords {
    /// With both outcomes at zero: an alert needs a beginning.
    fn default() -> Self {
        let records = Self(Family::default());
        for outcome in [WRITTEN, FAILED] {
            drop(records.0.get_or_create(&outcome));
        }
        records
    }
}

impl AuditRecords {
    /// Makes them part of what is scraped.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Audit records, by whether they could be written to the file";
        registry.register("audit_records", help, self.0.clone());
    }

    fn count(&self, outcome: &Became) {
        self.0.get_or_create(outcome).inc();
    }
}

/// A file that audit records are appended to.
#[derive(Debug)]
pub struct AuditFile {
    name: String,
    records: AuditRecords,
    lines: Mutex<Lines<File>>,
}

impl AuditFile {
    /// The file of this name, opened to append to.
    #[must_use]
    pub fn new(name: String, file: File) -> Self {
        Self {
            name,
            records: AuditRecords::default(),
            lines: Mutex::new(Lines::new(file)),
        }
    }

    /// What is counted of it.
    #[must_use]
    pub fn records(&self) -> AuditRecords {
        self.records.clone()
    }

    /// Appends one record, a line. That it cannot be written is told in the log, once, and so is that it can be again.
    pub fn append(&self, line: &[u8]) {
        // Not locked any more when the log is told: what logs may be logged about.
        let (is_written, news) = self.lines.lock().append(line);
        self.records.count(if is_written { &WRITTEN } else { &FAILED });
        let name = &self.name;
        match news {
            None => {}
            Some(News::Lost(error)) => tracing::error!(
                error = error.to_string(),
                "failed to write the audit log {name}: records are missing from here on"
            ),
            Some(News::Back { missing }) => {
                tracing::info!(
                    missing,
                    "the audit log {name} is written again: {missing} records are missing"
                );
            }
        }
    }
}

impl<'a> MakeWriter<'a> for AuditFile {
    type Writer = Record<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Record(self)
    }
}

/// Takes one record in one write, as the log hands it over.
#[derive(Debug)]
pub struct Record<'a>(&'a AuditFile);

impl Write for Record<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is worth a line in the log: not each record, but that it goes wrong, and that it goes well again.
#[derive(Debug)]
enum News {
    Lost(io::Error),
    Back { missing: u64 },
}

/// Whole lines, one after the other.
#[derive(Debug)]
struct Lines<W> {
    out: W,
    /// Since writing failed.
    missing: u64,
    /// Of the last line only the beginning was written.
    is_cut: bool,
}

impl<W: Write> Lines<W> {
    const fn new(out: W) -> Self {
        Self {
            out,
            missing: 0,
            is_cut: false,
        }
    }

    /// Whether the line was written, and what is new about that.
    fn append(&mut self, line: &[u8]) -> (bool, Option<News>) {
        match self.write(line) {
            Ok(()) => {
                let missing = std::mem::take(&mut self.missing);
                (true, (missing > 0).then_some(News::Back { missing }))
            }
            Err(error) => {
                self.missing += 1;
                (false, (self.missing == 1).then_some(News::Lost(error)))
            }
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_cut {
            self.out.write_all(b"\n")?;
            self.is_cut = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    rest = rest.get(bytes..).unwrap_or_default();
                    self.is_cut = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room.
    #[derive(Default)]
    struct Disk {
        room: usize,
        text: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let bytes = &bytes[..bytes.len().min(self.room)];
            if bytes.is_empty() {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room -= bytes.len();
            self.text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_once_and_its_end_once() {
        let mut lines = Lines::new(Disk::default());
        let lost = |told: (bool, Option<News>)| matches!(told, (false, Some(News::Lost(_))));
        let back = |told: (bool, Option<News>)| match told {
            (true, Some(News::Back { missing })) => missing,
            other => panic!("{other:?}"),
        };
        for _ in 0..2 {
            lines.out.room = 4;
            assert!(matches!(lines.append(b"one\n"), (true, None)));
            assert!(lost(lines.append(b"two\n")));
            for _ in 0..3 {
                assert!(matches!(lines.append(b"three\n"), (false, None)));
            }
            lines.out.room = 9;
            assert_eq!(back(lines.append(b"four\n")), 4);
        }
    }

    #[test]
    fn a_line_that_was_cut_spoils_no_other() {
        let mut lines = Lines::new(Disk::default());
        lines.out.room = 6;
        lines.append(b"one\n");
        lines.append(b"two\n");
        lines.append(b"three\n");
        lines.out.room = 100;
        lines.append(b"four\n");
        lines.append(b"five\n");
        assert_eq!(lines.out.text, b"one\ntw\nfour\nfive\n");
    }
}
