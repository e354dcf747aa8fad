//! A client of a cluster: of which, as whom, and in which namespace, by the flags that kubectl has.

use std::path::PathBuf;

use keydesk_api::meta::is_object_name;
use keydesk_catalog::explain::Aim;
use keydesk_process::{LogArgs, init_log};
use kube::Client;

use super::Refusal;
use crate::{
    cluster::cluster_of,
    command::{quiet, shell_word::shell_word},
    exit::Failure,
};

/// Which cluster, and as whom.
#[derive(Debug, clap::Args)]
pub(in crate::command) struct ContextArgs {
    /// Kubeconfig of the cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own identity]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// Where a command works.
#[derive(Debug, clap::Args)]
pub(in crate::command) struct ClusterArgs {
    #[command(flatten)]
    context: ContextArgs,

    /// Namespace [default: the context's]
    #[arg(long, short = 'n', value_name = "NAMESPACE")]
    namespace: Option<String>,
}

/// A client of a cluster, with the rights of whoever typed the command.
pub(in crate::command) struct ClusterClient {
    pub(super) inner: Client,
    /// The namespace that is meant where none is named.
    pub(in crate::command) namespace: String,
    /// Where commands are to act that whoever typed this one is told of.
    pub(in crate::command) aim: Aim,
}

impl ContextArgs {
    /// A client of the cluster. Nothing is asked of it yet.
    pub(in crate::command) async fn client(self) -> Result<Client, Failure> {
        let Self { kubeconfig, context } = self;
        cluster_of(kubeconfig, context).await
    }

    fn aim(&self) -> Aim {
        let Self { kubeconfig, context } = self;
        let kubeconfig = kubeconfig.as_ref().map(|file| file.to_string_lossy());
        let flags = [
            ("--kubeconfig", kubeconfig.as_deref()),
            ("--context", context.as_deref()),
        ];
        let named = flags
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, shell_word(value?))));
        Aim::new(&named.collect::<Vec<_>>())
    }
}

impl ClusterArgs {
    /// Whether a namespace was named.
    pub(super) const fn names_namespace(&self) -> bool {
        self.namespace.is_some()
    }

    /// A client of it. Nothing is asked of the cluster yet.
    pub(in crate::command) async fn open(self, log: LogArgs) -> Result<ClusterClient, Failure> {
        let Self { context, namespace } = self;
        init_log(&quiet(log), None)?;
        let aim = context.aim();
        let is_typed = namespace.is_some();
        let client = context.client().await?;
        let namespace = namespace.unwrap_or_else(|| client.default_namespace().to_owned());
        if !is_object_name(&namespace) {
            let field = if is_typed {
                "-n"
            } else {
                "the context of the kubeconfig"
            };
            let kind = "namespace".to_owned();
            return Err(Refusal::Name {
                kind,
                field,
                text: namespace,
            }
            .into());
        }
        Ok(ClusterClient {
            inner: client,
            namespace,
            aim,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_are_told_name_the_cluster_as_it_was_named() {
        let aim = |kubeconfig: Option<&str>, context: Option<&str>| {
            let args = ContextArgs {
                kubeconfig: kubeconfig.map(PathBuf::from),
                context: context.map(str::to_owned),
            };
            args.aim().keydesk("products -A")
        };
        assert_eq!(aim(None, None), "keydesk products -A");
        assert_eq!(
            aim(Some("/My Data/config"), Some("ada@prod")),
            "keydesk products -A --kubeconfig '/My Data/config' --context ada@prod"
        );
        assert_eq!(
            aim(None, Some("odd; one")),
            "keydesk products -A --context 'odd; one'"
        );
    }
}
