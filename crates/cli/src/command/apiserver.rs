//! `keydesk apiserver`: the API server of a data directory, and nothing else.

use std::{net::SocketAddr, path::PathBuf};

use keydesk_process::{LogArgs, Stop, until_drained};

use super::{DRAIN, answer};
use crate::{
    exit::Failure,
    home::ADMIN,
    serve::{open_home, serve},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where everything is kept [default: the platform's data directory]
    #[arg(long, env = "KEYDESK_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Address of the API server, https (port 0 takes a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args { data_dir, listen } = args;
    let stop = Stop::on_signals().map_err(|error| Failure::fault(&error))?;
    let home = open_home(data_dir, &log)?;
    let serving = serve(&home, listen, &[ADMIN], stop.drain.clone()).await?;
    serving.announce(&home, &[ADMIN], &[])?;
    let kubeconfig = home.path("kubeconfig");
    answer(|out| {
        writeln!(out, "The API server is ready on https://{}.\n", serving.address)?;
        writeln!(
            out,
            "  export KUBECONFIG={}",
            shell_word(&kubeconfig.display().to_string())
        )
    })?;
    let work = async {
        stop.drain.cancelled().await;
        serving.finish().await
    };
    until_drained(work, &stop, DRAIN)
        .await
        .map_err(|forced| Failure::fault(&forced))?
}

/// The text as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(
            shell_word("/home/ada/.local/share/keydesk"),
            "/home/ada/.local/share/keydesk"
        );
        assert_eq!(shell_word("/My Data/it's"), r"'/My Data/it'\''s'");
    }
}
