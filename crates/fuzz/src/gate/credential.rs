//! Where a call carries its key: found, and taken out again.
//!
//! What was found is not found any more once it was taken out, neither by the gate nor by who reads the query loosely.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use keydesk_gate::{Location, Presented, Removal};

use super::written::Written;

/// Splits the data: the names of the prefix, header, parameter and cookie in the first line, then a call.
pub(crate) fn carry(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((name, call)) = text.split_once('\n') else {
        return;
    };
    let Some(call) = Written::parse(call.as_bytes()) else {
        return;
    };
    let name = || name.to_owned();
    let locations = [
        Location::AuthorizationHeader { prefix: name() },
        Location::CustomHeader {
            name: name().to_ascii_lowercase(),
        },
        Location::QueryString { name: name() },
        Location::Cookie { name: name() },
    ];
    for location in &locations {
        let challenge = location.challenge(&name());
        assert!(HeaderValue::from_str(&challenge).is_ok(), "{challenge:?}");
        check(location, &call);
    }
}

fn check(location: &Location, call: &Written<'_>) {
    let (_, query) = call.split();
    let presented = location.extract(&call.headers, query);
    let joined = joined(&call.headers);
    if let Some(joined) = &joined {
        let elsewhere = location.extract(joined, query);
        assert_eq!(
            presented.as_ref().map(Presented::as_bytes),
            elsewhere.as_ref().map(Presented::as_bytes),
            "{location:?}, where repeated headers come as one"
        );
        assert_eq!(
            location.removal(&call.headers, query),
            location.removal(joined, query)
        );
    }
    let removal = location.removal(&call.headers, query);
    assert!(
        presented.is_none() || removal != Removal::Nothing,
        "{location:?} is found and not taken out"
    );
    let mut headers = call.headers.clone();
    let mut left = query.to_owned();
    match &removal {
        Removal::Nothing => {}
        Removal::Header { name } => {
            headers.remove(name.as_str());
        }
        Removal::Cookies { rest } => {
            let rest = HeaderValue::from_bytes(rest).expect("what is left of a header can be one");
            headers.insert(http::header::COOKIE, rest);
        }
        Removal::Query { names, rest } => {
            left = rest.as_ref().map(|rest| rest.to_string()).unwrap_or_default();
            assert_eq!(left, without(query, names), "Envoy is told the names alone");
        }
    }
    assert!(
        location.extract(&headers, &left).is_none(),
        "{location:?} is found still"
    );
    assert_eq!(location.removal(&headers, &left), Removal::Nothing);
    if let Location::QueryString { name } = location {
        let mut pairs = url::form_urlencoded::parse(left.as_bytes());
        assert!(
            pairs.all(|(other, _)| other != *name),
            "{left:?} still has {name:?}"
        );
    }
}

/// The headers as a map of texts, each once; nothing where one is no text.
fn joined(headers: &HeaderMap) -> Option<HashMap<String, String>> {
    let one = |name: &HeaderName| {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| std::str::from_utf8(value.as_bytes()).ok())
            .collect::<Option<_>>()?;
        let separator = if name == http::header::COOKIE { "; " } else { "," };
        Some((name.as_str().to_owned(), values.join(separator)))
    };
    headers.keys().map(one).collect()
}

/// A query without the parameters that are written with these names, as Envoy takes them out.
fn without(query: &str, names: &[String]) -> String {
    let left: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !names.iter().any(|gone| gone == name)
        })
        .collect();
    left.join("&")
}
