//! Lists by selectors: two label selectors, a field selector and a continue token, a line each.
//!
//! A list in pieces is the whole list, and both selectors together select what each of them selects.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use keydesk_apiserver::{InProcess, User};
use serde_json::Value;

use super::cluster::{self, Answer};
use crate::runtime::block_on;

pub(crate) fn select(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (one, other, fields, token) = (next(), next(), next(), next());
    block_on(async {
        let server = cluster::server().await;
        let admin = server.as_user(User::admin());
        let labels = [("labelSelector", one)];
        let by_one = names(&list(&admin, &labels).await);
        let by_other = names(&list(&admin, &[("labelSelector", other)]).await);
        if let (Some(by_one), Some(by_other)) = (&by_one, &by_other)
            && !one.trim().is_empty()
            && !other.trim().is_empty()
        {
            let both = format!("{one},{other}");
            let by_both = names(&list(&admin, &[("labelSelector", &both)]).await);
            let expected = by_one.intersection(by_other).cloned().collect();
            assert_eq!(by_both, Some(expected), "{both:?}");
        }
        let by_fields = names(&list(&admin, &[("fieldSelector", fields)]).await);
        let both = [("labelSelector", one), ("fieldSelector", fields)];
        let by_both = names(&list(&admin, &both).await);
        if let (Some(by_one), Some(by_fields)) = (&by_one, &by_fields) {
            let expected = by_one.intersection(by_fields).cloned().collect();
            assert_eq!(by_both, Some(expected), "{one:?} and {fields:?}");
        } else {
            assert_eq!(by_both, None, "what is refused alone is refused together");
        }
        if let Some(whole) = &by_one {
            assert_eq!(*whole, in_pieces(&admin, one).await);
        }
        list(&admin, &[("continue", token), ("limit", "2")]).await;
    });
}

/// A list of the config maps, or why there is none.
async fn list(admin: &InProcess, options: &[(&str, &str)]) -> Answer {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(options);
    let uri = format!("/api/v1/namespaces/default/configmaps?{}", query.finish());
    let uri: Uri = uri.parse().expect("all is escaped");
    let answer = cluster::ask(admin, Method::GET, uri, HeaderMap::new(), Bytes::new()).await;
    let status = answer.status;
    let known = [StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::GONE];
    assert!(known.contains(&status), "{}", answer.text());
    answer
}

fn names(answer: &Answer) -> Option<BTreeSet<String>> {
    if !answer.status.is_success() {
        return None;
    }
    let list = answer.json().expect("a list is JSON");
    let items = list["items"].as_array().expect("a list has items").iter();
    let name = |item: &Value| item["metadata"]["name"].as_str().map(str::to_owned);
    Some(items.filter_map(name).collect())
}

async fn in_pieces(admin: &InProcess, labels: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut token = String::new();
    loop {
        let options = [("labelSelector", labels), ("limit", "2"), ("continue", &token)];
        let answer = list(admin, &options).await;
        let piece = names(&answer).expect("a piece of a list that is served is served");
        assert!(piece.len() <= 2 && piece.is_disjoint(&all));
        all.extend(piece);
        let list = answer.json().expect("a list is JSON");
        match list["metadata"]["continue"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut token),
            _ => return all,
        }
    }
}
