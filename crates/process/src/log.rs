//! The log: one line per thing that happened, on standard error, so that standard output stays for answers.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{IsTerminal as _, stderr},
};

use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{ParseError, Targets},
    fmt::layer,
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

use crate::{
    args::{LogArgs, LogFormat},
    audit::AuditFile,
};

/// The target of audit lines: who changed what.
const AUDIT: &str = "audit";
const AUDIT_OFF: &str = "audit=off";

/// Libraries whose lines are not wanted unless the filter names them. What goes wrong there is told by whoever asked; and
/// of an answer that it cannot read the client would log every byte, hence the values in a Secret.
const QUIET: [&str; 2] = ["kube_client=off", "kube_runtime=off"];

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one that we understand.
    #[error("failed to understand the log filter {filter:?}")]
    ParseFilter {
        /// As given.
        filter: String,
        /// Which directive, and why.
        source: ParseError,
    },
    /// A log is installed already.
    #[error("failed to install the log")]
    Install(#[source] TryInitError),
}

/// Installs the process-wide log. With an `audit` file, audit lines go there, as JSON; they are many, and so not on
/// standard error beside, unless the filter names them (`info,audit=info`). One
/// that cannot be written is told on standard error.
///
/// # Errors
/// When the filter does not parse, or a log is installed already.
pub fn init(args: &LogArgs, audit: Option<AuditFile>) -> Result<(), LogError> {
    let LogArgs { log_format, log } = args;
    let filter = EnvFilter::builder()
        .parse(directives(log, audit.is_some()))
        .map_err(|source| LogError::ParseFilter {
            filter: log.clone(),
            source,
        })?;
    let lines = layer().with_writer(stderr);
    let lines = match log_format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Pretty => lines.compact().with_ansi(stderr().is_terminal()).boxed(),
    };
    let audit = audit.map(|file| {
        let only = Targets::new().with_target(AUDIT, tracing::Level::INFO);
        layer()
            .json()
            .flatten_event(true)
            .with_writer(file)
            .with_filter(only)
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(audit)
        .try_init()
        .map_err(LogError::Install)
}

/// The filter as given, and what is not wanted unless it says so.
fn directives(log: &str, audited_elsewhere: bool) -> String {
    let audit = audited_elsewhere.then_some(AUDIT_OFF);
    let mut directives = log.to_owned();
    for directive in QUIET.into_iter().chain(audit) {
        let (target, _) = directive.split_once('=').unwrap_or((directive, ""));
        if !log.contains(target) {
            directives.push(',');
            directives.push_str(directive);
        }
    }
    directives
}

/// An error and everything that caused it, as one line: `failed to do this: because of that: and that`.
///
/// Every error of ours says what was attempted and leaves the cause to `source()`, so nothing is printed twice.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> Chain<'a> {
    Chain(error)
}

/// Prints an error with its causes; made by [`chain`].
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(&'a (dyn Error + 'static));

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let next = error.to_string();
            // Libraries often print their cause themselves; saying it again helps nobody.
            if !said.ends_with(&next) {
                write!(f, ": {next}")?;
                said = next;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Sample {
        #[error("failed to open the door")]
        Open(#[source] Box<Sample>),
        #[error("key broke: {0}")]
        Talkative(#[source] Box<Sample>),
        #[error("rust")]
        Rust,
    }

    #[test]
    fn a_chain_says_each_cause_once() {
        let error = Sample::Open(Box::new(Sample::Rust));
        assert_eq!(chain(&error).to_string(), "failed to open the door: rust");
        let error = Sample::Open(Box::new(Sample::Talkative(Box::new(Sample::Rust))));
        assert_eq!(
            chain(&error).to_string(),
            "failed to open the door: key broke: rust"
        );
    }

    #[test]
    fn what_is_not_wanted_is_not_logged_unless_it_is_named() {
        for (log, audited, directives_then) in [
            ("info", false, "info,kube_client=off,kube_runtime=off"),
            ("trace", true, "trace,kube_client=off,kube_runtime=off,audit=off"),
            (
                "info,audit=info",
                true,
                "info,audit=info,kube_client=off,kube_runtime=off",
            ),
            ("kube_client=debug", false, "kube_client=debug,kube_runtime=off"),
        ] {
            assert_eq!(directives(log, audited), directives_then);
        }
    }

    #[test]
    fn a_filter_that_makes_no_sense_is_named() {
        let args = LogArgs {
            log_format: LogFormat::Json,
            log: "info,=,=".to_owned(),
        };
        let error = init(&args, None).unwrap_err();
        assert!(error.to_string().contains("info,=,="), "{error}");
    }
}
