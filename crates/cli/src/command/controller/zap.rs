//! Upstream's logging flags, as far as they have a meaning here.

use clap::ValueEnum;
use keydesk_process::{LogArgs, LogFormat};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compatibility")]
pub(super) struct ZapArgs {
    /// Accepted, without effect
    #[arg(long = "zap-devel", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    devel: bool,

    /// Shape of a log line, as --log-format
    #[arg(long = "zap-encoder", value_enum)]
    encoder: Option<Encoder>,

    /// What to log: debug, info, error, panic, or a number (higher says more); as --log
    #[arg(long = "zap-log-level", value_name = "LEVEL", value_parser = level)]
    log_level: Option<String>,

    /// Accepted, without effect
    #[arg(long = "zap-stacktrace-level", value_name = "LEVEL")]
    stacktrace_level: Option<String>,

    /// Accepted, without effect
    #[arg(long = "zap-time-encoding", value_name = "ENCODING")]
    time_encoding: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Encoder {
    /// One JSON object in a line
    Json,
    /// One readable line
    Console,
}

impl ZapArgs {
    pub(super) fn over(&self, log: LogArgs) -> LogArgs {
        let Self {
            devel: _,
            encoder,
            log_level,
            stacktrace_level: _,
            time_encoding: _,
        } = self;
        LogArgs {
            log_format: match encoder {
                Some(Encoder::Json) => LogFormat::Json,
                Some(Encoder::Console) => LogFormat::Pretty,
                None => log.log_format,
            },
            log: log_level.clone().unwrap_or(log.log),
        }
    }
}

/// The level of ours that says as much.
fn level(text: &str) -> Result<String, String> {
    let level = match text {
        "debug" | "info" | "warn" | "error" => text,
        "panic" => "error",
        _ => match text.parse::<u8>() {
            Ok(0) => "info",
            Ok(1) => "debug",
            Ok(_) => "trace",
            Err(_) => return Err("write debug, info, error, panic, or a number from 0".to_owned()),
        },
    };
    Ok(level.to_owned())
}
