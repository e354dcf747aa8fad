//! An explanation of a key or a product as one screen of text.

use std::fmt::Write as _;

use keydesk_catalog::explain::{Explanation, State};
use serde_json::json;

use crate::{
    command::{answer, desk::clean},
    exit::Failure,
};

/// Columns of the mark and of the topic on the left.
const MARK: usize = 4;
const TOPIC: usize = 11;

/// How an explanation is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// One screen of text
    #[default]
    Text,
    /// JSON, with everything
    Json,
}

/// Prints it. If it says no, the exit code says so too.
pub(super) fn print(explanation: &Explanation, form: Form) -> Result<(), Failure> {
    answer(|out| match form {
        Form::Text => out.write_all(screen(explanation).as_bytes()),
        Form::Json => {
            let mut value = json!(explanation);
            value["toDo"] = json!(explanation.to_do());
            serde_json::to_writer_pretty(&mut *out, &value)?;
            writeln!(out)
        }
    })?;
    if explanation.works {
        Ok(())
    } else {
        Err(Failure::said())
    }
}

fn screen(explanation: &Explanation) -> String {
    let mut text = format!("{}\n\n", clean(&explanation.subject));
    for step in &explanation.steps {
        let mark = match step.state {
            State::Good => "ok",
            State::Note => "-",
            State::Unknown => "?",
            State::Bad => "NO",
        };
        let mut heading = (mark, step.topic);
        for line in &step.says {
            let (mark, topic) = heading;
            // A text takes whatever is written to it.
            let _ = writeln!(text, "{mark:MARK$}{topic:TOPIC$}{}", clean(line));
            heading = ("", "");
        }
    }
    let _ = writeln!(text, "\n{}", clean(&explanation.verdict));
    for fix in explanation.to_do() {
        let _ = writeln!(text, "to do: {}: {}", fix.who, clean(&fix.what));
    }
    text
}
