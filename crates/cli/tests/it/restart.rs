//! Stopped and started again, everything is as it was.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use keydesk_testkit::{Address, fixtures, kinds, up::Up};
use serde_json::{Value, json};

use crate::{KEYDESK, controller::probe};

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// Every token that the program minted.
fn tokens(directory: &Path) -> Vec<String> {
    let tokens: Value = serde_json::from_str(&text(directory.join("tokens.json"))).unwrap();
    tokens
        .as_object()
        .unwrap()
        .values()
        .map(|token| token.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_restart_keeps_objects_tokens_and_what_people_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let up = Up::start(KEYDESK, path, &["--demo"]).await;
    let (before, admin) = (tokens(path), up.person("admin").await);
    admin.create(&fixtures::namespace("mine")).await.unwrap();
    let product = Address::new(kinds::PRODUCT, "gamestore", "gamestore-api");
    admin
        .patch(&product, &json!({"spec": {"displayName": "Renamed"}}))
        .await
        .unwrap();
    admin
        .delete(&Address::new(kinds::PRODUCT, "toystore", "toystore-api"))
        .await
        .unwrap();
    let (status, said) = up.interrupt().await;
    assert!(status.success(), "{said}");

    let up = Up::start(KEYDESK, path, &["--demo"]).await;
    assert_eq!(before, tokens(path));
    let admin = up.person("admin").await;
    admin
        .get(&Address::new(kinds::NAMESPACE, "", "mine"))
        .await
        .unwrap();
    assert_eq!(
        admin.get(&product).await.unwrap()["spec"]["displayName"],
        "Renamed"
    );
    let deleted = admin
        .find(&Address::new(kinds::PRODUCT, "toystore", "toystore-api"))
        .await;
    assert_eq!(deleted, None, "what people deleted stays deleted");
    assert!(up.interrupt().await.0.success());
}

#[tokio::test]
async fn everything_in_the_directory_is_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("home");
    let up = Up::start(KEYDESK, &path, &["--demo"]).await;
    let mut folders = vec![path.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o077,
            0,
            "{folder:?}"
        );
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
            } else {
                files += 1;
                assert_eq!(
                    fs::metadata(&entry).unwrap().permissions().mode() & 0o077,
                    0,
                    "{entry:?}"
                );
            }
        }
    }
    assert!(files >= 6, "{files}");
    assert!(up.interrupt().await.0.success());
}

#[tokio::test]
async fn it_says_once_what_to_do_and_never_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &["--demo", "--log", "trace"]).await;
    up.person("consumer")
        .await
        .list(kinds::PRODUCT, "")
        .await
        .unwrap();
    let (status, said) = up.interrupt().await;
    assert!(status.success());
    assert_eq!(said.matches("export KUBECONFIG=").count(), 1);
    let audit = text(directory.path().join("audit.log"));
    for token in tokens(directory.path()) {
        assert!(
            !said.contains(&token) && !audit.contains(&token),
            "a token got out"
        );
    }
}

#[tokio::test]
async fn every_write_leaves_a_line_in_the_audit_log() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    up.person("admin")
        .await
        .create(&fixtures::namespace("mine"))
        .await
        .unwrap();
    assert!(up.interrupt().await.0.success());
    let audit = text(directory.path().join("audit.log"));
    let lines: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mine = |line: &&Value| {
        line["user"] == "admin" && line["verb"] == "create" && line["resource"] == "namespaces"
    };
    assert_eq!(lines.iter().filter(mine).count(), 1, "{audit}");
}

#[tokio::test]
async fn an_audit_log_that_cannot_be_written_is_told_once_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    let scrape = async |up: &Up| probe(up.address("admin-listen").parse().unwrap(), "/metrics").await;
    let written = scrape(&up).await;
    assert!(
        written.contains("\ndevportal_audit_records_total{outcome=\"failed\"} 0\n"),
        "{written}"
    );
    assert!(up.interrupt().await.0.success());

    let log = directory.path().join("audit.log");
    std::fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    let admin = up.person("admin").await;
    for name in ["mine", "yours"] {
        admin.create(&fixtures::namespace(name)).await.unwrap();
    }
    let scraped = scrape(&up).await;
    let failed = scraped
        .lines()
        .find_map(|line| line.strip_prefix("devportal_audit_records_total{outcome=\"failed\"} "));
    assert!(failed.unwrap().parse::<u64>().unwrap() >= 2, "{scraped}");
    let (status, said) = up.interrupt().await;
    assert!(status.success(), "{said}");
    let told: Vec<_> = said
        .lines()
        .filter(|line| line.contains("failed to write the audit log"))
        .collect();
    assert_eq!(told.len(), 1, "{said}");
    assert!(
        told[0].contains("ERROR") && told[0].contains("No space left on device"),
        "{said}"
    );
}

#[tokio::test]
async fn the_addresses_in_use_are_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    let addresses: Value = serde_json::from_str(&text(directory.path().join("addresses.json"))).unwrap();
    let kubeconfig: Value = serde_json::from_str(&text(up.kubeconfig())).unwrap();
    let server = format!("https://{}", addresses["listen"].as_str().unwrap());
    assert_eq!(kubeconfig["clusters"][0]["cluster"]["server"], server);
    let admin = addresses["admin-listen"].as_str().unwrap();
    assert!(tokio::net::TcpStream::connect(admin).await.is_ok());
    assert!(up.interrupt().await.0.success());
    for file in ["addresses.json", "kubeconfig"] {
        assert!(!directory.path().join(file).exists(), "{file}: nobody is there");
    }
}
