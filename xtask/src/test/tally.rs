//! How many tests passed and failed, read from what the tests print.

use std::fmt;
use std::ops::AddAssign;

/// Passed and failed tests. A test binary that ended without its own count is one failed test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// Reads every `test result:` line. `succeeded` is whether the program that printed them exited with 0.
    pub(super) fn read(output: &str, succeeded: bool) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            // A test's own output can stand before it on the line.
            if let Some((_, counts)) = line.split_once("test result: ") {
                tally += Self {
                    passed: count(counts, "passed"),
                    failed: count(counts, "failed"),
                };
            }
        }
        if !succeeded && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }

    /// Whether no test failed, and there was one.
    pub(super) fn is_green(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// The number before `word` in `ok. 3 passed; 0 failed; …`.
fn count(counts: &str, word: &str) -> u32 {
    let mut words = counts.split([' ', ';', '.']).filter(|word| !word.is_empty());
    let mut before = "";
    words
        .find_map(|each| {
            if each == word {
                before.parse().ok()
            } else {
                before = each;
                None
            }
        })
        .unwrap_or(0)
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn check(output: &str, succeeded: bool, expected: &str) {
        assert_eq!(Tally::read(output, succeeded).to_string(), expected);
    }

    #[test]
    fn every_result_line_is_counted() {
        check(
            "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; finished in 0.00s\n\
             test result: FAILED. 12 passed; 4 failed; 0 ignored; finished in 1.00s\n",
            false,
            "15 passed, 4 failed",
        );
    }

    #[test]
    fn a_program_that_dies_without_a_result_is_a_failure() {
        check("running 3 tests\n", false, "0 passed, 1 failed");
        check(
            "test result: ok. 3 passed; 0 failed; 0 ignored\n",
            false,
            "3 passed, 1 failed",
        );
    }

    #[test]
    fn nothing_run_is_not_green() {
        assert!(!Tally::default().is_green());
    }
}
