//! A running demo, and its people at the command line.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keydesk_testkit::{Address, Person, kinds, kubectl, up::Up};
use serde_json::Value;
use tempfile::TempDir;

use crate::KEYDESK;

/// The product of the stories.
pub(super) const PRODUCT: &str = "gamestore/gamestore-api";

/// Where the consumer's key and its Secret are in the stories.
pub(super) const NAMESPACE: &str = "consumer-app";

pub(super) struct Stage {
    pub(super) up: Up,
    pub(super) directory: TempDir,
}

/// What a command said, and how it ended.
pub(super) struct Said {
    pub(super) line: String,
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Stage {
    pub(super) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let up = Up::start(KEYDESK, &directory.path().join("home"), &["--demo"]).await;
        let stage = Self { up, directory };
        // Policies are judged, and found, in the moment after the start.
        let product = Address::new(kinds::PRODUCT, "gamestore", "gamestore-api");
        stage
            .person("admin")
            .await
            .soon(&product, "has a scheme and plans", |product| {
                let status = &product["status"];
                status["discoveredAuthScheme"].is_object() && status["discoveredPlans"][0].is_object()
            })
            .await;
        stage
    }

    /// A person's client, for what no command does.
    pub(super) async fn person(&self, name: &str) -> Person {
        self.up.person(name).await
    }

    fn command(&self, person: &str, arguments: &[&str]) -> Command {
        let mut command = typed(&self.up.kubeconfig(), arguments);
        command.args(["--context", person]);
        command
    }

    /// Types a command as a person; arguments are separated by spaces.
    pub(super) fn run(&self, person: &str, line: &str) -> Said {
        let arguments: Vec<_> = line.split_whitespace().collect();
        Said::of(line, self.command(person, &arguments).output().unwrap())
    }

    /// The same, with a standard input.
    pub(super) fn feed(&self, person: &str, line: &str, input: &str) -> Said {
        let file = self.directory.path().join("input");
        std::fs::write(&file, input).unwrap();
        let arguments: Vec<_> = line.split_whitespace().collect();
        let mut command = self.command(person, &arguments);
        command.stdin(std::fs::File::open(file).unwrap());
        Said::of(line, command.output().unwrap())
    }

    /// The same, where standard output takes nothing.
    pub(super) fn unprinted(&self, person: &str, line: &str) -> Said {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let mut command = self.command(person, &arguments);
        command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        Said::of(line, command.output().unwrap())
    }

    /// Pastes a command into a shell for which this cluster is not the current one.
    pub(super) fn paste(&self, line: &str) -> Said {
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                &format!(
                    "keydesk() {{ \"$KEYDESK\" \"$@\"; }}; kubectl() {{ command \"$KUBECTL\" \"$@\"; }}; {line}"
                ),
            ])
            .env("KEYDESK", KEYDESK)
            .env("KUBECTL", &kubectl::installed()[0])
            .env("KUBECONFIG", self.directory.path().join("another-cluster"))
            .env("HOME", self.directory.path())
            .stdin(Stdio::null());
        Said::of(line, shell.output().unwrap())
    }

    /// A command that must go well.
    pub(super) fn must(&self, person: &str, line: &str) -> Said {
        self.run(person, line).ended(0)
    }

    /// Asks for gold under a name, and waits until the owner sees it.
    pub(super) async fn ask(&self, name: &str) {
        self.must(
            "consumer",
            &format!("request {PRODUCT} --tier gold --email ada@example.com --name {name}"),
        );
        let request = Address::new(
            kinds::REQUEST,
            "gamestore",
            &keydesk_testkit::fixtures::request_name(NAMESPACE, name),
        );
        let is_pending = |request: &Value| request["status"]["conditions"][0]["type"] == "Pending";
        self.person("owner")
            .await
            .soon(&request, "is pending", is_pending)
            .await;
    }

    /// The values that the Secret of a key holds: the present one, and the one before.
    pub(super) async fn values(&self, name: &str) -> (String, Option<String>) {
        let secret = self.secret(name).await;
        let entry = |entry: &str| {
            let encoded = secret["data"][entry].as_str()?;
            Some(String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap())
        };
        (entry("api_key").unwrap(), entry("api_key.previous"))
    }

    pub(super) async fn secret(&self, name: &str) -> Value {
        let address = Address::new(kinds::SECRET, NAMESPACE, &format!("{name}-secret"));
        self.person("consumer").await.get(&address).await.unwrap()
    }

    /// A call through the front door with a key: the code of its answer.
    pub(super) async fn call(&self, key: &str) -> u16 {
        let door = self.up.address("front-door-listen");
        let output = tokio::process::Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(["-H", "Host: api.gamestore.example.com", "-H"])
            .arg(format!("Authorization: APIKEY {key}"))
            .arg(format!("http://{door}/api/games"))
            .output()
            .await
            .unwrap();
        String::from_utf8(output.stdout).unwrap().parse().unwrap()
    }

    /// Waits until a call with a key has this code.
    pub(super) async fn soon_called(&self, key: &str, code: u16) {
        let patience = self.person("admin").await.patience();
        let what = format!("a call is answered with {code}");
        keydesk_testkit::wait::soon(patience, &what, async || match self.call(key).await {
            answered if answered == code => Ok(()),
            answered => Err(format!("it was {answered}")),
        })
        .await;
    }
}

/// Types a command as whom and where a kubeconfig says.
pub(super) fn run_with(kubeconfig: &Path, line: &str) -> Said {
    let arguments: Vec<_> = line.split_whitespace().collect();
    Said::of(line, typed(kubeconfig, &arguments).output().unwrap())
}

fn typed(kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(KEYDESK);
    command
        .args(arguments)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .stdin(Stdio::null());
    command
}

impl Said {
    fn of(line: &str, output: Output) -> Self {
        Self {
            line: line.to_owned(),
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(super) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "keydesk {}\n{}{}", self.line, self.out, self.err);
        self
    }

    #[track_caller]
    pub(super) fn says(self, all: &[&str]) -> Self {
        for words in all {
            assert!(
                self.out.contains(words) || self.err.contains(words),
                "{words:?} is not in what keydesk {} says:\n{}{}",
                self.line,
                self.out,
                self.err
            );
        }
        self
    }

    #[track_caller]
    pub(super) fn hides(self, value: &str) -> Self {
        assert!(
            !self.out.contains(value) && !self.err.contains(value),
            "{} tells",
            self.line
        );
        self
    }

    /// What is printed after these words, to the end of the line.
    #[track_caller]
    pub(super) fn after(&self, words: &str) -> String {
        let lines = self.out.lines().chain(self.err.lines());
        let mut found = lines.filter_map(|line| Some(line.split_once(words)?.1.to_owned()));
        let found = found.next();
        assert!(
            found.is_some(),
            "no {words:?} in what keydesk {} says:\n{}{}",
            self.line,
            self.out,
            self.err
        );
        found.unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}
