//! Upstream's flags for webhooks, of which there are none.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compatibility")]
pub(super) struct WebhookArgs {
    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "DIR")]
    webhook_cert_path: Option<PathBuf>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "FILE")]
    webhook_cert_name: Option<String>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "FILE")]
    webhook_cert_key: Option<String>,
}

impl WebhookArgs {
    pub(super) fn ignore(self) {
        let Self {
            webhook_cert_path: _,
            webhook_cert_name: _,
            webhook_cert_key: _,
        } = self;
    }
}
