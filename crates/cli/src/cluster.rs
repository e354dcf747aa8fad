//! The cluster that a command works on.

use std::{fmt, io, path::PathBuf};

use kube::{
    Client, Config,
    config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use crate::{command::imperative::similar, contact::attentive, exit::Failure, requests::Requests};

/// A kubeconfig that makes no sense. The parser's words quote the file, hence a token: only where it was is kept.
#[derive(Debug, thiserror::Error)]
#[error("failed to understand the kubeconfig {path:?}{place}")]
struct ParseKubeconfig {
    path: PathBuf,
    place: Place,
}

/// Counted from 1, if it is known.
#[derive(Debug)]
struct Place(Option<(u64, u64)>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

/// A kubeconfig that leads nowhere.
#[derive(Debug, thiserror::Error)]
enum FindCluster {
    #[error("failed to read the kubeconfig {path:?}")]
    ReadKubeconfig {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the kubeconfig has no context {0:?}")]
    FindContext(String),
}

/// A client of the cluster of a kubeconfig; without one, of the cluster that kubectl would take, or that this pod is in.
pub(crate) async fn cluster(kubeconfig: Option<PathBuf>) -> Result<Client, Failure> {
    counted_cluster(kubeconfig, Requests::default()).await
}

/// The same; what is sent to it is counted.
pub(crate) async fn counted_cluster(
    kubeconfig: Option<PathBuf>,
    requests: Requests,
) -> Result<Client, Failure> {
    client(configured(kubeconfig, None).await?, requests)
}

/// The same as [`cluster`], of a context of the kubeconfig.
pub(crate) async fn cluster_of(
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
) -> Result<Client, Failure> {
    client(configured(kubeconfig, context).await?, Requests::default())
}

fn client(config: Config, requests: Requests) -> Result<Client, Failure> {
    let server = config.cluster_url.clone();
    let client = Client::try_from(config).map_err(|error| unusable(&error))?;
    Ok(attentive(client, &server, requests))
}

async fn configured(kubeconfig: Option<PathBuf>, context: Option<String>) -> Result<Config, Failure> {
    let is_named = kubeconfig.is_some() || context.is_some();
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    let read = match &kubeconfig {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    };
    let contexts = read.as_ref().map(contexts).unwrap_or_default();
    let config = match read {
        Ok(read) => Config::from_custom_kubeconfig(read, &options).await,
        Err(error) => Err(error),
    };
    config.or_else(|error| match (error, kubeconfig) {
        (KubeconfigError::Parse(error), file) => {
            let path = file.or_else(first_that_makes_no_sense).unwrap_or_default();
            Err(not_understood(path, &error))
        }
        (error, _) if is_named => Err(unfit(error, contexts)),
        (error, _) => Config::incluster().map_err(|in_cluster| match in_cluster {
            InClusterError::ReadEnvironmentVariable(_) => unfit(error, contexts),
            _ => unusable(&in_cluster),
        }),
    })
}

fn contexts(kubeconfig: &Kubeconfig) -> Vec<String> {
    let contexts = kubeconfig.contexts.iter();
    contexts.map(|context| context.name.clone()).collect()
}

/// A kubeconfig that can be understood, but leads to no cluster; with the contexts that it has.
fn unfit(error: KubeconfigError, contexts: Vec<String>) -> Failure {
    match error {
        KubeconfigError::ReadConfig(source, path) => unusable(&FindCluster::ReadKubeconfig { path, source }),
        KubeconfigError::LoadContext(name) => {
            let hint = if contexts.is_empty() {
                "it has none: name another kubeconfig with --kubeconfig or KUBECONFIG".to_owned()
            } else {
                format!("it has {}: name one with --context", similar(&name, contexts))
            };
            Failure::fixable(&FindCluster::FindContext(name), hint)
        }
        other => unusable(&other),
    }
}

/// A kubeconfig, or what it leads to, that is of no use.
fn unusable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::fixable(
        error,
        "name the kubeconfig of a cluster with --kubeconfig or KUBECONFIG, or run in a pod",
    )
}

fn not_understood(path: PathBuf, error: &serde_saphyr::Error) -> Failure {
    let place = error.location().map(|place| (place.line(), place.column()));
    Failure::fixable(
        &ParseKubeconfig {
            path,
            place: Place(place),
        },
        "put that right (what it says there is not shown, as it may be a token), or name another file with \
         --kubeconfig or KUBECONFIG",
    )
}

/// Of the files that are read when none is named.
fn first_that_makes_no_sense() -> Option<PathBuf> {
    let files = match std::env::var_os("KUBECONFIG").filter(|files| !files.is_empty()) {
        Some(files) => std::env::split_paths(&files).collect(),
        None => vec![std::env::home_dir()?.join(".kube/config")],
    };
    let makes_no_sense =
        |file: &PathBuf| matches!(Kubeconfig::read_from(file), Err(KubeconfigError::Parse(_)));
    files.into_iter().find(makes_no_sense)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a person is told of a kubeconfig.
    async fn told(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("broken.yaml");
        std::fs::write(&file, text).unwrap();
        let failure = configured(Some(file), None).await.expect_err("no kubeconfig");
        failure.to_string()
    }

    #[tokio::test]
    async fn a_kubeconfig_that_makes_no_sense_is_told_by_its_place_alone() {
        let user = "users:\n- name: admin\n  user:\n";
        for (text, line) in [
            (format!("{user}    token: hunter2\n   oops: [\n"), 5),
            (format!("{user}    token: \"hunter2\n    tokenFile: x\n"), 5),
            (format!("{user}    token: {{hunter2: 1}}\n"), 4),
            (format!("{user}    token: hunter2\n    exec: hunter2\n"), 5),
            ("users: hunter2\n".to_owned(), 1),
        ] {
            let said = told(&text).await;
            assert!(said.contains("broken.yaml\" at line "), "{said}");
            assert!(
                said.contains(&format!(" at line {line}, column ")),
                "{line}: {said}"
            );
            assert!(!said.contains("hunter2"), "{said}");
            assert_eq!(said.lines().count(), 2, "{said}");
        }
    }

    #[tokio::test]
    async fn who_names_a_context_that_there_is_not_is_told_which_there_are() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config");
        let told = async |text: &str| {
            std::fs::write(&file, text).unwrap();
            let failure = configured(Some(file.clone()), Some("consumr".to_owned())).await;
            failure.expect_err("no such context").to_string()
        };
        let context = |name: &str| format!("- name: {name}\n  context:\n    cluster: c\n    user: u\n");
        let both = format!("contexts:\n{}{}", context("owner"), context("consumer"));
        assert_eq!(
            told(&both).await,
            "error: the kubeconfig has no context \"consumr\"\nhint: it has consumer, owner: name one with --context"
        );
        let none = told("contexts: []\n").await;
        assert!(none.contains("hint: it has none: "), "{none}");
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_missing_is_named_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nowhere");
        let failure = configured(Some(file), None)
            .await
            .expect_err("no file")
            .to_string();
        assert!(failure.contains("/nowhere\": No such file"), "{failure}");
        assert_eq!(failure.matches("nowhere").count(), 1, "{failure}");
        assert!(!failure.contains("'\""), "{failure}");
    }
}
