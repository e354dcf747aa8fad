//! Lists: pages of one moment, selectors, revisions.

use kube::Client;
use serde_json::{Value, json};

use crate::cluster::{client, is_real, namespace, send};

async fn config_maps(count: usize) -> (Client, String) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    for position in 0..count {
        let body = json!({"metadata": {
            "name": format!("c{position:02}"),
            "labels": {"parity": if position % 2 == 0 { "even" } else { "odd" }},
        }});
        let (code, made) = send(&client, "POST", &path, body.to_string()).await;
        assert_eq!(code, 201, "{made}");
    }
    (client, path)
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    let names = items.iter().filter_map(|item| item["metadata"]["name"].as_str());
    // A real cluster puts one of its own into every namespace.
    names.filter(|name| *name != "kube-root-ca.crt").collect()
}

#[tokio::test]
async fn pages_show_one_moment_whatever_is_written_meanwhile() {
    let (client, path) = config_maps(9).await;
    let (_, first) = send(&client, "GET", &format!("{path}?limit=4"), "").await;
    assert_eq!(names(&first), ["c00", "c01", "c02", "c03"]);
    for name in ["c01", "c05"] {
        assert_eq!(
            send(&client, "DELETE", &format!("{path}/{name}"), "").await.0,
            200
        );
    }
    assert_eq!(
        send(&client, "POST", &path, r#"{"metadata": {"name": "c055"}}"#)
            .await
            .0,
        201
    );
    let merge = "application/merge-patch+json";
    let late = json!({"data": {"late": "1"}}).to_string();
    crate::cluster::send_as(&client, "PATCH", &format!("{path}/c06"), merge, late).await;

    let token = first["metadata"]["continue"].as_str().unwrap();
    let (code, second) = send(&client, "GET", &format!("{path}?limit=4&continue={token}"), "").await;
    assert_eq!(code, 200, "{second}");
    assert_eq!(names(&second), ["c04", "c05", "c06", "c07"]);
    assert_eq!(
        second["items"][2].get("data"),
        None,
        "the change came after the first page"
    );
    assert_eq!(
        first["metadata"]["resourceVersion"],
        second["metadata"]["resourceVersion"]
    );
    let token = second["metadata"]["continue"].as_str().unwrap();
    let (_, third) = send(&client, "GET", &format!("{path}?limit=4&continue={token}"), "").await;
    assert_eq!(names(&third), ["c08"]);
    assert!(
        third["metadata"]["continue"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
    );
}

#[tokio::test]
async fn every_page_tells_how_many_are_behind_it_whatever_is_written_meanwhile() {
    let (client, path) = config_maps(9).await;
    let mut next = format!("{path}?limit=2");
    let mut behind = Vec::new();
    loop {
        let (code, page) = send(&client, "GET", &next, "").await;
        assert_eq!(code, 200, "{page}");
        let remaining = &page["metadata"]["remainingItemCount"];
        behind.push(remaining.as_u64().unwrap_or_default());
        if behind.len() == 1 {
            let gone = send(&client, "DELETE", &format!("{path}/c08"), "").await;
            assert_eq!(gone.0, 200);
        }
        match page["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() => next = format!("{path}?limit=2&continue={token}"),
            _ => break,
        }
    }
    // A real cluster may have put one of its own there.
    let first = if is_real() { behind[0].clamp(7, 8) } else { 7 };
    let expected = [0, 2, 4, 6, 8].map(|shown| first.saturating_sub(shown));
    assert_eq!(behind, expected);
}

#[tokio::test]
async fn an_exact_revision_shows_how_it_was() {
    let (client, path) = config_maps(2).await;
    let (_, before) = send(&client, "GET", &path, "").await;
    let revision = before["metadata"]["resourceVersion"].as_str().unwrap();
    assert_eq!(send(&client, "DELETE", &format!("{path}/c00"), "").await.0, 200);
    let exact = format!("{path}?resourceVersion={revision}&resourceVersionMatch=Exact");
    assert_eq!(names(&send(&client, "GET", &exact, "").await.1), ["c00", "c01"]);
    assert_eq!(names(&send(&client, "GET", &path, "").await.1), ["c01"]);
}

#[tokio::test]
async fn a_revision_of_the_future_is_told_as_such() {
    let (client, path) = config_maps(0).await;
    let (code, refused) = send(
        &client,
        "GET",
        &format!("{path}?resourceVersion=999999999999"),
        "",
    )
    .await;
    assert_eq!(code, 504, "{refused}");
    assert_eq!(
        refused["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
}

#[tokio::test]
async fn selectors_select() {
    let (client, path) = config_maps(5).await;
    for (selector, expected) in [
        ("labelSelector=parity%3Deven", vec!["c00", "c02", "c04"]),
        ("labelSelector=parity+notin+(even)", vec!["c01", "c03"]),
        ("labelSelector=!parity", vec![]),
        ("fieldSelector=metadata.name%3Dc03", vec!["c03"]),
        (
            "labelSelector=parity%3Dodd&fieldSelector=metadata.name!%3Dc03",
            vec!["c01"],
        ),
    ] {
        let (code, list) = send(&client, "GET", &format!("{path}?{selector}"), "").await;
        assert_eq!(code, 200, "{list}");
        assert_eq!(names(&list), expected, "{selector}");
    }
}

#[tokio::test]
async fn pages_of_a_selection_are_full_pages() {
    let (client, path) = config_maps(7).await;
    let even = format!("{path}?labelSelector=parity%3Deven&limit=2");
    let (_, first) = send(&client, "GET", &even, "").await;
    assert_eq!(names(&first), ["c00", "c02"]);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = send(&client, "GET", &format!("{even}&continue={token}"), "").await;
    assert_eq!(names(&second), ["c04", "c06"]);
    assert!(
        second["metadata"]["continue"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
    );
}

#[tokio::test]
async fn what_is_selected_is_found_however_far_apart_it_is() {
    // More than are looked at at once.
    let server = crate::cluster::server().await;
    let client = crate::cluster::embedded(&server);
    let path = "/api/v1/namespaces/default/configmaps";
    for position in 0..1_203 {
        let rare = if position % 400 == 1 { "rare" } else { "common" };
        let body = json!({"metadata": {"name": format!("c{position:04}"), "labels": {"is": rare}}});
        assert_eq!(send(&client, "POST", path, body.to_string()).await.0, 201);
    }
    let selection = format!("{path}?labelSelector=is%3Drare");
    assert_eq!(
        names(&send(&client, "GET", &selection, "").await.1),
        ["c0001", "c0401", "c0801", "c1201"]
    );
    let (_, first) = send(&client, "GET", &format!("{selection}&limit=3"), "").await;
    assert_eq!(names(&first), ["c0001", "c0401", "c0801"]);
    let token = first["metadata"]["continue"].as_str().unwrap();
    for name in ["c0900", "c1201"] {
        assert_eq!(
            send(&client, "DELETE", &format!("{path}/{name}"), "").await.0,
            200
        );
    }
    let (_, second) = send(
        &client,
        "GET",
        &format!("{selection}&limit=3&continue={token}"),
        "",
    )
    .await;
    assert_eq!(names(&second), ["c1201"], "as it was");
    assert!(second["metadata"].get("continue").is_none());
}

#[tokio::test]
async fn wrong_options_are_refused_in_a_real_servers_words() {
    let (client, path) = config_maps(0).await;
    for (query, code, message) in [
        ("limit=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "resourceVersion=abc",
            400,
            "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": \
             invalid syntax",
        ),
        (
            "resourceVersionMatch=Exact",
            422,
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is \
             forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersion=0&resourceVersionMatch=Exact",
            422,
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" \
             is forbidden for resourceVersion \"0\"",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=Foo",
            422,
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"Foo\": supported \
             values: \"Exact\", \"NotOlderThan\", \"\"",
        ),
    ] {
        let (found, refused) = send(&client, "GET", &format!("{path}?{query}"), "").await;
        assert_eq!(
            (found, refused["message"].as_str()),
            (code, Some(message)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_negative_limit_lists_all() {
    let (client, path) = config_maps(2).await;
    let (code, list) = send(&client, "GET", &format!("{path}?limit=-1"), "").await;
    assert_eq!((code, names(&list)), (200, vec!["c00", "c01"]));
}

#[tokio::test]
async fn lists_come_as_metadata_or_as_a_table_too() {
    let (client, path) = config_maps(2).await;
    let get = async |accept: &str| {
        let request = http::Request::get(&path).header("accept", accept);
        let text = client
            .request_text(request.body(Vec::new()).unwrap())
            .await
            .unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let partial = get("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").await;
    assert_eq!(partial["kind"], "PartialObjectMetadataList");
    assert_eq!(names(&partial), ["c00", "c01"]);
    let table = get("application/json;as=Table;g=meta.k8s.io;v=v1,application/json").await;
    assert_eq!(table["kind"], "Table");
    assert!(
        table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["cells"][0] == "c01")
    );
    if !is_real() {
        assert_eq!(table["rows"].as_array().unwrap().len(), 2);
    }
}
