//! Groups of flags that roles flatten into their own; each flag is documented where it is defined.

use std::net::SocketAddr;

/// How a process writes its log (always to standard error).
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// Shape of a log line: `pretty` for people, `json` for machines
    #[arg(long, env = "KEYDESK_LOG_FORMAT", value_enum, default_value_t = LogFormat::Pretty, global = true)]
    pub log_format: LogFormat,

    /// What to log: a level, or directives such as `info,keydesk_controller=debug`
    #[arg(
        long,
        env = "KEYDESK_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true
    )]
    pub log: String,
}

/// The two shapes of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line; coloured on a terminal.
    Pretty,
    /// One JSON object in a line.
    Json,
}

/// Where health and metrics are served.
#[derive(Debug, Clone, clap::Args)]
pub struct AdminArgs {
    /// Address for health and metrics, plain HTTP (port 0 takes a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7444")]
    pub admin_listen: SocketAddr,
}
