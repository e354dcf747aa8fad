//! What a decision costs, without a socket: `Gate::decide`, from the headers of a call to the count.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::FutureExt as _;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use keydesk_gate::{Call, Gate, Verdict, Way};

use crate::cluster::{Cluster, HOST, Key, Predicates, spread};
use crate::figures::{Figures, median};

/// Keys that call, and keys that call where they are more than any cache holds.
const FEW: usize = 100;
const MANY: usize = 200_000;
/// Decisions in one batch, and batches of each gate.
const BATCH: usize = 20_000;
const BATCHES: usize = 31;

/// A gate and those who call it, in the order in which they do.
struct Subject {
    gate: Arc<Gate>,
    callers: Vec<String>,
    headers: HeaderMap,
    next: usize,
}

/// How long decisions took, the reading of the clock included.
pub(crate) struct Taken {
    /// Nanoseconds on average, of the median batch.
    pub(crate) mean: f64,
    /// One by one.
    pub(crate) each: Figures,
}

impl Subject {
    fn new(gate: &Arc<Gate>, values: impl Iterator<Item = String>) -> Result<Self> {
        let mut subject = Self {
            gate: Arc::clone(gate),
            callers: values.map(|value| format!("APIKEY {value}")).collect(),
            headers: OTHERS
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .into_iter()
                .collect(),
            next: 0,
        };
        // The first call of a key finds its plan.
        for _ in 0..subject.callers.len() {
            subject.decide()?;
        }
        Ok(subject)
    }

    /// What becomes of the next call, and how long that took.
    fn decide(&mut self) -> Result<(Verdict, Duration)> {
        let credential = HeaderValue::from_str(&self.callers[self.next])?;
        self.headers.insert(AUTHORIZATION, credential);
        self.next = (self.next + 1) % self.callers.len();
        let call = Call {
            scheme: "https",
            host: HOST,
            method: "GET",
            target: "/v1/boards/7?page=2",
            headers: &self.headers,
        };
        let now = Timestamp::now();
        let began = Instant::now();
        let verdict = self.gate.decide(&call, Way::Grpc, now).now_or_never();
        let taken = began.elapsed();
        Ok((verdict.context("counters in memory never wait")?, taken))
    }

    fn batch(&mut self, times: &mut Vec<Duration>) -> Result<f64> {
        let mut sum = Duration::ZERO;
        for _ in 0..BATCH {
            let (_, taken) = self.decide()?;
            times.push(taken);
            sum += taken;
        }
        Ok(sum.as_secs_f64() * 1e9 / f64::from(u32::try_from(BATCH)?))
    }
}

/// Measures several gates in turn, so that what else the machine does meets all of them.
fn measure(subjects: &mut [Subject]) -> Result<Vec<Taken>> {
    let mut means = vec![Vec::new(); subjects.len()];
    let mut times = vec![Vec::new(); subjects.len()];
    for _ in 0..BATCHES {
        for (number, subject) in subjects.iter_mut().enumerate() {
            means[number].push(subject.batch(&mut times[number])?);
        }
    }
    let taken = means.iter_mut().zip(times);
    Ok(taken
        .map(|(means, times)| Taken {
            mean: median(means),
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
    let values = |count: usize, most: usize, value: fn(Key) -> String| {
        let numbers = spread(count, most).into_iter();
        numbers.map(move |number| value(Key(number)))
    };
    let callers = |most: usize| -> Result<Vec<Subject>> {
        let pairs = gates.iter().zip(keys);
        pairs
            .map(|(gate, count)| Subject::new(gate, values(*count, most, Key::value)))
            .collect()
    };
    let mut few = callers(FEW)?;
    for subject in &mut few {
        let (verdict, _) = subject.decide()?;
        ensure!(
            matches!(verdict, Verdict::Admitted(_)),
            "a key of the measurement is refused"
        );
    }
    let few = measure(&mut few)?;
    let began = Instant::now();
    let mut many = callers(MANY)?;
    let called: usize = many.iter().map(|subject| subject.callers.len()).sum();
    let first_call = began.elapsed() / u32::try_from(called)?;
    let many = measure(&mut many)?;

    let (largest, count) = gates.iter().zip(keys).next_back().context("no gate")?;
    let right = Subject::new(largest, values(*count, FEW, Key::value))?;
    let wrong = Subject::new(largest, values(*count, FEW, Key::wrong_value))?;
    let [hit, miss] = <[Taken; 2]>::try_from(measure(&mut [right, wrong])?)
        .ok()
        .context("two were measured")?;
    let gate = Cluster::new(Predicates::Request)?.with_keys(FEW, false)?.gate();
    let mut reading = [Subject::new(&gate, values(FEW, FEW, Key::value))?];
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
