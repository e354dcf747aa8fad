//! W6 and the commands of the seed's README, as they are written there, with every kubectl at hand.

use keydesk_testkit::kubectl::{self, Kubectl};

use crate::stage::{REQUEST, Stage, soon, table};

#[tokio::test]
async fn w6_the_commands_of_the_seed_work_as_written() {
    let stage = Stage::start(&[]).await;
    stage.approve().await;
    for program in kubectl::installed() {
        let as_person = |context: &str| Kubectl::with(&program, &stage.up.kubeconfig(), context);
        let (consumer, owner) = (as_person("consumer"), as_person("owner"));

        let products = owner.must("get apiproducts -n gamestore").await;
        assert_eq!(table(&products).concat(), ["NAME", "AGE", "gamestore-api"]);
        let wide = owner.must("get apiproducts -n gamestore -o wide").await;
        assert_eq!(
            table(&wide),
            [vec!["NAME", "READY", "AGE"], vec!["gamestore-api", "True"]]
        );
        consumer.must("get apiproducts -A").await;

        for line in ["get apik -n consumer-app", "get apik -n consumer-app -o wide"] {
            let header = vec!["NAME", "APPROVED", "API", "PLAN", "USER", "AGE"];
            let row = vec!["gamestore-apikey", "True", "gamestore-api", "gold", "user-12345"];
            soon(&consumer, line, |said| table(said)[1] == row).await;
            assert_eq!(table(&consumer.must(line).await), [header, row]);
        }
        let described = consumer
            .must("describe apikey gamestore-apikey -n consumer-app")
            .await;
        for words in [
            "Name:         gamestore-apikey",
            "Namespace:    consumer-app",
            "Plan Tier:  gold",
            "Message:               API key request approved by api-owner@gamestore.com: Valid use case",
            "API Hostname:  api.gamestore.example.com",
        ] {
            let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                plain(&described).contains(&plain(words)),
                "{words:?} is not in\n{described}"
            );
        }

        let requests = owner.must("get apikeyrequests -n gamestore").await;
        assert_eq!(table(&requests), [vec!["NAME", "AGE"], vec![REQUEST]]);
        let described = owner
            .must(&format!("describe apikeyrequest {REQUEST} -n gamestore"))
            .await;
        assert!(
            described.contains("Use Case:") && described.contains("mobile"),
            "{described}"
        );
        assert!(!described.contains("abc123"), "{described}");

        let approvals = owner.must("get apikeyapprovals -n gamestore").await;
        assert_eq!(
            table(&approvals),
            [vec!["NAME", "AGE"], vec!["gamestore-approval-12345"]]
        );
        let described = owner
            .must("describe apikeyapproval gamestore-approval-12345 -n gamestore")
            .await;
        assert!(
            described.contains("References existing APIKeyRequest"),
            "{described}"
        );
    }
}

#[tokio::test]
async fn w6_the_owner_reviews_and_approves_with_a_here_document() {
    let stage = Stage::start(&[]).await;
    stage.ask().await;
    // As the seed writes it, with the names of the demo and its lost indentation back.
    let approval = format!(
        r#"apiVersion: devportal.kuadrant.io/v1alpha1
kind: APIKeyApproval
metadata:
  name: approval-12345
  namespace: gamestore
spec:
  apiKeyRequestRef:
    name: {REQUEST}
  approved: true
  reviewedBy: owner@example.com
  reviewedAt: "{}"
  reason: "Approved"
  message: "Use case is valid"
"#,
        keydesk_testkit::fixtures::now_plus(0)
    );
    let said = stage.kubectl("owner").apply(&approval).await;
    assert_eq!(
        said.out.trim(),
        "apikeyapproval.devportal.kuadrant.io/approval-12345 created",
        "{}",
        said.err
    );
    let waited = "wait apikey/gamestore-apikey -n consumer-app --for=condition=Approved --timeout=20s";
    let said = stage.kubectl("consumer").must(waited).await;
    assert_eq!(
        said.trim(),
        "apikey.devportal.kuadrant.io/gamestore-apikey condition met"
    );
    let again = stage.kubectl("owner").apply(&approval).await;
    assert_eq!(
        again.out.trim(),
        "apikeyapproval.devportal.kuadrant.io/approval-12345 unchanged",
        "{}",
        again.err
    );
}

#[tokio::test]
async fn the_samples_of_the_seeds_apply_unchanged() {
    let stage = Stage::start(&[]).await;
    let admin = stage.kubectl("admin");
    for sample in keydesk_testkit::manifests::folder("config/samples") {
        let namespace = sample["metadata"]["namespace"].as_str().unwrap_or("default");
        let said = admin.run(&format!("create namespace {namespace}")).await;
        assert!(said.well || said.err.contains("already exists"), "{}", said.err);
    }
    let samples = keydesk_testkit::manifests::repository().join("config/samples");
    let mut applied = 0;
    for entry in samples.read_dir().unwrap() {
        let file = entry.unwrap().path();
        if file.file_name().is_some_and(|name| name == "kustomization.yaml") {
            continue;
        }
        let said = admin.run(&format!("apply -f {}", file.display())).await;
        assert!(
            said.well && said.err.is_empty(),
            "{}: {}{}",
            file.display(),
            said.out,
            said.err
        );
        applied += 1;
    }
    assert!(applied > 0, "there are samples");
}
