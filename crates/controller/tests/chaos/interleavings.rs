//! Any order of any steps.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use keydesk_testkit::Odds;
use parking_lot::Mutex;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::check;
use crate::play::Step;
use crate::plays;
use crate::stage::{Tally, Theatre};

#[test]
fn s094_to_s137_no_order_of_things_grants_what_nobody_approved_or_loses_a_decision() {
    // The first seeds with everything at once, the next with a network that takes its time, and so on.
    let weathers = [Odds::default(), Odds::DRIZZLE, Odds::DRIZZLE];
    let tally = give_all(
        "KEYDESK_INTERLEAVINGS",
        60,
        plays::interleavings,
        |theatre, seed, play| {
            let odds = weathers[usize::try_from(seed).unwrap() % weathers.len()];
            theatre.give(seed, odds, play, async |stage| {
                check::comes_to_rest(stage).await?;
                stage.is_quiet(true).await
            })
        },
    );
    has_seen(&tally, &STANDINGS);
    has_seen(&tally, &["SecretAPIKeyDuplicate", "slow"]);
}

/// Where a key can stand.
pub(crate) const STANDINGS: [&str; 10] = [
    "APIProductNotFound",
    "Approved",
    "AuthSchemeNotFound",
    "AwaitingApproval",
    "Denied",
    "KeyExpired",
    "KuadrantNotFound",
    "PlanTierNotFound",
    "SecretAPIKeyNotFound",
    "TermsChanged",
];

/// So many plays are given in one world, each after the one before: part of what a play meets is what those left behind.
const SEASON: u64 = 20;

/// A proof of nothing if nothing happened.
pub(crate) fn has_seen(tally: &Tally, all: &[&str]) {
    // A few hundred plays need not come to everything.
    let stood: usize = STANDINGS.iter().filter_map(|standing| tally.get(standing)).sum();
    let enough = stood > 4_000;
    for what in all {
        assert!(
            !enough || tally.contains_key(what),
            "no play came to {what}, only to {tally:?}"
        );
    }
}

/// Gives so many plays, each with a seed of its own, with all processors. A failing one is made as short as it goes.
pub(crate) fn give_all(
    variable: &str,
    default: u64,
    plays: impl Fn() -> BoxedStrategy<Vec<Step>> + Sync,
    give: impl Fn(&mut Theatre, u64, &[Step]) -> Result<Tally, String> + Sync,
) -> Tally {
    let number = environment(variable).unwrap_or(default);
    let first = environment("KEYDESK_SEED").unwrap_or(0);
    let seasons = AtomicU64::new(0);
    let sum: Mutex<Tally> = Mutex::default();
    let work = || {
        loop {
            let opening = seasons.fetch_add(1, Ordering::Relaxed) * SEASON;
            if opening >= number {
                return;
            }
            let mut theatre = Theatre::new();
            for nth in opening..number.min(opening + SEASON) {
                let tally = give_one(&mut theatre, first + nth, &plays(), &give).unwrap_or_else(|failed| {
                    panic!(
                        "{failed}\nto repeat it: {variable}={} KEYDESK_SEED={}",
                        nth - opening + 1,
                        first + opening
                    )
                });
                let mut sum = sum.lock();
                for (what, times) in tally {
                    *sum.entry(what).or_default() += times;
                }
            }
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                seasons.store(number, Ordering::Relaxed);
                std::panic::resume_unwind(panic);
            }
        }
    });
    sum.into_inner()
}

fn give_one(
    theatre: &mut Theatre,
    seed: u64,
    plays: &BoxedStrategy<Vec<Step>>,
    give: &impl Fn(&mut Theatre, u64, &[Step]) -> Result<Tally, String>,
) -> Result<Tally, String> {
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut dice = [0; 32];
    dice[..8].copy_from_slice(&seed.to_le_bytes());
    let dice = TestRng::from_seed(RngAlgorithm::ChaCha, &dice);
    let (theatre, tally) = (RefCell::new(theatre), RefCell::new(Tally::new()));
    let outcome = TestRunner::new_with_rng(config, dice).run(plays, |play| {
        let given = give(&mut theatre.borrow_mut(), seed, &play);
        *tally.borrow_mut() = given.map_err(TestCaseError::fail)?;
        Ok(())
    });
    outcome.map_err(|failed| format!("seed {seed}: {failed:#}"))?;
    Ok(tally.into_inner())
}

pub(crate) fn environment(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|error| panic!("{variable}={value:?}: {error}")),
    )
}
