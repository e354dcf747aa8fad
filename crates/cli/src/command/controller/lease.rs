//! Which replica writes: the flags of the election.

use keydesk_process::lease::{Election, Pace, identity};
use kube::Client;

/// The Lease of upstream's controller: during an upgrade the old one and the new one take turns.
pub(super) const LEASE: &str = "6dd6d79d.kuadrant.io";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Replicas")]
pub(super) struct LeaseArgs {
    /// Write only while holding the Lease 6dd6d79d.kuadrant.io, so that several replicas can stand by for each other
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    leader_elect: bool,

    /// Namespace of that Lease [default: the pod's own, or the kubeconfig's]
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
}

impl LeaseArgs {
    /// What takes part in the election, if there is one.
    pub(super) fn election(self, client: &Client) -> Option<Election> {
        let Self {
            leader_elect,
            leader_election_namespace,
        } = self;
        let namespace = leader_election_namespace
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or_else(|| client.default_namespace().to_owned());
        leader_elect.then(|| Election::new(client.clone(), &namespace, LEASE, identity(), Pace::default()))
    }
}
