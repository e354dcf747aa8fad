//! The head of a request → the rule that protects it.
//!
//! Whatever the gate finds, every proxy finds too, however it reads the path: what is read otherwise is refused. Held
//! against [`PROXIES`] and a matcher that looks at all rules.

use std::sync::LazyLock;

use http::HeaderMap;
use keydesk_api::foreign::HTTPRouteRule;
use keydesk_core::NamespacedName;
use keydesk_gate::{Found, HostPattern, Route, RouteTable, intersection};
use serde_json::{Value, json};

use super::proxy::PROXIES;
use super::written::Written;

/// A rule: its route's host, its path, whether that is all of it, its method, header and parameter.
struct Rule {
    host: Option<&'static str>,
    path: &'static str,
    exact: bool,
    method: Option<&'static str>,
    header: Option<(&'static str, &'static str)>,
    parameter: Option<(&'static str, &'static str)>,
}

const PREFIX: Rule = Rule {
    host: Some("api.example.com"),
    path: "/",
    exact: false,
    method: None,
    header: None,
    parameter: None,
};

/// In the order of precedence, so that the first that takes a call is its rule.
const RULES: [Rule; 12] = [
    Rule {
        path: "/admin",
        exact: true,
        ..PREFIX
    },
    Rule {
        path: "/a/b/",
        exact: true,
        ..PREFIX
    },
    Rule {
        path: "/items:batch",
        method: Some("POST"),
        ..PREFIX
    },
    Rule {
        path: "/admin",
        ..PREFIX
    },
    Rule {
        path: "/v1/a",
        ..PREFIX
    },
    Rule {
        path: "/a/b",
        ..PREFIX
    },
    Rule {
        path: "/v1",
        header: Some(("x-env", "canary")),
        ..PREFIX
    },
    Rule {
        path: "/v1",
        parameter: Some(("v", "2")),
        ..PREFIX
    },
    Rule {
        path: "/v1",
        ..PREFIX
    },
    Rule {
        host: Some("*.example.com"),
        path: "/b",
        ..PREFIX
    },
    Rule {
        host: None,
        path: "/c",
        exact: true,
        ..PREFIX
    },
    Rule {
        host: None,
        path: "/c",
        ..PREFIX
    },
];

impl Rule {
    fn manifest(&self) -> HTTPRouteRule {
        let kind = if self.exact { "Exact" } else { "PathPrefix" };
        let list = |one: Option<(&str, &str)>| match one {
            Some((name, value)) => json!([{"type": "Exact", "name": name, "value": value}]),
            None => json!([]),
        };
        let mut one = json!({
            "path": {"type": kind, "value": self.path},
            "headers": list(self.header),
            "queryParams": list(self.parameter),
        });
        if let Some(method) = self.method {
            one["method"] = json!(method);
        }
        let rule: Value = json!({"matches": [one]});
        serde_json::from_value(rule).expect("a rule as the Gateway API writes it")
    }

    fn takes(&self, host: &str, path: &[u8], asked: &Asked<'_>) -> bool {
        let by_host = match self.host {
            None => true,
            Some(pattern) => match pattern.strip_prefix('*') {
                Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
                None => host == pattern,
            },
        };
        let prefix = self.path.trim_end_matches('/').as_bytes();
        let by_path = if self.exact {
            path == self.path.as_bytes()
        } else {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        let by_header = self.header.is_none_or(|(name, value)| {
            let mut values = asked.headers.get_all(name).iter();
            values.next().is_some_and(|only| only == value) && values.next().is_none()
        });
        let by_parameter = self.parameter.is_none_or(|one| asked.parameter == Some(one));
        by_host
            && by_path
            && by_header
            && by_parameter
            && self.method.is_none_or(|method| method == asked.method)
    }
}

/// What is the same in every reading of the path.
struct Asked<'a> {
    method: &'a str,
    headers: &'a HeaderMap,
    /// The parameter that a rule asks for, if it is in the query.
    parameter: Option<(&'static str, &'static str)>,
}

fn model(host: &str, path: &[u8], asked: &Asked<'_>) -> Option<usize> {
    RULES.iter().position(|rule| rule.takes(host, path, asked))
}

/// The rules by their place in [`RULES`], each in a route of its own, the first one the oldest.
static TABLE: LazyLock<RouteTable<usize>> = LazyLock::new(|| {
    let rules = RULES.map(|rule| (rule.host, rule.manifest()));
    RouteTable::new(rules.iter().enumerate().map(|(number, (host, rule))| Route {
        id: NamespacedName::new("routes", format!("r{number:02}")),
        created: jiff::Timestamp::UNIX_EPOCH,
        hosts: hosts(*host),
        rules: vec![(rule, number)],
    }))
});

fn hosts(host: Option<&str>) -> Vec<HostPattern> {
    let own: Vec<_> = host.iter().map(|&host| host.to_owned()).collect();
    intersection(&own, [None])
}

pub(crate) fn find(data: &[u8]) {
    let Some(call) = Written::parse(data) else {
        return;
    };
    let (path, query) = call.split();
    let found = match TABLE.find(call.host, call.method, path, query, &call.headers) {
        Found::Rule(rule) => Some(*rule),
        Found::NoRoute => None,
        Found::Unevaluated(rule) => unreachable!("all rules can be evaluated, and number {rule} too"),
        Found::Ambiguous => return,
    };
    let end = if call.host.starts_with('[') {
        call.host.find(']').map_or(0, |end| end + 1)
    } else {
        call.host.find(':').unwrap_or(call.host.len())
    };
    let host = call.host[..end].to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    for parameter in parameters(query) {
        let asked = Asked {
            method: call.method,
            headers: &call.headers,
            parameter,
        };
        for proxy in PROXIES {
            let read = proxy.read(path);
            assert_eq!(
                model(host, &read, &asked),
                found,
                "{proxy:?} reads {:?}",
                String::from_utf8_lossy(&read)
            );
        }
    }
}

/// Whether the query holds the parameter that a rule asks for, as its first or last value is taken, as it is written
/// or decoded.
fn parameters(query: &str) -> Vec<Option<(&'static str, &'static str)>> {
    let pair = |pair: &'_ str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == "v").then(|| value.to_owned())
    };
    let written: Vec<_> = query.split('&').filter_map(pair).collect();
    let decoded: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .filter_map(|(name, value)| (name == "v").then(|| value.into_owned()))
        .collect();
    let values = [written.first(), written.last(), decoded.first(), decoded.last()];
    let asked = |value: Option<&String>| value.filter(|value| *value == "2").map(|_| ("v", "2"));
    values.map(asked).to_vec()
}
