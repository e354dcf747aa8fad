//! Which cluster, as whom, and in which namespace: the flags that kubectl has.

use std::path::PathBuf;

use keydesk_process::{LogArgs, init_log};
use kube::Client;

use crate::{cluster::cluster_of, command::quiet, exit::Failure};

/// Where a command works.
#[derive(Debug, clap::Args)]
pub(in crate::command) struct ClusterArgs {
    /// Kubeconfig of the cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own identity]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Namespace [default: the context's]
    #[arg(long, short = 'n', value_name = "NAMESPACE")]
    namespace: Option<String>,
}

/// A cluster, seen with the rights of whoever typed the command.
pub(in crate::command) struct Desk {
    pub(super) client: Client,
    /// The namespace that is meant where none is named.
    pub(in crate::command) namespace: String,
}

impl ClusterArgs {
    /// Opens the cluster. Nothing is asked of it yet.
    pub(in crate::command) async fn open(self, log: LogArgs) -> Result<Desk, Failure> {
        let Self {
            kubeconfig,
            context,
            namespace,
        } = self;
        init_log(&quiet(log), None)?;
        let client = cluster_of(kubeconfig, context).await?;
        let namespace = namespace.unwrap_or_else(|| client.default_namespace().to_owned());
        Ok(Desk { client, namespace })
    }
}
