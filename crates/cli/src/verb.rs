//! The flags that say where a command works may stand before the verb, as they may for kubectl. Only commands that have
//! them take them: to all others they are as unexpected as behind it.

use std::ffi::OsString;

/// Each has a value.
const FLAGS: [&str; 4] = ["--kubeconfig", "--context", "--namespace", "-n"];

/// The arguments, with the verb before such flags.
pub(crate) fn verb_first(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut verb = 1;
    while let Some(words) = arguments.get(verb).and_then(|word| words_of_flag(word.to_str()?)) {
        verb += words;
    }
    if verb >= arguments.len() {
        return arguments;
    }
    let flags: Vec<_> = arguments.drain(1..verb).collect();
    // Behind that nothing is a flag any more.
    let end = arguments.iter().position(|word| word == "--");
    let end = end.unwrap_or(arguments.len());
    arguments.splice(end..end, flags);
    arguments
}

/// How many words a flag takes that begins with this one, if it is one of these.
fn words_of_flag(word: &str) -> Option<usize> {
    if FLAGS.contains(&word) {
        return Some(2);
    }
    let has_value = FLAGS.iter().filter_map(|flag| word.strip_prefix(flag));
    let is_short = word.starts_with("-n");
    has_value
        .into_iter()
        .any(|value| is_short || value.starts_with('='))
        .then_some(1)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Cli;

    fn moved(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let moved = verb_first(words)
            .into_iter()
            .map(|word| word.into_string().unwrap());
        moved.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn where_a_command_works_may_be_said_before_the_verb() {
        for (typed, meant) in [
            ("keydesk keys -A", "keydesk keys -A"),
            (
                "keydesk --context consumer keys",
                "keydesk keys --context consumer",
            ),
            (
                "keydesk --kubeconfig=c --context a -nb explain key k",
                "keydesk explain key k --kubeconfig=c --context a -nb",
            ),
            ("keydesk -n keys keys", "keydesk keys -n keys"),
            (
                "keydesk --namespace a approve -- k",
                "keydesk approve --namespace a -- k",
            ),
        ] {
            assert_eq!(moved(typed), meant);
            let parsed = Cli::try_parse_from(meant.split(' '));
            assert!(parsed.is_ok(), "{meant}: {:?}", parsed.err());
        }
    }

    #[test]
    fn everything_else_stays_where_it_was_typed() {
        for line in [
            "keydesk",
            "keydesk --context",
            "keydesk --context a",
            "keydesk --version",
            "keydesk --contexts a keys",
            "keydesk up --data-dir -n",
        ] {
            assert_eq!(moved(line), line);
        }
    }

    #[test]
    fn a_command_without_such_flags_takes_none_before_its_verb() {
        let crds = moved("keydesk --context a crds");
        assert!(Cli::try_parse_from(crds.split(' ')).is_err(), "{crds}");
    }
}
