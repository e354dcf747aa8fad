//! `keydesk apiserver`: the API server of a data directory, and nothing else.

use std::path::Path;

use keydesk_process::{LogArgs, Stop, bind, until_drained};

use super::{DRAIN, answer, shell_word::shell_word};
use crate::{
    exit::Failure,
    home::ADMIN,
    serve::{ServerArgs, Serving, open_home, serve},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        server: ServerArgs { data_dir, listen },
    } = args;
    let stop = Stop::on_signals().map_err(|error| Failure::fault(&error))?;
    let listener = bind("--listen", listen).await?;
    let (home, _records) = open_home(data_dir, &log)?;
    let serving = serve(&home, listener, &[ADMIN], stop.drain.clone()).await?;
    let kubeconfig = home.path("kubeconfig");
    let announced = announce(&serving, &kubeconfig);
    if announced.is_err() {
        stop.drain.cancel();
    }
    let work = async {
        stop.drain.cancelled().await;
        serving.finish().await
    };
    let finished = until_drained(work, &stop, DRAIN).await;
    announced.and(finished.unwrap_or_else(|forced| Err(Failure::fault(&forced))))
}

fn announce(serving: &Serving<'_>, kubeconfig: &Path) -> Result<(), Failure> {
    serving.announce(&[ADMIN], &[])?;
    answer(|out| {
        writeln!(out, "The API server is ready on https://{}.\n", serving.address)?;
        writeln!(
            out,
            "  export KUBECONFIG={}",
            shell_word(&kubeconfig.display().to_string())
        )
    })
}
