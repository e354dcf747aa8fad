//! The one binary `keydesk`.

use std::process::ExitCode;

fn main() -> ExitCode {
    keydesk::main(std::env::args_os())
}
