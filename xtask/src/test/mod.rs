//! `cargo xtask test`: sets up what the tests need, runs them all, and ends with a line that a machine can read.
//!
//! With `--real` or `--kubeconfig` the tests that speak to an API server only, and not to ours from within, run
//! against that one instead. They run unchanged: an environment variable tells them where it is.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::real_cluster::{self, RealCluster};
use crate::workspace::Workspace;
use crate::{envoy, kubectl, stage};

mod binary;
mod tally;

use binary::TestBinary;
use tally::Tally;

/// Tells the tests where kubectl is: paths, the newest version first, separated as in `PATH`.
const KUBECTL: &str = "KEYDESK_KUBECTL";

/// Tells the tests where Envoy is. Whoever sets it has their own, where there is none to download.
const ENVOY: &str = "KEYDESK_ENVOY";

/// Tells the tests which cluster to use instead of the server in process: the path of a kubeconfig of an admin.
const KUBECONFIG: &str = "KEYDESK_TEST_KUBECONFIG";

/// Tells the tests which roles to install in the place of ours: a folder.
const ROLES: &str = "KEYDESK_TEST_ROLES";

/// The Go controller's role, which is what this one has where an operator still installs it.
const UPSTREAMS_ROLE: &str = "crates/controller/tests/fixtures/upstream";

/// What cannot hold under that role.
const UPSTREAMS_ROLE_LACKS: [&str; 4] = [
    "--skip=k_personas",
    "--skip=l_events",
    "--skip=l_telemetry",
    "--skip=told_to_the_owner",
];

/// The packages whose tests in `tests/` run against any API server.
const ANY_SERVER: [&str; 2] = ["keydesk-apiserver", "keydesk-controller"];

/// What to run, and against what.
#[derive(Args)]
pub(crate) struct Options {
    /// Run the scenario tests and the API-server tests against a real kube-apiserver (needs Go).
    #[arg(long, conflicts_with = "kubeconfig")]
    real: bool,
    /// Run the scenario tests and the API-server tests against this cluster, as an admin. They delete what they find
    /// in the namespaces that they use.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Run only the tests whose names contain this.
    filter: Option<String>,
}

/// Runs the tests.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let Options {
        real,
        kubeconfig,
        filter,
    } = options;
    let started = Instant::now();
    let kubectl = kubectl::install(workspace)?;
    let mut environment = vec![(KUBECTL, env::join_paths(&kubectl)?)];
    let filter = filter.as_deref();
    let (tally, left_out) = if *real {
        let cluster = RealCluster::build_and_start(workspace, &kubectl[0])?;
        environment.push((KUBECONFIG, cluster.kubeconfig().into()));
        (against_a_cluster(workspace, &environment, filter)?, None)
    } else if let Some(file) = kubeconfig {
        environment.push((KUBECONFIG, std::path::absolute(file)?.into()));
        (against_a_cluster(workspace, &environment, filter)?, None)
    } else {
        if env::var_os(ENVOY).is_none() {
            environment.push((ENVOY, envoy::install(workspace)?.into()));
        }
        (everything(workspace, &environment, filter)?, Some(left_out()))
    };
    if let Some(sentence) = left_out {
        stage::say(sentence);
    }
    stage::say(&format!("{tally} in {}", stage::seconds(started.elapsed())));
    if tally.is_green() {
        Ok(())
    } else {
        bail!("not all tests passed")
    }
}

fn everything(
    workspace: &Workspace,
    environment: &[(&str, OsString)],
    filter: Option<&str>,
) -> Result<Tally> {
    let mut tally = Tally::default();
    for binary in binary::build(workspace)? {
        tally += binary.run(environment, &arguments(filter, &[]))?;
        if binary.is("keydesk-controller", "it") {
            // What is about our own roles is left out, and Events, which that role does not let anybody post.
            let mut environment = environment.to_vec();
            environment.push((ROLES, UPSTREAMS_ROLE.into()));
            tally += binary.run(&environment, &arguments(filter, &UPSTREAMS_ROLE_LACKS))?;
        }
    }
    tally += binary::examples(workspace, filter)?;
    Ok(tally)
}

/// One test at a time: they share the cluster. With upstream's roles in the place of ours if whoever calls says where they
/// are.
fn against_a_cluster(
    workspace: &Workspace,
    environment: &[(&str, OsString)],
    filter: Option<&str>,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let skipped: &[&str] = match env::var_os(ROLES) {
        Some(_) => &UPSTREAMS_ROLE_LACKS,
        None => &[],
    };
    let mut arguments = arguments(filter, skipped);
    arguments.push("--test-threads=1");
    let speaks_to_a_server =
        |binary: &TestBinary| binary.is_integration() && ANY_SERVER.contains(&binary.package());
    for binary in binary::build(workspace)?.into_iter().filter(speaks_to_a_server) {
        // It makes its own time, and so its own server.
        if binary.is("keydesk-controller", "chaos") {
            continue;
        }
        tally += binary.run(environment, &arguments)?;
    }
    Ok(tally)
}

fn arguments<'a>(filter: Option<&'a str>, further: &[&'a str]) -> Vec<&'a str> {
    filter.into_iter().chain(further.iter().copied()).collect()
}

fn left_out() -> &'static str {
    if real_cluster::go_is_here() {
        "left out: the same scenarios against a real kube-apiserver (cargo xtask test --real)"
    } else {
        "left out: the same scenarios against a real kube-apiserver, which needs Go: it is not installed here"
    }
}
