//! Upstream's flags for webhooks, of which there are none.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compatibility")]
pub(super) struct WebhookArgs {
    /// Accepted, without effect: there are no webhooks
    #[arg(long = "webhook-cert-path", id = "webhook_cert_path", value_name = "DIR")]
    path: Option<PathBuf>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long = "webhook-cert-name", id = "webhook_cert_name", value_name = "FILE")]
    name: Option<String>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long = "webhook-cert-key", id = "webhook_cert_key", value_name = "FILE")]
    key: Option<String>,
}

impl WebhookArgs {
    pub(super) fn ignore(self) {
        let Self {
            path: _,
            name: _,
            key: _,
        } = self;
    }
}
