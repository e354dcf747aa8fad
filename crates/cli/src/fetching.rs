//! What the controller fetches from outside: what `up` and `controller` have in common.

use std::{net::SocketAddr, time::Duration};

use keydesk_controller::{
    Settings,
    fetch::{Opening, PrivateRanges},
};

use crate::{gating::time, settings::openapi_spec_max_size};

/// How far outward fetches reach, and how often they are made.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fetching of OpenAPI and OpenID documents")]
pub(crate) struct FetchArgs {
    /// A range that may be fetched from although it is otherwise refused, such as 127.0.0.0/8, or one port of it:
    /// `127.0.0.1/32:8000`, `[::1/128]:8000` (may be repeated)
    #[arg(long = "fetch-allow", value_name = "CIDR[:PORT]")]
    allow: Vec<Opening>,

    /// Whether private ranges, where a cluster and a company are, may be fetched from: `allow` or `deny`
    #[arg(long = "fetch-private", value_name = "WORD", default_value_t = PrivateRanges::Allow)]
    private: PrivateRanges,

    /// How often a document that was fetched is looked at again; 0 is never
    #[arg(long = "fetch-refresh", value_name = "TIME", default_value = "6h", value_parser = time)]
    refresh: Duration,
}

impl FetchArgs {
    /// What the arguments and the environment say, over the defaults.
    pub(crate) fn settings(self) -> Settings {
        let Self {
            allow,
            private,
            refresh,
        } = self;
        Settings {
            openapi_spec_max_size: openapi_spec_max_size(),
            fetch_allow: allow,
            fetch_private: private,
            fetch_refresh: refresh,
            ..Settings::default()
        }
    }

    /// The same with one more address and port that may be fetched from.
    pub(crate) fn and_allow(mut self, at: Option<SocketAddr>) -> Self {
        self.allow.extend(at.map(Opening::from));
        self
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn settings(arguments: &[&str]) -> Result<Settings, clap::Error> {
        let command = FetchArgs::augment_args(clap::Command::new("keydesk").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments)?;
        Ok(FetchArgs::from_arg_matches(&matches)?.settings())
    }

    #[test]
    fn without_arguments_the_defaults_of_the_controller_hold() {
        assert_eq!(settings(&[]).unwrap(), Settings::default());
    }

    #[test]
    fn arguments_say_how_far_and_how_often() {
        let settings = settings(&[
            "--fetch-allow=127.0.0.0/8",
            "--fetch-allow=[::1/128]:8000",
            "--fetch-private=deny",
            "--fetch-refresh=30m",
        ])
        .unwrap();
        let allow: Vec<_> = settings.fetch_allow.iter().map(Opening::to_string).collect();
        assert_eq!(allow, ["127.0.0.0/8", "[::1/128]:8000"]);
        assert_eq!(settings.fetch_private, PrivateRanges::Deny);
        assert_eq!(settings.fetch_refresh, Duration::from_mins(30));
    }

    #[test]
    fn a_door_is_allowed_with_its_port_and_nothing_else() {
        let door: SocketAddr = "127.0.0.1:8000".parse().unwrap();
        let arguments = FetchArgs {
            allow: Vec::new(),
            private: PrivateRanges::Allow,
            refresh: Duration::ZERO,
        };
        let allow = arguments.and_allow(Some(door)).settings().fetch_allow;
        assert_eq!(allow, [Opening::from(door)]);
        assert!(!allow[0].contains("127.0.0.1:8001".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused() {
        for argument in [
            "--fetch-allow=everything",
            "--fetch-allow=127.0.0.1:8000",
            "--fetch-allow=127.0.0.1/32:0",
            "--fetch-private=maybe",
            "--fetch-refresh=often",
        ] {
            assert!(settings(&[argument]).is_err(), "{argument}");
        }
    }
}
