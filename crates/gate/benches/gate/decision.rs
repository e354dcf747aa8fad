//! What a decision costs, without a socket: `Gate::decide`, from the headers of a call to the count.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use keydesk_gate::{Call, Gate, Verdict, Way};

use crate::cluster::{Cluster, HOST, Key, Predicates};
use crate::figures::{Figures, median};

/// Keys that call, where traffic is not spread over all.
const ACTIVE: usize = 100;
/// Keys that call, where it is: far more than caches hold.
const SPREAD: usize = 200_000;
/// Decisions in one batch, and batches of each kind.
const BATCH: usize = 20_000;
const BATCHES: usize = 31;

/// A gate and those who call it, in the order in which they do.
struct Subject {
    gate: Arc<Gate>,
    callers: Vec<HeaderMap>,
    next: usize,
}

/// How long decisions took.
pub(crate) struct Taken {
    /// On average, of the median batch.
    pub(crate) mean: f64,
    /// One by one, the reading of the clock included.
    pub(crate) each: Figures,
}

impl Subject {
    fn new(gate: &Arc<Gate>, values: impl Iterator<Item = String>) -> Result<Self> {
        let callers: Result<Vec<_>> = values.map(|value| headers(&value)).collect();
        let mut subject = Self {
            gate: Arc::clone(gate),
            callers: callers?,
            next: 0,
        };
        // The first call of a key finds its plan.
        for _ in 0..subject.callers.len() {
            subject.decide()?;
        }
        Ok(subject)
    }

    fn decide(&mut self) -> Result<Verdict> {
        let headers = &self.callers[self.next];
        self.next = (self.next + 1) % self.callers.len();
        let call = Call {
            scheme: "https",
            host: HOST,
            method: "GET",
            target: "/v1/boards/7?page=2",
            headers,
        };
        let decided = self.gate.decide(&call, Way::Grpc, Timestamp::now());
        decided.now_or_never().context("counters in memory never wait")
    }

    /// Nanoseconds of one decision, on average.
    fn batch(&mut self) -> Result<f64> {
        let began = Instant::now();
        for _ in 0..BATCH {
            black_box(self.decide()?);
        }
        Ok(nanoseconds(began.elapsed()) / f64::from(u32::try_from(BATCH)?))
    }

    fn one_by_one(&mut self, times: &mut Vec<Duration>) -> Result<()> {
        for _ in 0..BATCH {
            let began = Instant::now();
            black_box(self.decide()?);
            times.push(began.elapsed());
        }
        Ok(())
    }
}

/// Measures several gates in turn, so that what else the machine does meets all of them.
fn measure(subjects: &mut [Subject]) -> Result<Vec<Taken>> {
    let mut batches = vec![Vec::new(); subjects.len()];
    let mut times = vec![Vec::new(); subjects.len()];
    for _ in 0..BATCHES {
        for (number, subject) in subjects.iter_mut().enumerate() {
            batches[number].push(subject.batch()?);
            subject.one_by_one(&mut times[number])?;
        }
    }
    let taken = batches.iter_mut().zip(times);
    Ok(taken
        .map(|(batches, times)| Taken {
            mean: median(batches),
            each: Figures::of(times),
        })
        .collect())
}

/// What was measured: a few callers, or many, of gates with this many keys.
pub(crate) struct Decisions {
    pub(crate) keys: Vec<usize>,
    pub(crate) few: Vec<Taken>,
    pub(crate) many: Vec<Taken>,
    pub(crate) miss: Taken,
    pub(crate) hit: Taken,
    pub(crate) reads_request: Taken,
    pub(crate) first_call: Duration,
}

/// Measures gates with each number of keys.
pub(crate) fn run(keys: &[usize]) -> Result<Decisions> {
    let gates: Result<Vec<_>> = keys
        .iter()
        .map(|count| {
            Ok(Cluster::new(Predicates::Identity)?
                .with_keys(*count, false)?
                .gate())
        })
        .collect();
    let gates = gates?;
    let admitted = gates.first().context("no gate")?;
    ensure!(
        matches!(
            Subject::new(admitted, [Key(7).value()].into_iter())?.decide()?,
            Verdict::Admitted(_)
        ),
        "a key of the measurement is refused"
    );
    let callers = |most: usize| {
        let pairs = gates.iter().zip(keys);
        pairs.map(move |(gate, count)| {
            Subject::new(gate, spread(*count, most).map(|number| Key(number).value()))
        })
    };
    let mut few: Vec<_> = callers(ACTIVE).collect::<Result<_>>()?;
    let few = measure(&mut few)?;
    let began = Instant::now();
    let mut many: Vec<_> = callers(SPREAD).collect::<Result<_>>()?;
    let called: usize = many.iter().map(|subject| subject.callers.len()).sum();
    let first_call = began.elapsed() / u32::try_from(called)?;
    let many = measure(&mut many)?;

    let (largest, count) = gates.iter().zip(keys).next_back().context("no gate")?;
    let wrong = Subject::new(
        largest,
        spread(*count, ACTIVE).map(|number| Key(number).wrong_value()),
    )?;
    let right = Subject::new(largest, spread(*count, ACTIVE).map(|number| Key(number).value()))?;
    let [hit, miss] = <[Taken; 2]>::try_from(measure(&mut [right, wrong])?)
        .ok()
        .context("two were measured")?;
    let gate = Cluster::new(Predicates::Request)?
        .with_keys(ACTIVE, false)?
        .gate();
    let mut reading = [Subject::new(
        &gate,
        (0..ACTIVE).map(|number| Key(number).value()),
    )?];
    let reads_request = measure(&mut reading)?.pop().context("one was measured")?;
    Ok(Decisions {
        keys: keys.to_vec(),
        few,
        many,
        miss,
        hit,
        reads_request,
        first_call,
    })
}

/// At most so many numbers below `count`, in no order that memory would know.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    // Prime, so that no number comes twice before all have come.
    (0..count.min(most)).map(move |number| number.wrapping_mul(7_368_787) % count)
}

fn headers(value: &str) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in OTHERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("authorization", HeaderValue::try_from(format!("APIKEY {value}"))?);
    Ok(headers)
}

/// What else a call carries.
pub(crate) const OTHERS: [(&str, &str); 8] = [
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-language", "en-GB,en;q=0.7"),
    ("content-type", "application/json"),
    ("user-agent", "gamestore-client/4.2 (linux)"),
    ("x-forwarded-for", "192.0.2.17"),
    ("x-forwarded-proto", "https"),
    ("x-request-id", "3f1c7a52-9d1b-4a63-8f0e-52f1f1f0a7c1"),
];

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}
