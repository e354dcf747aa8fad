//! The line between a gate and its API server, which a test can cut in all the ways in which lines are cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;
use tower::{BoxError, service_fn};

/// In what state a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything gets through.
    Whole,
    /// Everything that is said arrives this much later.
    Slow(Duration),
    /// Connections break off, and nobody can connect.
    Refused,
    /// Nothing gets through and nobody is told. What was open then stays so for ever.
    Dead,
}

/// A line. Whatever was asked through it is remembered.
pub(crate) struct Line {
    state: watch::Sender<State>,
    requests: Mutex<Vec<String>>,
    forgotten: Mutex<Option<BTreeSet<String>>>,
    /// How often the server lets hear of itself on a watch without news, beyond what it does by itself.
    beat: Option<Duration>,
}

impl Line {
    /// A whole line to the server that `client` speaks to, and a client that speaks through it.
    pub(crate) fn to(client: &Client, state: State) -> (Arc<Self>, Client) {
        Self::with_beat(client, state, None)
    }

    /// The same, with a server that sends bookmarks that often.
    pub(crate) fn with_beat(client: &Client, state: State, beat: Option<Duration>) -> (Arc<Self>, Client) {
        let line = Arc::new(Self {
            state: watch::Sender::new(state),
            requests: Mutex::default(),
            forgotten: Mutex::default(),
            beat,
        });
        let (client, carrier) = (client.clone(), Arc::clone(&line));
        let service = service_fn(move |request| {
            let (client, carrier) = (client.clone(), Arc::clone(&carrier));
            async move { carrier.carry(&client, request).await }
        });
        (line, Client::new(service, "default"))
    }

    /// From now on the line is like this.
    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    /// The server forgets what happened: each watch that wants to go on from where it was is told so, once.
    pub(crate) fn forget(&self) {
        *self.forgotten.lock() = Some(BTreeSet::new());
    }

    /// What was asked since the last time, as `GET /path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock())
    }

    async fn carry(&self, client: &Client, request: Request<Body>) -> Result<Response<Carried>, BoxError> {
        self.requests
            .lock()
            .push(format!("{} {}", request.method(), request.uri()));
        let mut state = self.state.subscribe();
        let now = *state.borrow_and_update();
        match now {
            State::Whole => {}
            State::Slow(late) => tokio::time::sleep(late).await,
            State::Refused => return Err("connection refused".into()),
            State::Dead => std::future::pending().await,
        }
        let query = request.uri().query().unwrap_or_default();
        let from = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("resourceVersion="))
            .filter(|_| query.contains("watch=true"))
            .map(str::to_owned);
        if from.is_some() && self.is_forgotten(request.uri().path()) {
            return Ok(too_old());
        }
        let answer = client.send(request).await?;
        let beats = beats(self.beat, from);
        Ok(answer.map(|body| StreamBody::new(carried(body, beats, state)).boxed_unsync()))
    }

    fn is_forgotten(&self, path: &str) -> bool {
        let mut forgotten = self.forgotten.lock();
        forgotten
            .as_mut()
            .is_some_and(|told| told.insert(path.to_owned()))
    }
}

/// As a kube-apiserver says it: in the stream.
fn too_old() -> Response<Carried> {
    let status = Status {
        code: 410,
        reason: "Expired".to_owned(),
        message: "too old resource version".to_owned(),
        ..Status::default()
    };
    let line = format!("{}\n", json!({ "type": "ERROR", "object": status }));
    let line = Full::from(line).map_err(|never| match never {});
    Response::new(line.boxed_unsync())
}

/// What the gate gets of an answer.
type Carried = UnsyncBoxBody<Bytes, BoxError>;

type Frames = stream::BoxStream<'static, Result<Frame<Bytes>, BoxError>>;

/// Bookmarks of a watch that went on from a version.
fn beats(every: Option<Duration>, from: Option<String>) -> Frames {
    let (Some(every), Some(from)) = (every, from) else {
        return stream::pending().boxed();
    };
    let bookmark = json!({ "type": "BOOKMARK", "object": {
        "kind": "Any", "apiVersion": "v1", "metadata": { "resourceVersion": from },
    } });
    let line = Bytes::from(format!("{bookmark}\n"));
    let beats = stream::repeat(line).then(move |line| async move {
        tokio::time::sleep(every).await;
        Ok(Frame::data(line))
    });
    beats.boxed()
}

/// What arrives of a body.
fn carried(
    body: Body,
    beats: Frames,
    state: watch::Receiver<State>,
) -> impl Stream<Item = Result<Frame<Bytes>, BoxError>> + Send {
    let said = stream::unfold(body, async |mut body| {
        let frame = body.frame().await?;
        Some((Some(frame.map_err(BoxError::from)), body))
    });
    // The end of what is said is the end, however long bookmarks would go on.
    let said = said.chain(stream::once(async { None })).boxed();
    let beats = beats.map(Some).boxed();
    let all = stream::select(said, beats).take_while(|frame| std::future::ready(frame.is_some()));
    let all: Frames = all.filter_map(std::future::ready).boxed();
    stream::unfold(Some((all, state)), |alive| async move {
        let (mut all, mut state) = alive?;
        let cut = async {
            let cut = state.wait_for(|state| matches!(state, State::Refused | State::Dead));
            // The line outlives what goes over it.
            *cut.await.unwrap()
        };
        let frame = tokio::select! {
            biased;
            cut = cut => {
                if cut == State::Dead {
                    std::future::pending::<()>().await;
                }
                return Some((Err("connection reset".into()), None));
            }
            frame = all.next() => frame?,
        };
        let now = *state.borrow();
        let late = match now {
            State::Slow(late) => late,
            State::Whole | State::Refused | State::Dead => Duration::ZERO,
        };
        tokio::time::sleep(late).await;
        Some((frame, Some((all, state))))
    })
}
