//! What somebody who starts the program got wrong: one clear sentence, a hint, and exit code 1.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use keydesk_testkit::{
    Address, kinds,
    up::{LISTENERS, Up, free_ports},
};
use serde_json::json;

use crate::KEYDESK;

/// Runs the program to its end; the arguments must make it refuse.
fn refused(directory: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(KEYDESK);
    command.arg("up").arg("--data-dir").arg(directory);
    command.args(free_ports()).args(flags).output().unwrap()
}

fn check(output: &Output, says: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in says {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    assert_eq!(
        said.lines().filter(|line| line.starts_with("error: ")).count(),
        1,
        "{said}"
    );
    assert_eq!(said.matches("\nhint: ").count(), 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_port_in_use_names_the_flag_and_leaves_no_file_behind() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in LISTENERS {
        let mut command = Command::new(KEYDESK);
        command.args(["up", "--demo", "--data-dir"]).arg(directory.path());
        for other in LISTENERS {
            command.args([other, if other == flag { &address } else { "127.0.0.1:0" }]);
        }
        check(&command.output().unwrap(), &["already in use", &address, flag]);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{flag}");
    }
}

#[tokio::test]
async fn a_directory_in_use_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    check(
        &refused(directory.path(), &[]),
        &["in use by another keydesk", "--data-dir"],
    );
    assert!(up.kubeconfig().exists(), "the first one goes on");
    assert!(up.interrupt().await.0.success());
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    check(
        &refused(&file, &[]),
        &["failed to use the data directory", "--data-dir"],
    );
    check(
        &refused(&file.join("below"), &[]),
        &["failed to use the data directory"],
    );
    // Whoever may do everything is stopped by no mode, hence not by this one.
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_err() {
        check(
            &refused(&closed.join("below"), &[]),
            &["failed to use the data directory"],
        );
    }
}

#[tokio::test]
async fn a_damaged_store_is_told_and_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    assert!(up.interrupt().await.0.success());
    let store = directory.path().join("store");
    let file = fs::read_dir(&store)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .next()
        .unwrap();
    let whole = fs::read(&file).unwrap();
    let says = ["damaged or not a store", "--data-dir"];
    for damaged in [&b"this is no database"[..], b""] {
        fs::write(&file, damaged).unwrap();
        check(&refused(directory.path(), &[]), &says);
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    check(&refused(directory.path(), &[]), &says);
}

#[tokio::test]
async fn a_store_that_is_gone_is_not_taken_for_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &["--demo"]).await;
    assert!(up.interrupt().await.0.success());
    let (store, aside) = (directory.path().join("store"), directory.path().join("aside"));
    let says = ["the store", "is gone", "move all of it away", "--data-dir"];
    fs::rename(&store, &aside).unwrap();
    check(&refused(directory.path(), &["--demo"]), &says);
    fs::create_dir(&store).unwrap();
    check(&refused(directory.path(), &[]), &says);
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0, "nothing was made");

    // What was lost and found again is as it was.
    fs::remove_dir(&store).unwrap();
    fs::rename(&aside, &store).unwrap();
    let up = Up::start(KEYDESK, directory.path(), &["--demo"]).await;
    let products = up.person("admin").await.list(kinds::PRODUCT, "").await.unwrap();
    assert_eq!(products.len(), 2);
    assert!(up.interrupt().await.0.success());
}

#[test]
fn a_directory_with_files_of_somebody_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.path().join("letter"), "dear").unwrap();
    check(
        &refused(directory.path(), &[]),
        &["files of somebody else", "empty or a new directory", "--data-dir"],
    );
    let mode = fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode, fs::read_dir(directory.path()).unwrap().count()),
        (0o755, 1)
    );
}

#[tokio::test]
async fn a_full_disk_or_a_limit_on_files_ends_the_program_with_words_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    // A file that may not grow takes no more than a disk that is full.
    let program = directory.path().join("keydesk");
    fs::write(
        &program,
        format!("#!/bin/sh\nulimit -f 16384\nexec '{KEYDESK}' \"$@\"\n"),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let home = directory.path().join("home");
    let up = Up::start(program.to_str().unwrap(), &home, &[]).await;
    let admin = up.person("admin").await;
    let mut kept = Vec::new();
    for n in 0.. {
        let name = format!("filling-{n}");
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": &name, "namespace": "default" },
            "data": { "text": "x".repeat(900_000) },
        });
        match admin.create(&object).await {
            Ok(_) => kept.push(name),
            Err(_) => break,
        }
    }
    let (status, said) = up.ended().await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("error: the store could not be written\nhint: "),
        "{said}"
    );

    let up = Up::start(KEYDESK, &home, &[]).await;
    let admin = up.person("admin").await;
    assert!(!kept.is_empty());
    for name in kept {
        let address = Address::new(kinds::CONFIG_MAP, "default", &name);
        assert!(admin.find(&address).await.is_some(), "{name} was acknowledged");
    }
    assert!(up.interrupt().await.0.success());
}

#[test]
fn a_limit_on_files_that_leaves_no_room_at_all_is_told_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -f 16; exec \"$@\"",
            "sh",
            KEYDESK,
            "up",
            "--data-dir",
        ])
        .arg(directory.path())
        .args(free_ports())
        .output()
        .unwrap();
    check(&output, &["File too large", "the disk has room"]);
}

#[tokio::test]
async fn damaged_tokens_or_certificates_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &[]).await;
    assert!(up.interrupt().await.0.success());
    for (file, says) in [("tokens.json", "tokens.json"), ("ca.key", "ca.key")] {
        let path = directory.path().join(file);
        let before = fs::read(&path).unwrap();
        fs::write(&path, "nonsense").unwrap();
        check(&refused(directory.path(), &[]), &[says]);
        fs::write(&path, before).unwrap();
    }
}

#[test]
fn a_log_filter_that_makes_no_sense_is_told() {
    let directory = tempfile::tempdir().unwrap();
    check(&refused(directory.path(), &["--log", "=,="]), &["log filter"]);
}

#[test]
fn a_cluster_that_is_not_there_is_told() {
    let output = Command::new(KEYDESK)
        .args(["controller", "--kubeconfig", "no/such/file"])
        .output()
        .unwrap();
    check(&output, &["no/such/file", "--kubeconfig"]);
}

#[test]
fn a_command_line_that_makes_no_sense_is_code_2() {
    for arguments in [
        &["up", "--listen", "nowhere"][..],
        &["fly"],
        &[],
        &["up", "--fetch-allow", "everything"],
    ] {
        let output = Command::new(KEYDESK).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
