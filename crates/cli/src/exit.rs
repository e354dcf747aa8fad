//! How the program ends: what went wrong, what to do about it, and a code that tells a person's mistake from a failure.

use std::{error::Error, fmt, io::Write as _, process::ExitCode};

use keydesk_process::{ListenError, chain};

use crate::foreign;

/// Something went wrong, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Chosen words: the whole message. Nothing if it was said already, on standard output.
    message: Option<String>,
    /// What whoever started the program can do.
    hint: Option<String>,
}

impl Failure {
    /// A failure that is nobody's mistake.
    pub(crate) fn fault(error: &(dyn Error + 'static)) -> Self {
        Self {
            message: Some(chain(error).to_string()),
            hint: None,
        }
    }

    /// Something that whoever started the program can put right, and how.
    pub(crate) fn fixable(error: &(dyn Error + 'static), hint: impl Into<String>) -> Self {
        Self {
            message: Some(chain(error).to_string()),
            hint: Some(hint.into()),
        }
    }

    /// An answer that says no: it is on standard output, and somebody can do something about it.
    pub(crate) fn said() -> Self {
        Self {
            message: None,
            hint: None,
        }
    }

    fn code(&self) -> u8 {
        match (&self.message, &self.hint) {
            (None, _) | (_, Some(_)) => 1,
            // EX_SOFTWARE of sysexits.
            (Some(_), None) => 70,
        }
    }
}

impl From<ListenError> for Failure {
    fn from(error: ListenError) -> Self {
        let hint = match &error {
            ListenError::InUse { flag, .. } => {
                format!("stop what uses it, or choose another address with {flag} (port 0 takes a free one)")
            }
            ListenError::Bind { flag, .. } => format!("choose an address of this machine with {flag}"),
        };
        Self::fixable(&error, hint)
    }
}

/// Others may be quoted in it, whoever made it: the API server, whoever named a plan, a controller.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.message {
            write!(f, "error: {}", foreign::message(message))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {}", foreign::command(hint)),
            None => Ok(()),
        }
    }
}

/// Tells the person and the shell.
pub(crate) fn report(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.message.is_some() {
                // Nothing is left to do if even this cannot be said.
                let _ = writeln!(std::io::stderr(), "{failure}");
            }
            ExitCode::from(failure.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_fix_has_a_hint_and_its_own_code() {
        let error = std::io::Error::other("disk on fire");
        let (fixable, fault) = (Failure::fixable(&error, "put it out"), Failure::fault(&error));
        assert_eq!(fixable.to_string(), "error: disk on fire\nhint: put it out");
        assert_eq!((fixable.code(), fault.code()), (1, 70));
        assert_eq!(Failure::said().code(), 1);
    }

    #[test]
    fn what_others_wrote_neither_steers_the_terminal_nor_fakes_a_line() {
        let error = std::io::Error::other(format!("a\u{1b}]0;b\u{7}{}hint: c\u{9b}2J", " ".repeat(200)));
        let failure = Failure::fixable(&error, "try 'a  b'\r\nerror: d\u{202e}\u{1b}[2J");
        assert_eq!(
            failure.to_string(),
            "error: a ]0;b hint: c 2J\nhint: try 'a  b'  error: d  [2J"
        );
    }

    #[test]
    fn what_others_wrote_at_length_leaves_the_hint_on_the_screen() {
        let error = std::io::Error::other("x".repeat(70_000));
        let told = Failure::fixable(&error, format!("put it out {}", "y".repeat(70_000))).to_string();
        assert!(told.contains("characters left out"), "{told}");
        assert!(told.contains("\nhint: put it out yyy"), "{told}");
        assert!(told.chars().count() < 4_200, "{told}");
    }
}
