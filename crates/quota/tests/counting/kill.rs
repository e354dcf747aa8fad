//! A process is killed: what came after the last save is all that is lost.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use jiff::Timestamp;
use keydesk_quota::{Ledger, Subject};

use crate::{left, limits};

/// Tells the process that is to be killed where its ledger is.
const DIRECTORY: &str = "KEYDESK_TEST_LEDGER";
const MAX: i64 = 1_000_000_000;

/// Admits without end and saves again and again, saying after each save what it holds at least.
fn admit_until_killed(directory: &Path) {
    let ledger = Ledger::open(directory).unwrap();
    let counters = Arc::new(ledger.load(Timestamp::now()).unwrap());
    let (plan, ada) = (limits([(MAX, "24h")]), Subject::key("ada"));
    let admitted = Arc::new(AtomicU64::new(0));
    thread::spawn({
        let (counters, admitted, plan) = (Arc::clone(&counters), Arc::clone(&admitted), plan.clone());
        move || {
            loop {
                let _ = counters.admit(ada, &plan, 1, Timestamp::now());
                admitted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let mut said = io::stdout();
    loop {
        let at_least = admitted.load(Ordering::SeqCst);
        if ledger.save(&counters).unwrap() > 0 {
            writeln!(said, "\nsaved {at_least}").unwrap();
        }
    }
}

#[test]
fn after_a_kill_only_what_came_after_the_last_save_is_admitted_again() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        admit_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let (plan, ada) = (limits([(MAX, "24h")]), Subject::key("ada"));
    let mut kept_before = 0;
    for saves in [1, 7, 40] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::after_a_kill_only_what_came_after_the_last_save_is_admitted_again",
            ])
            .args(["--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut saved = 0;
        for _ in 0..saves {
            saved = loop {
                let line = lines.next().unwrap().unwrap();
                if let Some(number) = line.strip_prefix("saved ") {
                    break number.parse::<u64>().unwrap();
                }
            };
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let now = Timestamp::now();
        let ledger = Ledger::open(directory.path()).unwrap();
        let counters = ledger.load(now).unwrap();
        let used = u64::try_from(MAX).unwrap() - left(&counters.peek(ada, &plan, now))[0];
        assert!(
            used >= kept_before + saved,
            "{saved} were saved on top of {kept_before}, {used} are there"
        );
        kept_before = used;
    }
    assert!(kept_before >= 3, "every child admitted and saved something");
}
