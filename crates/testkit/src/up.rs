//! The real program, running with a data directory of a test: started, watched, stopped or killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use kube::config::{KubeConfigOptions, Kubeconfig};
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::person::Person;
use crate::wait::Patience;

/// How long the program may take to become ready, a debug build on a busy machine included.
const START: Duration = Duration::from_mins(1);

/// The flags of everything that `up` listens with.
pub const LISTENERS: [&str; 5] = [
    "--listen",
    "--admin-listen",
    "--gate-listen",
    "--gate-grpc-listen",
    "--front-door-listen",
];

/// The flags that give every listener a free port, so that tests do not meet.
pub fn free_ports() -> impl Iterator<Item = &'static str> {
    LISTENERS.into_iter().flat_map(|flag| [flag, "127.0.0.1:0"])
}

/// A running `keydesk up`. Killed when it is dropped.
pub struct Up {
    child: Child,
    directory: PathBuf,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Up {
    /// Starts `program up` with `flags` on free ports, and waits until it is ready.
    pub async fn start(program: &str, directory: &Path, flags: &[&str]) -> Self {
        let began = SystemTime::now();
        let mut up = Self::spawn(program, directory, flags);
        let start = Instant::now();
        while !written_since(&up.kubeconfig(), began) {
            if let Some(status) = up.child.try_wait().unwrap() {
                panic!("ended with {status} instead of becoming ready:\n{}", up.said());
            }
            assert!(
                start.elapsed() < START,
                "not ready within {START:?}:\n{}",
                up.said()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        up
    }

    fn spawn(program: &str, directory: &Path, flags: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg("up")
            .arg("--data-dir")
            .arg(directory)
            .args(free_ports())
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("start {program:?}: {error}"));
        let said = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            listen(child.stdout.take().unwrap(), said.clone()),
            listen(child.stderr.take().unwrap(), said.clone()),
        ];
        Self {
            child,
            directory: directory.to_owned(),
            said,
            readers,
        }
    }

    /// The kubeconfig that the program wrote.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.directory.join("kubeconfig")
    }

    /// Where a listener is, by its flag without dashes.
    #[must_use]
    pub fn address(&self, flag: &str) -> String {
        let text = std::fs::read_to_string(self.directory.join("addresses.json")).unwrap();
        let addresses: serde_json::Value = serde_json::from_str(&text).unwrap();
        let address = addresses[flag].as_str();
        address
            .unwrap_or_else(|| panic!("{flag} listens nowhere: {text}"))
            .to_owned()
    }

    /// Everything written to standard output and standard error so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().clone()
    }

    /// The person of a context of the kubeconfig.
    pub async fn person(&self, context: &str) -> Person {
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig()).unwrap();
        let options = KubeConfigOptions {
            context: Some(context.to_owned()),
            ..KubeConfigOptions::default()
        };
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .unwrap();
        let patience = Patience {
            soon: Duration::from_secs(20),
            ..Patience::EMBEDDED
        };
        Person::new(kube::Client::try_from(config).unwrap(), patience)
    }

    /// Kills the program as a power cut would: no signal handler runs. It is over before the next request is.
    pub fn kill(&mut self) {
        self.child.start_kill().unwrap();
    }

    /// Waits until the program that was killed is no more, its locks included.
    pub async fn dead(mut self) {
        self.child.wait().await.unwrap();
    }

    /// Presses Ctrl-C, and gives back how the program ended and all it ever said.
    pub async fn interrupt(self) -> (ExitStatus, String) {
        let process = self.child.id().unwrap().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &process])
            .status()
            .await
            .unwrap();
        assert!(sent.success(), "send an interrupt");
        self.ended().await
    }

    /// Waits until the program has ended, and gives back how it did and all it ever said.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(START, self.child.wait()).await;
        let status = ended
            .unwrap_or_else(|_| panic!("still running:\n{}", self.said()))
            .unwrap();
        for reader in self.readers.drain(..) {
            reader.await.unwrap();
        }
        (status, self.said())
    }
}

fn written_since(file: &Path, instant: SystemTime) -> bool {
    // File systems keep coarser times than the clock does.
    let instant = instant - Duration::from_millis(20);
    file.metadata()
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|modified| modified >= instant)
}

fn listen(stream: impl AsyncRead + Unpin + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut said = said.lock();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
