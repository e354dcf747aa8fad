//! Bounds how long the past is remembered.

use std::sync::Arc;
use std::time::Duration;

use crate::api::Api;

/// As long as a real server remembers.
const REMEMBERED: Duration = Duration::from_mins(5);

pub(super) async fn run(api: Arc<Api>) {
    let mut before = api.store.revision();
    loop {
        tokio::select! {
            () = api.stopping.cancelled() => return,
            () = tokio::time::sleep(REMEMBERED) => {}
        }
        api.store.compact(before);
        before = api.store.revision();
    }
}
