//! The cluster that a command works on.

use std::path::PathBuf;

use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::exit::Failure;

/// How to reach the cluster of a kubeconfig; without one, as kubectl would, or as a pod does.
pub(crate) async fn cluster(kubeconfig: Option<PathBuf>) -> Result<Config, Failure> {
    let Some(file) = kubeconfig else {
        return Config::infer().await.map_err(|error| unusable(&error));
    };
    let kubeconfig = Kubeconfig::read_from(file).map_err(|error| unusable(&error))?;
    let context = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &context)
        .await
        .map_err(|error| unusable(&error))
}

/// A kubeconfig, or what it leads to, that is of no use.
pub(crate) fn unusable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::fixable(
        error,
        "name the kubeconfig of a cluster with --kubeconfig or KUBECONFIG, or run in a pod",
    )
}
