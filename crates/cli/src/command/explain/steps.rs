//! An explanation of a key or a product as one screen of text.

use std::fmt::Write as _;

use keydesk_catalog::explain::{Explanation, State};
use serde_json::json;

use crate::{
    command::{answer, answer_json},
    exit::Failure,
    foreign::{command, passage},
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
    match form {
        Form::Text => answer(|out| out.write_all(screen(explanation).as_bytes())),
        Form::Json => {
            let mut value = json!(explanation);
            value["toDo"] = json!(explanation.to_do());
            answer_json(&value)
        }
    }?;
    if explanation.works {
        Ok(())
    } else {
        Err(Failure::said())
    }
}

fn screen(explanation: &Explanation) -> String {
    let mut text = format!("{}\n\n", passage(&explanation.subject));
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
            let _ = writeln!(text, "{mark:MARK$}{topic:TOPIC$}{}", passage(line));
            heading = ("", "");
        }
    }
    let _ = writeln!(text, "\n{}", passage(&explanation.verdict));
    for fix in explanation.to_do() {
        let _ = writeln!(text, "to do: {}: {}", fix.who, command(&fix.what));
    }
    text
}

#[cfg(test)]
mod tests {
    use keydesk_catalog::explain::{Fix, Step, Who};

    use super::*;

    #[test]
    fn what_others_wrote_at_length_leaves_the_verdict_on_the_screen() {
        let explanation = Explanation {
            subject: "APIKey app/k".to_owned(),
            works: false,
            verdict: format!("it does not work: {}", "x".repeat(70_000)),
            steps: vec![Step {
                topic: "decisions",
                state: State::Bad,
                says: vec![format!("denied by {}", "eve   ".repeat(10_000))],
                fix: Some(Fix {
                    who: Who::Owner,
                    what: "keydesk approve 'my  key'".to_owned(),
                }),
            }],
        };
        let text = screen(&explanation);
        assert!(text.lines().all(|line| line.chars().count() < 400), "{text}");
        assert!(text.contains("NO  decisions  denied by eve eve eve"), "{text}");
        assert!(text.contains("characters left out"), "{text}");
        assert!(
            text.ends_with("to do: the owner of the product: keydesk approve 'my  key'\n"),
            "a command is told as it is: {text}"
        );
    }
}
