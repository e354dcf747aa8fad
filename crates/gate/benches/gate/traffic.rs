//! Two servers under the same load in turn, and how they compare.

use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router;
use keydesk_process::{Bounds, serve};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::figures::{Figures, median};
use crate::machine;

/// How long a server is loaded before it counts, and how long in each round.
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(1);
/// Rounds of each server.
const ROUNDS: usize = 11;

/// A server on loopback, with the loop and the bounds that the gate is served with. It ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    _stop: DropGuard,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let end = stop.clone().cancelled_owned();
        tokio::spawn(serve(router, listener, None, Bounds::default(), end));
        Ok(Self {
            address,
            _stop: stop.drop_guard(),
        })
    }
}

/// What came of one server's rounds.
pub(crate) struct Throughput {
    /// Requests in a second, of the median round.
    pub(crate) per_second: f64,
    /// Processor time of one request, client and server together, of the median round.
    pub(crate) processor_time: Duration,
    pub(crate) latency: Figures,
}

/// The two beside each other.
pub(crate) struct Comparison {
    pub(crate) bare: Throughput,
    pub(crate) gate: Throughput,
    /// Throughput of the gate in that of the bare server, of the median pair of rounds.
    pub(crate) ratio: f64,
    /// The same by the processor time of a request, which others on the machine do not take from.
    pub(crate) ratio_of_processor_time: f64,
}

#[derive(Default)]
struct Rounds {
    per_second: Vec<f64>,
    processor_time: Vec<f64>,
    times: Vec<Duration>,
}

impl Rounds {
    fn add(&mut self, times: Vec<Duration>, took: Duration, spent: Duration) {
        let count = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
        self.per_second.push(count / took.as_secs_f64());
        self.processor_time.push(spent.as_secs_f64() / count);
        self.times.extend(times);
    }

    fn conclude(mut self) -> Throughput {
        Throughput {
            per_second: median(&mut self.per_second),
            processor_time: Duration::from_secs_f64(median(&mut self.processor_time)),
            latency: Figures::of(self.times),
        }
    }
}

/// Loads both in turn: bare, gate, gate, bare, and so on. A load ends by itself after the time that it is given.
pub(crate) async fn compare(
    bare: impl AsyncFn(Duration) -> Result<Vec<Duration>>,
    gate: impl AsyncFn(Duration) -> Result<Vec<Duration>>,
) -> Result<Comparison> {
    bare(WARM_UP).await?;
    gate(WARM_UP).await?;
    let (mut bare_rounds, mut gate_rounds) = (Rounds::default(), Rounds::default());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            one(&bare, &mut bare_rounds).await?;
            one(&gate, &mut gate_rounds).await?;
        } else {
            one(&gate, &mut gate_rounds).await?;
            one(&bare, &mut bare_rounds).await?;
        }
    }
    let ratio = |of: &[f64], to: &[f64]| {
        let pairs = of.iter().zip(to);
        median(&mut pairs.map(|(of, to)| of / to).collect::<Vec<_>>())
    };
    Ok(Comparison {
        ratio: ratio(&gate_rounds.per_second, &bare_rounds.per_second),
        ratio_of_processor_time: ratio(&bare_rounds.processor_time, &gate_rounds.processor_time),
        bare: bare_rounds.conclude(),
        gate: gate_rounds.conclude(),
    })
}

async fn one(load: &impl AsyncFn(Duration) -> Result<Vec<Duration>>, rounds: &mut Rounds) -> Result<()> {
    let (began, spent) = (Instant::now(), machine::processor_time()?);
    let times = load(ROUND).await?;
    rounds.add(
        times,
        began.elapsed(),
        machine::processor_time()?.saturating_sub(spent),
    );
    Ok(())
}
