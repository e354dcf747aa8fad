use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;

/// Works on `queue` until `run` has cancelled the token it is given.
async fn work<Run: Future<Output = Next>>(
    queue: &Queue<u32>,
    workers: usize,
    run: impl Fn(u32, CancellationToken) -> Run + Sync,
) {
    let shutdown = CancellationToken::new();
    let work = queue.work(workers, &shutdown, |item| run(item, shutdown.clone()));
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .expect("the queue comes to its end");
}

#[tokio::test]
async fn one_item_never_runs_twice_at_once_and_others_run_beside_it() {
    const EACH: usize = 50;
    let queue = Queue::default();
    let (running, most, runs) = (
        [const { AtomicUsize::new(0) }; 4],
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let all = AtomicUsize::new(0);
    (0..4).for_each(|item| queue.enqueue(item));
    work(&queue, 4, |item, shutdown| {
        let (queue, running, most, runs, all) = (&queue, &running, &most, &runs, &all);
        async move {
            let mine = &running[item as usize];
            assert_eq!(
                mine.fetch_add(1, Ordering::SeqCst),
                0,
                "item {item} runs twice at once"
            );
            most.fetch_max(all.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            queue.enqueue(item);
            tokio::task::yield_now().await;
            all.fetch_sub(1, Ordering::SeqCst);
            mine.fetch_sub(1, Ordering::SeqCst);
            if runs.fetch_add(1, Ordering::SeqCst) > 4 * EACH {
                shutdown.cancel();
            }
            Next::Settled
        }
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_run_that_panics_is_tried_again_and_holds_up_nobody() {
    let queue = Queue::default();
    let seen = Mutex::new(Vec::new());
    queue.enqueue(13);
    queue.enqueue(1);
    work(&queue, 1, |item, shutdown| {
        let seen = &seen;
        async move {
            let first = !seen.lock().contains(&item);
            seen.lock().push(item);
            assert!(item != 13 || !first, "the first run of 13 panics on purpose");
            if item == 13 {
                shutdown.cancel();
            }
            Next::Settled
        }
    })
    .await;
    assert_eq!(*seen.lock(), [13, 1, 13]);
}

#[tokio::test]
async fn an_item_comes_back_at_the_instant_it_asked_for() {
    let queue = Queue::default();
    let (started, runs) = (Instant::now(), AtomicUsize::new(0));
    let due = started + Duration::from_millis(30);
    queue.enqueue(1);
    work(&queue, 2, |_, shutdown| {
        let runs = &runs;
        async move {
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                return Next::At(due);
            }
            assert!(Instant::now() >= due);
            shutdown.cancel();
            Next::Settled
        }
    })
    .await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_run_under_way_is_finished_at_shutdown() {
    let queue = Queue::default();
    let finished = AtomicUsize::new(0);
    queue.enqueue(1);
    work(&queue, 3, |_, shutdown| {
        let finished = &finished;
        async move {
            shutdown.cancel();
            tokio::time::sleep(Duration::from_millis(5)).await;
            finished.fetch_add(1, Ordering::SeqCst);
            Next::Settled
        }
    })
    .await;
    assert_eq!(finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_run_that_is_cut_off_is_due_again_for_who_works_next() {
    let queue = Queue::default();
    queue.enqueue(7);
    let never = CancellationToken::new();
    let cut_off = queue.work(2, &never, |_| std::future::pending());
    assert!(
        tokio::time::timeout(Duration::from_millis(20), cut_off)
            .await
            .is_err()
    );
    assert_eq!(queue.depth(), 1);
    let runs = AtomicUsize::new(0);
    work(&queue, 1, |item, shutdown| {
        assert_eq!(item, 7);
        runs.fetch_add(1, Ordering::SeqCst);
        shutdown.cancel();
        async { Next::Settled }
    })
    .await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(queue.shared.metrics.adds.get(), 2);
}
