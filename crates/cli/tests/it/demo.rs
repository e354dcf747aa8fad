//! `keydesk up --demo`: what its owners can make the controller fetch.

use keydesk_testkit::{Address, conditions::has, kinds, up::Up};
use serde_json::{Value, json};

use crate::KEYDESK;

#[tokio::test]
async fn owners_of_the_demo_reach_its_front_door_and_no_other_port_of_the_machine() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &["--demo"]).await;
    let admin = up.person("admin").await;
    let product = Address::new(kinds::PRODUCT, "toystore", "toystore-api");
    let fetched = |seen: &Value| {
        seen["status"]["openapi"]["raw"]
            .as_str()
            .is_some_and(|raw| !raw.is_empty())
    };
    admin.soon(&product, "has its document", fetched).await;

    let port = up.address("admin-listen").rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "2130706433"] {
        let url = format!("http://{host}:{port}/metrics");
        let edit = json!({ "spec": { "documentation": { "openAPISpecURL": &url } } });
        admin.patch(&product, &edit).await.unwrap();
        let refused = |seen: &Value| {
            has(seen, "OpenAPISpecReady", "False", "FetchFailed")
                && seen.to_string().contains("is not fetched from")
                && seen["status"]["conditions"].to_string().contains(&url)
        };
        let seen = admin.soon(&product, "is refused that port", refused).await;
        assert!(!seen["status"].to_string().contains("process_"), "{seen:#}");
    }
}
