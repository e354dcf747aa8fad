//! Tells of each key of the demo that begins to work, with a call to try it with. The value of the key is not in it:
//! the shell that runs the call reads it, with the consumer's own rights.

use std::{collections::HashSet, net::SocketAddr, sync::Arc};

use keydesk_api::foreign::{HTTPRoute, PathMatch, RuleMatch};
use keydesk_catalog::KeyRecord;
use keydesk_core::Uid;
use keydesk_gate::{Follower, Gate, Location, snapshot::Holder};

use crate::{
    command::{answer, shell_word::shell_word},
    foreign,
    home::DEMO,
};

/// Tells of keys until it is dropped. At most this many: a demo has a handful.
const MOST: usize = 100;

/// Prints a line for each key that begins to work.
pub(super) async fn tell(gate: Arc<Gate>, follower: Follower, door: SocketAddr) {
    let mut published = gate.published();
    let mut told = HashSet::new();
    loop {
        let snapshot = gate.snapshot();
        if snapshot.holders.len() <= MOST {
            let ids: HashSet<Uid> = snapshot
                .holders
                .iter()
                .map(|holder| holder.key_id().clone())
                .collect();
            for holder in snapshot
                .holders
                .iter()
                .filter(|holder| !told.contains(holder.key_id()))
            {
                if let Some(call) = call(&gate, &follower, holder, door) {
                    // Who closed the standard output wants to read nothing.
                    let _ = answer(|out| writeln!(out, "\n{call}"));
                }
            }
            // A key that stops working and begins again is told of again.
            told = ids;
        }
        if published.changed().await.is_err() {
            return;
        }
    }
}

fn call(gate: &Gate, follower: &Follower, holder: &Holder, door: SocketAddr) -> Option<String> {
    let approved = holder.approved()?;
    let product = holder.product()?;
    let snapshot = gate.snapshot();
    let protection = snapshot.products.get(product)?;
    let location = &protection.entries.first()?.location;
    let catalog = follower.catalog.read();
    let id = approved.key();
    let key = catalog.key_record(&id)?;
    let route = catalog.route(&protection.route)?;
    Some(format!(
        "APIKey {id} works now. To call {} with it:\n\n  {}",
        product,
        curl(&key, &route, location, door)
    ))
}

/// The call, as a line for a shell. What people wrote is one quoted word each, of characters that can be seen: whoever
/// pastes the line runs nothing of theirs.
fn curl(key: &KeyRecord, route: &HTTPRoute, location: &Location, door: SocketAddr) -> String {
    let namespace = &key.id.namespace;
    let context = DEMO
        .iter()
        .find(|person| person.namespace == Some(namespace.as_str()))
        .map_or("admin", |person| person.name);
    let value = format!(
        "\"$(kubectl --context {context} get secret -n {} {} -o jsonpath='{{.data.api_key}}' | base64 -d)\"",
        shell_word(namespace),
        shell_word(&key.secret),
    );
    let (method, path) = first_request(route);
    let mut words = vec!["curl -i".to_owned()];
    if method != "GET" {
        words.push(format!("-X {}", shell_word(&method)));
    }
    let host = route.spec.hostnames.first();
    words.extend(host.map(|host| {
        format!(
            "-H {}",
            shell_word(&format!("Host: {}", host.replace('*', "any")))
        )
    }));
    let (option, before) = match location {
        Location::AuthorizationHeader { prefix } => ("-H", format!("Authorization: {prefix} ")),
        Location::CustomHeader { name } => ("-H", format!("{name}: ")),
        Location::Cookie { name } => ("-H", format!("Cookie: {name}=")),
        Location::QueryString { name } => ("-G --data-urlencode", format!("{name}=")),
    };
    words.push(format!("{option} {}{value}", shell_word(&before)));
    words.push(shell_word(&format!("http://{door}{path}")));
    foreign::command(&words.join(" "))
}

/// What the first rule of a route takes.
fn first_request(route: &HTTPRoute) -> (String, String) {
    let mut matches = route.spec.rules.iter().flat_map(|rule| &rule.matches);
    let first = matches.find_map(|found| match found {
        RuleMatch::Read(found) => Some(found),
        RuleMatch::Unreadable => None,
    });
    let method = first.and_then(|first| first.method.clone());
    let path = match first.map(|first| &first.path) {
        Some(PathMatch::Exact(path) | PathMatch::PathPrefix(path)) => path.clone(),
        Some(PathMatch::RegularExpression(_)) | None => "/".to_owned(),
    };
    (method.unwrap_or_else(|| "GET".to_owned()), path)
}

#[cfg(test)]
mod tests {
    use keydesk_api::APIKey;
    use serde_json::json;

    use super::*;

    fn line(location: &Location, secret: &str) -> String {
        let key: APIKey = serde_json::from_value(json!({
            "metadata": { "name": "k", "namespace": "consumer-app" },
            "spec": {
                "apiProductRef": { "name": "p" }, "secretRef": { "name": secret }, "planTier": "gold",
                "requestedBy": { "userId": "ada", "email": "ada@example.com" },
            },
        }))
        .unwrap();
        let route = serde_json::from_value(json!({
            "spec": {
                "hostnames": ["*.example.com"],
                "rules": [{ "matches": [{ "path": { "type": "Exact", "value": "/v1" }, "method": "POST" }] }],
            },
        }));
        let door = "127.0.0.1:8000".parse().unwrap();
        curl(&KeyRecord::of(&key), &route.unwrap(), location, door)
    }

    #[test]
    fn the_line_reads_the_value_with_the_consumers_rights() {
        let location = Location::AuthorizationHeader {
            prefix: "APIKEY".to_owned(),
        };
        assert_eq!(
            line(&location, "s"),
            "curl -i -X POST -H 'Host: any.example.com' -H 'Authorization: APIKEY '\"$(kubectl --context consumer get \
             secret -n consumer-app s -o jsonpath='{.data.api_key}' | base64 -d)\" http://127.0.0.1:8000/v1"
        );
    }

    #[test]
    fn what_people_write_is_no_command() {
        let location = Location::CustomHeader {
            name: "x-$(reboot)`reboot`'".to_owned(),
        };
        let line = line(&location, "s; reboot");
        assert!(
            line.contains(r#"-H 'x-$(reboot)`reboot`'\'': '"$(kubectl"#),
            "{line}"
        );
        assert!(line.contains("-n consumer-app 's; reboot' -o"), "{line}");
    }

    #[test]
    fn what_people_write_steers_no_terminal_and_fakes_no_line() {
        let location = Location::AuthorizationHeader {
            prefix: "A\u{1b}[2J\nB\u{9b}".to_owned(),
        };
        let line = line(&location, "s");
        assert!(
            line.contains("-H 'Authorization: A [2J B  '\"$(kubectl"),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
    }

    #[test]
    fn of_a_line_that_is_too_long_nothing_runs_that_people_wrote() {
        let location = Location::CustomHeader {
            name: "'".repeat(3_001),
        };
        let line = line(&location, "s");
        assert!(!line.contains("http://127.0.0.1"), "the end is not told: {line}");
        assert!(line.contains("characters left out"), "{line}");
    }
}
