//! One step of an explanation, and the whole.

use std::fmt;

use serde::Serialize;

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Who holds the key, or asks for it.
    Consumer,
    /// Who owns the product.
    Owner,
    /// Who runs the cluster.
    Platform,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Consumer => "the consumer",
            Self::Owner => "the owner of the product",
            Self::Platform => "the platform",
        })
    }
}

/// What can be done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// By whom.
    pub who: Who,
    /// What.
    pub what: String,
}

/// How things are at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As they must be.
    Good,
    /// Good enough, but worth knowing.
    Note,
    /// Not known to whoever asks.
    Unknown,
    /// Not as they must be: nothing works because of it.
    Bad,
}

/// One thing that a key or a product hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which, in one word.
    pub topic: &'static str,
    /// How it is.
    pub state: State,
    /// What there is to say, line by line.
    pub says: Vec<String>,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Step {
    pub(super) fn new(topic: &'static str, state: State, says: impl Into<String>) -> Self {
        Self {
            topic,
            state,
            says: vec![says.into()],
            fix: None,
        }
    }

    pub(super) fn good(topic: &'static str, says: impl Into<String>) -> Self {
        Self::new(topic, State::Good, says)
    }

    pub(super) fn note(topic: &'static str, says: impl Into<String>) -> Self {
        Self::new(topic, State::Note, says)
    }

    pub(super) fn unknown(topic: &'static str, says: impl Into<String>) -> Self {
        Self::new(topic, State::Unknown, says)
    }

    pub(super) fn bad(topic: &'static str, says: impl Into<String>) -> Self {
        Self::new(topic, State::Bad, says)
    }

    /// With one more line.
    pub(super) fn and(mut self, says: impl Into<String>) -> Self {
        self.says.push(says.into());
        self
    }

    pub(super) fn and_all(mut self, says: impl IntoIterator<Item = String>) -> Self {
        self.says.extend(says);
        self
    }

    pub(super) fn fix(mut self, who: Who, what: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            who,
            what: what.into(),
        });
        self
    }
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was asked about: its kind, namespace and name.
    pub subject: String,
    /// Whether it works, as far as whoever asks can know.
    pub works: bool,
    /// The same in one sentence.
    pub verdict: String,
    /// What it hangs on, in the order in which it is looked at.
    pub steps: Vec<Step>,
}

impl Explanation {
    /// What can be done, each thing once: first about what does not work.
    #[must_use]
    pub fn to_do(&self) -> Vec<&Fix> {
        let of = |bad: bool| {
            let steps = self
                .steps
                .iter()
                .filter(move |step| (step.state == State::Bad) == bad);
            steps.filter_map(|step| step.fix.as_ref())
        };
        let mut fixes: Vec<&Fix> = Vec::new();
        for fix in of(true).chain(of(false)) {
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        fixes
    }

    /// What the first step says that is not as it must be.
    pub(super) fn first_obstacle(steps: &[Step]) -> Option<&str> {
        let bad = steps.iter().find(|step| step.state == State::Bad)?;
        bad.says.first().map(String::as_str)
    }
}
