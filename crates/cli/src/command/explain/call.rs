//! `keydesk explain call`: one screen about one call.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use keydesk_gate::explain::{KeyInHand, Known, Question, claims, explain, foretell};
use keydesk_process::{LogArgs, init_log};

use super::{carriers::carriers, screen, view::View};
use crate::{
    command::{
        answer, answer_json,
        imperative::ContextArgs,
        key_input::{self, KeyInputError},
        quiet,
    },
    exit::Failure,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Host that is called, as the caller writes it, with a port if there is one
    #[arg(long, value_name = "HOST")]
    host: String,

    /// Path that is called, as the caller writes it, with a query if there is one
    #[arg(long, value_name = "PATH", default_value = "/")]
    path: String,

    /// Method of the call
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,

    /// A header of the call, for rules and plans that look at it (may be repeated). Not for the key: other people of
    /// this machine can read what you type here
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<Header>,

    /// Read the key from standard input and put it where the route's policy wants it. It is shown nowhere
    #[arg(long)]
    key_stdin: bool,

    #[command(flatten)]
    context: ContextArgs,

    /// Print the explanation as JSON
    #[arg(long)]
    json: bool,
}

/// A header as it is written. Its value may be a key: it is not printed, not even when it makes no sense.
#[derive(Clone)]
struct Header(String);

impl From<&str> for Header {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Header(..)")
    }
}

/// What is typed and makes no sense. Never says what it was.
#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("header number {number} is not written as one")]
    ParseHeader { number: usize },
    #[error(transparent)]
    ReadKey(#[from] KeyInputError),
    #[error("standard input has no key")]
    FindKey,
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        let hint = match &error {
            InputError::ParseHeader { .. } => "write --header 'NAME: VALUE'",
            InputError::ReadKey(_) | InputError::FindKey => {
                "pipe the key in: --key-stdin < file-with-the-key"
            }
        };
        Self::fixable(&error, hint)
    }
}

pub(super) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        host,
        path,
        method,
        headers,
        key_stdin,
        context,
        json,
    } = args;
    init_log(&quiet(log), None)?;
    let headers = parsed(&headers)?;
    let key = if key_stdin { Some(read_key()?) } else { None };
    let client = context.client().await?;
    let view = View::open(&client).await?;
    let now = jiff::Timestamp::now();
    let question = Question {
        host: &host,
        method: &method,
        target: &path,
        headers: &headers,
        key: key.as_ref(),
    };
    let foretold = foretell(&view.gate, &question, now).await;
    let snapshot = view.gate.snapshot();
    let claims = claims(view.known(&snapshot, &view.catalog()), &foretold.verdict);
    let carriers = carriers(&client, claims, &foretold).await;
    let explanation = {
        let catalog = view.catalog();
        let known: Known<'_> = view.known(&snapshot, &catalog);
        explain(known, &question, &foretold, &carriers, now)
    };
    if json {
        answer_json(&explanation)?;
    } else {
        answer(|out| out.write_all(screen::screen(&explanation).as_bytes()))?;
    }
    if explanation.outcome.passes {
        Ok(())
    } else {
        Err(Failure::said())
    }
}

fn parsed(written: &[Header]) -> Result<HeaderMap, InputError> {
    let mut headers = HeaderMap::new();
    for (at, Header(text)) in written.iter().enumerate() {
        let header = text.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            let mut value = HeaderValue::try_from(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let (name, value) = header.ok_or(InputError::ParseHeader { number: at + 1 })?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn read_key() -> Result<KeyInHand, InputError> {
    KeyInHand::new(key_input::read()?).ok_or(InputError::FindKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(written: &[&str]) -> Result<HeaderMap, InputError> {
        parsed(&written.iter().map(|text| Header::from(*text)).collect::<Vec<_>>())
    }

    #[test]
    fn headers_are_read_as_they_are_written_and_may_be_repeated() {
        let read = headers(&["X-A: 1", "x-a:2", "Authorization: Bearer a:b"]).unwrap();
        assert_eq!(read.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(read["authorization"], "Bearer a:b");
    }

    #[test]
    fn a_header_that_makes_no_sense_is_told_by_its_number_alone() {
        for text in ["Authorization APIKEY hunter2", "hunter2 x: y", "x: hunter2\u{7f}"] {
            let failure = Failure::from(headers(&["x-a: 1", text]).unwrap_err());
            let said = format!("{failure} {:?}", Header::from(text));
            assert!(said.contains("header number 2"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
