//! The kubeconfig: one cluster, and a context for each person.

use std::net::SocketAddr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{authority::Authority, people::Person, tokens::Tokens};

/// The kubeconfig as text. JSON, which is YAML; the first of `people` is the current context.
pub(crate) fn kubeconfig(
    address: SocketAddr,
    authority: &Authority,
    people: &[Person],
    tokens: &Tokens,
) -> String {
    let users: Vec<_> = people
        .iter()
        .map(|person| json!({"name": person.name, "user": {"token": tokens.of(person.name)}}))
        .collect();
    let contexts: Vec<_> = people
        .iter()
        .map(|person| {
            let mut context = json!({"cluster": "keydesk", "user": person.name});
            if let Some(namespace) = person.namespace {
                context["namespace"] = json!(namespace);
            }
            json!({"name": person.name, "context": context})
        })
        .collect();
    let text = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "keydesk", "cluster": {
            "server": format!("https://{address}"),
            "certificate-authority-data": BASE64_STANDARD.encode(&authority.certificate),
        }}],
        "users": users,
        "contexts": contexts,
        "current-context": people.first().map(|person| person.name),
    });
    pretty(&text)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
