//! Commands that are printed for somebody to paste.

use std::fmt::Display;

/// Which cluster, and as whom: the flags with which a command that is printed acts where the command did that prints it.
/// Who works with several clusters would change another one otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim(String);

impl Aim {
    /// From flags that kubectl has too, each with its value, written as words of a shell.
    #[must_use]
    pub fn new(flags: &[(&str, String)]) -> Self {
        let mut words = String::new();
        for (flag, value) in flags {
            words.extend([" ", flag, " ", value]);
        }
        Self(words)
    }

    /// A command of Keydesk's.
    #[must_use]
    pub fn keydesk(&self, words: impl Display) -> String {
        format!("keydesk {words}{}", self.0)
    }

    /// A command of kubectl's.
    #[must_use]
    pub fn kubectl(&self, words: impl Display) -> String {
        format!("kubectl {words}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Aim;

    #[test]
    fn a_command_says_which_cluster_only_where_somebody_did() {
        assert_eq!(Aim::default().keydesk("products -A"), "keydesk products -A");
        let aim = Aim::new(&[
            ("--kubeconfig", "'my file'".to_owned()),
            ("--context", "prod".to_owned()),
        ]);
        assert_eq!(
            aim.keydesk("products -A"),
            "keydesk products -A --kubeconfig 'my file' --context prod"
        );
        assert_eq!(
            aim.kubectl("get apik"),
            "kubectl get apik --kubeconfig 'my file' --context prod"
        );
    }
}
