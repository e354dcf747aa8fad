//! The task that writes down what was counted.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::{Counters, Ledger, LedgerError};

/// How many shards are swept in each turn: with a turn every second, all of them in about a minute.
const SWEEPS: usize = 4;

/// Saves what changed and forgets who is idle, in turns that begin `every` so often, until `shutdown`; then saves once
/// more. After a kill, what was admitted since the last save began is admitted again.
///
/// `tell` hears how each turn went: how many records were written, or why none was. A turn that failed is made up for
/// by the next.
///
/// # Errors
/// If the last save failed.
pub async fn keep(
    ledger: Arc<Ledger>,
    counters: Arc<Counters>,
    every: Duration,
    shutdown: impl Future<Output = ()>,
    mut tell: impl FnMut(&Result<usize, LedgerError>),
) -> Result<(), LedgerError> {
    let mut shutdown = pin!(shutdown);
    let mut turns = tokio::time::interval(every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let last = tokio::select! {
            biased;
            () = &mut shutdown => true,
            _ = turns.tick() => false,
        };
        let (ledger, counters) = (Arc::clone(&ledger), Arc::clone(&counters));
        let turn = move || {
            let now = Timestamp::now();
            for _ in 0..SWEEPS {
                counters.sweep(now);
            }
            ledger.save(&counters)
        };
        let saved = tokio::task::spawn_blocking(turn)
            .await
            .unwrap_or_else(|source| Err(LedgerError::Finish(source)));
        tell(&saved);
        if last {
            return saved.map(drop);
        }
    }
}
