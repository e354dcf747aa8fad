//! The log: one line per thing that happened, on standard error, so that standard output stays for answers.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{IsTerminal as _, stderr},
};

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, ParseError, Targets, filter_fn},
    fmt::layer,
    layer::{Filter, SubscriberExt as _},
    util::{SubscriberInitExt as _, TryInitError},
};

use crate::{
    args::{LogArgs, LogFormat},
    audit::AuditFile,
};

/// The target of audit lines: who changed what.
const AUDIT: &str = "audit";
const AUDIT_OFF: &str = "audit=off";

/// Libraries whose lines are not wanted unless the filter names them: what goes wrong there is told by whoever asked. A
/// watch that breaks is told once, by `feed`; kube's client would say it again for each kind, in words of TLS.
const QUIET: [&str; 2] = ["kube_client=off", "kube_runtime=off"];

/// What writes every byte of an answer that it cannot read, from warnings on, hence the values in a Secret.
const INDISCREET: &str = "kube_client::client";

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
    let filter = wanted(log, audit.is_some()).map_err(|source| LogError::ParseFilter {
        filter: log.clone(),
        source,
    })?;
    let lines = layer().with_writer(stderr);
    let lines = match log_format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Pretty => lines.compact().with_ansi(stderr().is_terminal()).boxed(),
    };
    let audit = audit.map(|file| {
        let only = Targets::new().with_target(AUDIT, Level::INFO);
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

/// Which lines go to standard error.
fn wanted<S>(log: &str, audited_elsewhere: bool) -> Result<impl Filter<S> + use<S>, ParseError> {
    let filter = EnvFilter::builder().parse(directives(log, audited_elsewhere))?;
    // Beside the filter, as no directive could do it: a closer one wins. That a value is in no log holds for whoever may
    // set flags, too: logs are read by others than who may read Secrets.
    let discreet = filter_fn(|line| line.target() != INDISCREET || *line.level() == Level::ERROR);
    Ok(filter.and(discreet.with_max_level_hint(Level::TRACE)))
}

/// The filter as given, and what is not wanted unless it says so.
fn directives(log: &str, audited_elsewhere: bool) -> String {
    let named: Vec<_> = log.split(',').map(target).collect();
    let audit = audited_elsewhere.then_some(AUDIT_OFF);
    let unnamed = QUIET
        .into_iter()
        .chain(audit)
        .filter(|directive| !named.contains(&target(directive)));
    std::iter::once(log).chain(unnamed).collect::<Vec<_>>().join(",")
}

/// What a directive is about. A target inside of another is another one: to name it says nothing of what is around it.
fn target(directive: &str) -> &str {
    directive.split(['=', '[']).next().unwrap_or_default().trim()
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
    use std::convert::Infallible;
    use std::io::{self, Write};
    use std::sync::Arc;

    use http::{Request, Response};
    use k8s_openapi::api::core::v1::Secret;
    use kube::api::DeleteParams;
    use kube::client::Body;
    use kube::{Api, Client};
    use parking_lot::Mutex;
    use tower::service_fn;
    use tracing_subscriber::fmt::MakeWriter;

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
        const QUIET: &str = ",kube_client=off,kube_runtime=off";
        const ALL: &str = ",kube_client=off,kube_runtime=off,audit=off";
        for (log, audited, added) in [
            ("info", false, QUIET),
            ("trace", true, ALL),
            ("info,audit=info", true, QUIET),
            ("info, audit=info", true, QUIET),
            ("info,audit[{who}]=info", true, QUIET),
            ("info,keydesk_process::audit=debug", true, ALL),
            ("kube_client=debug", false, ",kube_runtime=off"),
            ("kube_client", false, ",kube_runtime=off"),
            ("info,kube_client::client::tls=debug", false, QUIET),
            ("info,my_kube_client=debug,kube_runtimes=info", false, QUIET),
            ("info,[{peer=kube_client}]=debug", false, QUIET),
        ] {
            assert_eq!(directives(log, audited), format!("{log}{added}"));
        }
    }

    /// What the log says, with this filter, of a Secret that the client cannot read, and of what is asked for it.
    async fn told(log: &str) -> String {
        let page = Page::default();
        let lines = layer().with_ansi(false).with_writer(page.clone());
        let _logging = tracing_subscriber::registry()
            .with(lines.with_filter(wanted(log, false).unwrap()))
            .set_default();
        let server = service_fn(async |_: Request<Body>| {
            let odd =
                r#"{"kind": "Secret", "metadata": {"name": "x"}, "data": {"key": "c2VjcmV0", "odd": 7}}"#;
            Ok::<_, Infallible>(Response::new(Body::from(odd.as_bytes().to_vec())))
        });
        let secrets: Api<Secret> = Api::namespaced(Client::new(server, "here"), "here");
        secrets.get("x").await.unwrap_err();
        secrets.delete("x", &DeleteParams::default()).await.unwrap_err();
        tracing::info!(target: "kube_client::client::tls", "shaken hands");
        page.text()
    }

    #[tokio::test]
    async fn no_filter_writes_what_the_client_could_not_read() {
        for log in [
            "trace",
            "kube_client",
            "kube_client=warn",
            "info,kube_client::client=warn",
            "trace,kube_client=trace,kube_client::client=trace,kube_client::client[]=trace",
        ] {
            let told = told(log).await;
            assert!(!told.contains("c2VjcmV0"), "{log}: {told}");
        }
    }

    #[tokio::test]
    async fn a_part_of_the_client_that_is_named_is_heard() {
        for log in ["kube_client=debug", "info,kube_client::client::tls=debug"] {
            let told = told(log).await;
            assert!(told.contains("shaken hands"), "{log}: {told}");
        }
    }

    /// What is written to it can be read.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Page {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
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
