//! What the commands that list things have in common: of which namespaces, and how to print them.

use keydesk_catalog::explain::Aim;
use keydesk_process::LogArgs;

use super::output::{self, Output, Row};
use super::{ClusterArgs, NamespacedObject};
use crate::exit::Failure;

/// Of which namespaces to list, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Those of all namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    all_namespaces: bool,

    /// How to print them
    #[arg(long, short = 'o', value_enum, default_value_t)]
    output: Output,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// All of a kind that was asked for.
pub(super) struct Listing<K> {
    pub(super) objects: Vec<K>,
    /// The one namespace that was asked about, unless it was all.
    pub(super) namespace: Option<String>,
    output: Output,
    aim: Aim,
}

impl ListArgs {
    /// Lists what was asked for; where no namespace was named, of all.
    pub(super) async fn browse<K: NamespacedObject>(self, log: LogArgs) -> Result<Listing<K>, Failure> {
        let all_namespaces = !self.cluster.names_namespace();
        let args = Self {
            all_namespaces,
            ..self
        };
        args.list(log).await
    }

    /// Lists what was asked for.
    pub(super) async fn list<K: NamespacedObject>(self, log: LogArgs) -> Result<Listing<K>, Failure> {
        let Self {
            all_namespaces,
            output,
            cluster,
        } = self;
        let client = cluster.open(log).await?;
        let namespace = (!all_namespaces).then_some(client.namespace.as_str());
        Ok(Listing {
            objects: client.list(namespace).await?,
            namespace: namespace.map(str::to_owned),
            output,
            aim: client.aim,
        })
    }
}

impl<K> Listing<K> {
    /// Prints a row for each of these; `none` is what to say where there is none, with commands that act on this cluster.
    pub(super) fn print<R: Row>(
        &self,
        rows: impl Iterator<Item = R>,
        none: impl FnOnce(Option<&str>, &Aim) -> String,
    ) -> Result<(), Failure> {
        let rows: Vec<_> = rows.collect();
        output::print(&rows, self.output, &none(self.namespace.as_deref(), &self.aim))
    }
}
