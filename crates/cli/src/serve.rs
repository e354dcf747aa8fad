//! The API server of a data directory: what `up` and `apiserver` have in common.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use keydesk_apiserver::{ApiServer, Store, StoreError, Tokens as ApiTokens};
use keydesk_process::{AuditFile, AuditRecords, LogArgs, init_log};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    exit::Failure,
    home::{
        Announcement, Authority, AuthorityError, DataDir, DirectoryError, Person, Tokens, TokensError,
        kubeconfig,
    },
};

const AUDIT: &str = "audit.log";

/// Where an API server lives and listens.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Where everything is kept [default: the platform's data directory]
    #[arg(long, env = "KEYDESK_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Address of the API server, https (port 0 takes a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7443")]
    pub(crate) listen: SocketAddr,
}

/// The store took no more writes, so the process ended.
#[derive(Debug, thiserror::Error)]
#[error("the store could not be written")]
struct StoreBroken;

/// An API server that answers on a socket.
pub(crate) struct Serving<'a> {
    pub(crate) server: ApiServer,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
    authority: Authority,
    tokens: Tokens,
    announcement: Announcement<'a>,
}

/// Takes the data directory, with the audit log in it, of which is counted what is written. What another run announced in it is
/// over.
pub(crate) fn open_home(
    directory: Option<PathBuf>,
    log: &LogArgs,
) -> Result<(DataDir, AuditRecords), Failure> {
    let path = directory.map_or_else(DataDir::default_path, Ok)?;
    let home = DataDir::open(&path)?;
    Announcement::withdraw(&home)?;
    let name = home.path(AUDIT).display().to_string();
    let audit = AuditFile::new(name, home.append(AUDIT)?);
    let records = audit.records();
    init_log(log, Some(audit))?;
    Ok((home, records))
}

/// Starts the API server of `home` on `listener` for these people, until `shutdown`.
pub(crate) async fn serve<'a>(
    home: &'a DataDir,
    listener: TcpListener,
    people: &[Person],
    shutdown: CancellationToken,
) -> Result<Serving<'a>, Failure> {
    let address = listener.local_addr().map_err(|error| Failure::fault(&error))?;
    let path = home.path("store");
    // Reading a large store takes a while; nothing else waits for it yet.
    let store = tokio::task::block_in_place(|| {
        if home.had_a_store() {
            Store::open_existing(&path)
        } else {
            Store::open(&path)
        }
    })?;
    let authority = Authority::load(home)?;
    let tokens = Tokens::load(home, people.iter().map(|person| person.name))?;
    let tls = authority.server_config(address.ip())?;
    let holders = people
        .iter()
        .map(|person| (tokens.of(person.name), person.user()));
    let server = ApiServer::builder()
        .store(store)
        .tokens(ApiTokens::new(holders))
        .build()
        .await;
    let server = server.map_err(|error| Failure::fault(&error))?;
    let (broken, ending) = (server.broken(), shutdown.clone());
    tokio::spawn(async move {
        broken.cancelled().await;
        ending.cancel();
    });
    let serving = server.clone();
    let task =
        tokio::spawn(async move { serving.serve_tls(listener, tls, shutdown.cancelled_owned()).await });
    Ok(Serving {
        server,
        address,
        task,
        authority,
        tokens,
        announcement: Announcement::new(home),
    })
}

impl Serving<'_> {
    /// Ends watches and background work, and waits for the last answer.
    ///
    /// # Errors
    /// If it was the store that made an end.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        drop(self.announcement);
        let broken = self.server.broken();
        self.server.shutdown().await;
        self.task.await.map_err(|error| Failure::fault(&error))?;
        if broken.is_cancelled() {
            let hint = "the log says what the system said: make room on the disk, then start again; whatever was \
                        acknowledged is kept";
            return Err(Failure::fixable(&StoreBroken, hint));
        }
        Ok(())
    }

    /// Tells the world that everything is ready: the addresses first, the kubeconfig last.
    pub(crate) fn announce(
        &self,
        people: &[Person],
        others: &[(&str, SocketAddr)],
    ) -> Result<(), DirectoryError> {
        let mut addresses = json!({"listen": self.address.to_string()});
        for (flag, address) in others {
            addresses[*flag] = json!(address.to_string());
        }
        let address = reachable(self.address);
        self.announcement.make(
            &format!("{addresses:#}\n"),
            &kubeconfig(address, &self.authority, people, &self.tokens),
        )
    }
}

/// The address as a client on this machine dials it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        let hint = match &error {
            DirectoryError::NoDefault => "say where with --data-dir",
            DirectoryError::Prepare { .. } => "choose a directory of yours with --data-dir",
            DirectoryError::Foreign { .. } => "choose an empty or a new directory with --data-dir",
            DirectoryError::InUse { .. } => "stop the other one, or choose another directory with --data-dir",
            DirectoryError::Read { .. } | DirectoryError::Write { .. } => {
                "see that the file is yours, and that the disk has room"
            }
        };
        Self::fixable(&error, hint)
    }
}

impl From<TokensError> for Failure {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Parse => Self::fixable(
                &error,
                "restore the file from a copy, or remove it: new tokens are made then",
            ),
            TokensError::Directory(error) => error.into(),
        }
    }
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Load(_) => Self::fixable(
                &error,
                "restore both files from a copy, or remove both: a new authority is made then",
            ),
            AuthorityError::Make(_) | AuthorityError::Tls(_) => Self::fault(&error),
            AuthorityError::Directory(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Open { .. } => "see that the directory is yours, and that the disk has room",
            StoreError::Locked { .. } => {
                "stop the other process, or choose another directory with --data-dir"
            }
            StoreError::Missing { .. } | StoreError::Corrupt { .. } => {
                "restore the data directory from a copy; or, to start over, move all of it away (not the store alone), \
                 or choose another one with --data-dir"
            }
            StoreError::Format { .. } => {
                "run the release that wrote it, or choose another directory with --data-dir"
            }
            StoreError::Commit(_) | StoreError::StartWriter(_) => return Self::fault(&error),
        };
        Self::fixable(&error, hint)
    }
}
