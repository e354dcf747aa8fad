//! The table against the specification, rule by rule and as a whole.

mod model;
mod precedence;
mod properties;

use std::collections::HashMap;

use jiff::Timestamp;
use keydesk_api::foreign::HTTPRouteRule;
use keydesk_core::NamespacedName;

use super::{Found, HostPattern, Route, RouteTable, intersection};

/// A route as a test writes it.
#[derive(Clone, Debug)]
struct Written {
    name: String,
    created: i64,
    hosts: Vec<HostPattern>,
    rules: Vec<HTTPRouteRule>,
}

impl Written {
    /// A route of JSON rules on any of these hosts, as old as its name says.
    fn new(name: &str, hosts: &[&str], rules: &str) -> Self {
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let spec = format!(r#"{{ "rules": {rules} }}"#);
        let spec: keydesk_api::foreign::HTTPRouteSpec = serde_json::from_str(&spec).unwrap();
        Self {
            name: name.to_owned(),
            created: 0,
            hosts: intersection(&hosts, [None]),
            rules: spec.rules,
        }
    }

    fn created(mut self, created: i64) -> Self {
        self.created = created;
        self
    }
}

/// A table in which each rule is known as `route/number`.
fn table(routes: &[Written]) -> RouteTable<String> {
    RouteTable::new(routes.iter().map(|route| {
        Route {
            id: NamespacedName::new("shop", &route.name),
            created: Timestamp::from_second(route.created).unwrap(),
            hosts: route.hosts.clone(),
            rules: route
                .rules
                .iter()
                .enumerate()
                .map(|(number, rule)| (rule, format!("{}/{number}", route.name)))
                .collect(),
        }
    }))
}

/// A call as a test writes it.
#[derive(Clone, Debug)]
struct Call {
    host: String,
    method: String,
    path: String,
    query: String,
    headers: HashMap<String, String>,
}

impl Call {
    fn get(url: &str) -> Self {
        let (host, rest) = url.split_at(url.find('/').unwrap_or(url.len()));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            host: host.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HashMap::new(),
        }
    }

    fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What it meets, in one word.
    fn meets(&self, table: &RouteTable<String>) -> String {
        let Self {
            host,
            method,
            path,
            query,
            headers,
        } = self;
        match table.find(host, method, path, query, headers) {
            Found::Rule(rule) => rule.clone(),
            Found::Unevaluated(rule) => format!("perhaps {rule}"),
            Found::NoRoute => "nothing".to_owned(),
            Found::Ambiguous => "ambiguous".to_owned(),
        }
    }
}
