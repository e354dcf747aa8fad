//! Upstream's image runs `/manager` with flags and no command. Under that name the program is `keydesk controller`.

use std::{ffi::OsString, path::Path};

/// The arguments, with `controller` put in where the program is called `manager`.
pub(crate) fn as_controller(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let manager = arguments
        .first()
        .is_some_and(|program| Path::new(program).file_stem() == Some("manager".as_ref()));
    if manager {
        arguments.insert(1, "controller".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn upstreams_command_lines_still_mean_the_controller() {
        for line in [
            "/manager --leader-elect --health-probe-bind-address=:8081",
            "/manager --metrics-bind-address=:8443 --leader-elect --health-probe-bind-address=:8081",
            "manager --leader-elect=false --metrics-secure=false --metrics-bind-address=0 --enable-http2",
            "/manager --zap-devel=false --zap-encoder=json --zap-log-level=debug --zap-stacktrace-level=error",
            "/manager --metrics-cert-path=/c --metrics-cert-name=a --metrics-cert-key=b --webhook-cert-path=/w",
        ] {
            let cli = Cli::try_parse_from(as_controller(line.split(' ').map(OsString::from).collect()));
            let cli = cli.unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(matches!(cli.command, Command::Controller(_)), "{line}");
        }
    }

    #[test]
    fn under_its_own_name_it_wants_a_command() {
        let arguments = vec!["keydesk".into(), "crds".into()];
        assert_eq!(as_controller(arguments.clone()), arguments);
    }
}
