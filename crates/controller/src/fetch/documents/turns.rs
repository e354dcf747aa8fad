//! Who fetches next.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Fetches under way at once, over all groups. Each may hold a document of the largest size in memory.
const OVER_ALL: usize = 24;
/// Fetches under way at once for one group.
const FOR_ONE: usize = 8;

/// Lets few fetch at once, and fewer of one group: servers that never answer hold up the documents of those who named
/// them, and of nobody else. A group without fetches takes no memory.
pub(super) struct Turns {
    all: Semaphore,
    groups: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            all: Semaphore::new(OVER_ALL),
            groups: Mutex::default(),
        }
    }
}

impl Turns {
    /// Awaits `fetch` when it is its turn.
    pub(super) async fn wait_for<T>(&self, group: &str, fetch: impl Future<Output = T>) -> T {
        let share = Share::of(self, group);
        // The semaphores are never closed; without a permit the bound would merely be missed. First the own one: who waits
        // for it takes nothing from others.
        let _own = share.permits.acquire().await;
        let _any = self.all.acquire().await;
        fetch.await
    }
}

/// The part of a group, which goes with the last who uses it.
struct Share<'a> {
    turns: &'a Turns,
    group: &'a str,
    permits: Arc<Semaphore>,
}

impl<'a> Share<'a> {
    fn of(turns: &'a Turns, group: &'a str) -> Self {
        let mut groups = turns.groups.lock();
        let permits = groups
            .entry(group.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(FOR_ONE)))
            .clone();
        Self {
            turns,
            group,
            permits,
        }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut groups = self.turns.groups.lock();
        // The map's and this one: nobody else can get one while the lock is held.
        if Arc::strong_count(&self.permits) == 2 {
            groups.remove(self.group);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_group_whose_fetches_never_end_holds_up_itself_alone() {
        let turns = Arc::new(Turns::default());
        let stuck = |group: &'static str| {
            let turns = turns.clone();
            tokio::spawn(async move { turns.wait_for(group, pending::<()>()).await })
        };
        let left = async |permits| {
            while turns.all.available_permits() != permits {
                tokio::task::yield_now().await;
            }
        };
        let mut tasks: Vec<_> = (0..5 * OVER_ALL).map(|_| stuck("hostile")).collect();
        left(OVER_ALL - FOR_ONE).await;
        let soon = Duration::from_secs(5);
        assert_eq!(
            timeout(soon, turns.wait_for("honest", async { 7 })).await.ok(),
            Some(7)
        );
        let short = Duration::from_millis(20);
        assert!(timeout(short, turns.wait_for("hostile", async {})).await.is_err());

        // All together have a bound too.
        for group in ["another", "a third"] {
            tasks.extend((0..FOR_ONE).map(|_| stuck(group)));
        }
        left(0).await;
        assert!(timeout(short, turns.wait_for("honest", async {})).await.is_err());
        for task in &tasks {
            task.abort();
        }
        assert_eq!(
            timeout(soon, turns.wait_for("honest", async { 8 })).await.ok(),
            Some(8)
        );
        for task in tasks {
            let _ = task.await;
        }
        assert!(turns.groups.lock().is_empty());
    }
}
