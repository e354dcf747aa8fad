//! Bad weather between a client and its API server: refusals, conflicts, broken connections, answers that are lost or
//! come too late or never, requests that the server carries out when nobody waits any more, watches that break, fall silent or
//! have forgotten the version to go on from.
//!
//! The server itself never errs: what it says, sooner or later, is true. So whatever a client makes of it must, once the
//! weather is fair again, come to what it would have been in fair weather.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{Method, Request, Response, StatusCode};
use kube::Client;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::time::sleep;
use tower::{BoxError, service_fn};

/// How likely what is, in per cent. Default is fair weather.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odds {
    /// A request, a watch's beginning among them, is refused, or its connection breaks before the server sees it.
    pub refused: u32,
    /// A write is carried out, and its answer lost.
    pub lost: u32,
    /// A write is carried out only after the client has been told that the connection broke.
    pub late: u32,
    /// A request is never answered, whether the server has seen it or not.
    pub mute: u32,
    /// An event of a watch is its last: the stream ends, breaks within the event, falls silent, or says that the version
    /// is gone.
    pub broken: u32,
    /// An event, or an answer, takes its time.
    pub slow: u32,
}

impl Odds {
    /// As bad as can be got through.
    pub const STORM: Self = Self {
        refused: 15,
        lost: 10,
        late: 8,
        mute: 1,
        broken: 15,
        slow: 30,
    };
    /// Nothing fails, but everything takes its time.
    pub const DRIZZLE: Self = Self {
        refused: 0,
        lost: 0,
        late: 0,
        mute: 0,
        broken: 0,
        slow: 50,
    };
}

/// How long what is slow takes at most.
const SLOW: Duration = Duration::from_secs(2);

/// The weather of one client, shared by cloning.
#[derive(Clone, Debug)]
pub struct Weather(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    odds: Odds,
    dice: StdRng,
    happened: BTreeMap<&'static str, usize>,
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Pass,
    Refused(StatusCode),
    Reset,
    Lost,
    Late(Duration),
    Mute { seen: bool },
}

/// What becomes of one piece of a watch.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Pass,
    Slow(Duration),
    End,
    Cut,
    Silent,
    Gone,
}

impl Weather {
    /// Fair, until it is changed. Equal seeds throw equal dice.
    #[must_use]
    pub fn fair(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            odds: Odds::default(),
            dice: StdRng::seed_from_u64(seed),
            happened: BTreeMap::new(),
        })))
    }

    /// Changes the weather. Watches that fell silent stay so.
    pub fn turn(&self, odds: Odds) {
        self.0.lock().odds = odds;
    }

    /// What went wrong so far, and how often.
    #[must_use]
    pub fn happened(&self) -> BTreeMap<&'static str, usize> {
        self.0.lock().happened.clone()
    }

    /// The client, out in the weather.
    #[must_use]
    pub fn around(&self, client: &Client) -> Client {
        let (weather, client) = (self.clone(), client.clone());
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request| {
            let (weather, client) = (weather.clone(), client.clone());
            async move { weather.carry(client, request).await }
        });
        Client::new(service, namespace)
    }

    async fn carry(
        self,
        client: Client,
        request: Request<kube::client::Body>,
    ) -> Result<Response<Body>, BoxError> {
        let writes = *request.method() != Method::GET;
        let watches = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("watch=true"));
        let (way, fate, way_back) = {
            let mut state = self.0.lock();
            (state.delay(), state.fate(writes), state.delay())
        };
        sleep(way).await;
        let answer = match fate {
            Fate::Pass => client.send(request).await?,
            Fate::Refused(code) => return Ok(refusal(code)),
            Fate::Reset => return Err(broken().into()),
            Fate::Lost => {
                client.send(request).await?;
                return Err(broken().into());
            }
            Fate::Late(delay) => {
                tokio::spawn(async move {
                    sleep(delay).await;
                    // Nobody waits for the answer.
                    let _ = client.send(request).await;
                });
                return Err(broken().into());
            }
            Fate::Mute { seen } => {
                if seen {
                    client.send(request).await?;
                }
                std::future::pending().await
            }
        };
        sleep(way_back).await;
        let ok = answer.status().is_success();
        Ok(answer.map(|body| {
            if watches && ok {
                Body::from_stream(self.pieces(Body::new(body).into_data_stream()))
            } else {
                Body::new(body)
            }
        }))
    }

    fn pieces(
        self,
        pieces: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static {
        let state = (self, Box::pin(pieces), None);
        stream::unfold(state, async |(weather, mut pieces, last)| {
            if let Some(last) = last {
                return match last {
                    Last::End => None,
                    Last::Break => Some((Err(broken().into()), (weather, pieces, Some(Last::End)))),
                };
            }
            let piece = match pieces.next().await? {
                Ok(piece) => piece,
                Err(error) => return Some((Err(error.into()), (weather, pieces, Some(Last::End)))),
            };
            let turn = weather.0.lock().turn();
            match turn {
                Turn::Pass => Some((Ok(piece), (weather, pieces, None))),
                Turn::Slow(delay) => {
                    sleep(delay).await;
                    Some((Ok(piece), (weather, pieces, None)))
                }
                Turn::End => None,
                Turn::Cut => {
                    let half = piece.slice(..piece.len() / 2);
                    Some((Ok(half), (weather, pieces, Some(Last::Break))))
                }
                Turn::Silent => std::future::pending().await,
                Turn::Gone => Some((Ok(gone()), (weather, pieces, Some(Last::End)))),
            }
        })
    }
}

/// How a watch ends of which a piece is out already.
enum Last {
    End,
    Break,
}

impl State {
    fn happens(&mut self, odds: u32, what: &'static str) -> bool {
        let happens = odds > 0 && self.dice.random_ratio(odds, 100);
        if happens {
            *self.happened.entry(what).or_default() += 1;
        }
        happens
    }

    fn delay(&mut self) -> Duration {
        if self.happens(self.odds.slow, "slow") {
            // Most are short: it is among short ones that the order of things changes.
            SLOW.mul_f64(self.dice.random_range(0.0..1.0_f64).powi(4))
        } else {
            Duration::ZERO
        }
    }

    fn fate(&mut self, writes: bool) -> Fate {
        if writes && self.happens(self.odds.lost, "lost") {
            return Fate::Lost;
        }
        if writes && self.happens(self.odds.late, "late") {
            return Fate::Late(SLOW.mul_f64(self.dice.random_range(0.0..1.0)));
        }
        if self.happens(self.odds.mute, "mute") {
            let seen = self.dice.random();
            return Fate::Mute { seen };
        }
        if !self.happens(self.odds.refused, "refused") {
            return Fate::Pass;
        }
        let fates = [
            Fate::Reset,
            Fate::Refused(StatusCode::INTERNAL_SERVER_ERROR),
            Fate::Refused(StatusCode::SERVICE_UNAVAILABLE),
            Fate::Refused(StatusCode::TOO_MANY_REQUESTS),
            // To a write: somebody was faster. To a watch or a list: that version is forgotten.
            Fate::Refused(if writes {
                StatusCode::CONFLICT
            } else {
                StatusCode::GONE
            }),
        ];
        fates[self.dice.random_range(0..fates.len())]
    }

    fn turn(&mut self) -> Turn {
        if self.happens(self.odds.broken, "broken") {
            let turns = [Turn::End, Turn::Cut, Turn::Silent, Turn::Gone];
            return turns[self.dice.random_range(0..turns.len())];
        }
        match self.delay() {
            Duration::ZERO => Turn::Pass,
            delay => Turn::Slow(delay),
        }
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke")
}

fn status(code: StatusCode) -> serde_json::Value {
    let reason = match code {
        StatusCode::CONFLICT => "Conflict",
        StatusCode::GONE => "Expired",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        _ => "InternalError",
    };
    json!({ "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": "bad weather", "reason": reason, "code": code.as_u16() })
}

fn refusal(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(status(code).to_string()));
    *response.status_mut() = code;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

fn gone() -> Bytes {
    let event = json!({ "type": "ERROR", "object": status(StatusCode::GONE) });
    Bytes::from(format!("{event}\n"))
}
