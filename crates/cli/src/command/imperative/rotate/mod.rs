//! `keydesk rotate`: a new value for a key. The Secret is replaced as a whole, for consumers may not patch it, and only in
//! the version that was read: of two who rotate at once, one is told.

mod putting;
mod rotation;

use std::io::{Write as _, stderr};
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::{APIKey, rfc3339};
use keydesk_catalog::KeyEdges;
use keydesk_core::NamespacedName;
use keydesk_process::LogArgs;

use super::value::ValueArgs;
use super::{ClusterArgs, WipedSecret, output, place, span};
use crate::exit::Failure;
use putting::{Change, put};
pub(in crate::command) use rotation::previous_until;
use rotation::{LONGEST_OVERLAP, Previous, RotateError, is_refused, rotated};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key, as NAME or NAMESPACE/NAME
    key: String,

    /// How long the old value goes on working, at most 7d; 0 ends it at once
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = overlap)]
    overlap: Duration,

    /// End the value of an earlier rotation now, if that is still under way
    #[arg(long)]
    drop_previous: bool,

    #[command(flatten)]
    value: ValueArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

fn overlap(text: &str) -> Result<Duration, String> {
    let span = span::parse(text).map_err(|error| error.to_string())?;
    if span > LONGEST_OVERLAP {
        return Err("both values may work for 7d at most".to_owned());
    }
    Ok(span)
}

/// Nothing to rotate.
#[derive(Debug, thiserror::Error)]
#[error("APIKey {0} names no Secret")]
struct FindSecret(NamespacedName);

impl From<RotateError> for Failure {
    fn from(error: RotateError) -> Self {
        Self::fixable(&error, error.hint())
    }
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        key,
        overlap,
        drop_previous,
        value,
        cluster,
    } = args;
    let client = cluster.open(log).await?;
    let id = place(&key, &client.namespace)?;
    let key = client.demand::<APIKey>(&id).await?;
    let Some(secret) = KeyEdges::of(&key).secret else {
        return Err(Failure::fixable(
            &FindSecret(id),
            "put the name of a Secret of yours into spec.secretRef.name of the APIKey",
        ));
    };
    let seen = client.demand::<WipedSecret>(&secret).await?;
    let others = client.sharing(&id, &secret).await;
    // Nothing is lost with a value that gateways do not accept.
    let drop_previous = drop_previous || is_refused(&key);
    // What would be refused is refused before a value is made or read.
    rotated(&seen, b"", overlap, drop_previous, Timestamp::now())?;
    let value = value.take()?;
    let change = Change {
        value: value.bytes(),
        overlap,
        drop_previous,
    };
    let previous = put(&client, &secret, seen, change).await?;
    let warning = value.warning.clone();
    let done = done(&id, previous);
    let place_of_value = value.hand_out(&done, &secret, &client.aim)?;
    let said = said(done, &others, warning, place_of_value);
    // The value is there, whether this can be said or not.
    let _ = stderr().write_all(said.as_bytes());
    Ok(())
}

/// What was done.
fn done(key: &NamespacedName, previous: Previous) -> String {
    let old = match previous {
        Previous::None => "there was no old one".to_owned(),
        Previous::Ends => "the old one ends now".to_owned(),
        Previous::Until(end) => format!("the old one works beside it until {}, then ends", rfc3339(end)),
    };
    format!("APIKey {key} has a new value; {old}")
}

/// What a person is told in the end.
fn said(done: String, others: &[String], warning: Option<String>, value: String) -> String {
    let mut lines = vec![done, value];
    if !others.is_empty() {
        lines.push(format!(
            "note: the same Secret, hence the same value, is that of {}",
            others.join(", ")
        ));
    }
    lines.extend(warning.map(|warning| format!("warning: {warning}")));
    output::lines(&lines)
}
