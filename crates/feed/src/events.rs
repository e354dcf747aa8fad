//! The events of one watch.

use std::fmt::Debug;

use futures::{Stream, StreamExt as _, stream};
use http::StatusCode;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

/// Objects of a list that come at a time. Servers count what is left for each page, so that small ones make long lists slow;
/// of large ones, every kind has one in memory at once.
const PAGE: u32 = 1_000;

/// What happens to the objects of `api`. As kube's own watcher, but for one thing: where a server says in its status
/// line, not in the stream, that it has forgotten the version to go on from, that one asks for it again and again. This
/// one lists anew.
pub(crate) fn events<K>(
    api: Api<K>,
    config: watcher::Config,
) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Resource + DeserializeOwned + Clone + Debug + Send + 'static,
{
    let config = config.page_size(PAGE);
    let begin = move || Box::pin(watcher(api.clone(), config.clone()));
    stream::unfold((begin(), begin), async |(mut events, begin)| {
        let event = events.next().await?;
        if event.as_ref().is_err_and(says_too_old) {
            events = begin();
        }
        Some((event, (events, begin)))
    })
}

fn says_too_old(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            status.code == StatusCode::GONE.as_u16()
        }
        watcher::Error::WatchStartFailed(_)
        | watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchError(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
    }
}
