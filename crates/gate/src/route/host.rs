//! Hosts: those that routes and listeners are for, and the one that a call names.

use std::borrow::Cow;

/// Bytes of the longest name of a host, with the dot at its end (RFC 1035 §2.3.4). Without a limit, looking up all that
/// a name ends with would cost the square of its length.
const MOST_BYTES: usize = 254;

/// A host, or all hosts under a domain, or all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostPattern {
    /// Any host.
    Any,
    /// Any host that ends with this: the domain with a dot before it. One label or many may stand before it.
    Under(Box<str>),
    /// This host.
    Exact(Box<str>),
}

impl HostPattern {
    /// Reads a hostname of a route or a listener. Nothing if it is none, and then it matches nothing.
    #[must_use]
    pub fn parse(hostname: &str) -> Option<Self> {
        let lower = hostname.to_ascii_lowercase();
        let (name, is_wildcard) = lower
            .strip_prefix('*')
            .map_or((lower.as_str(), false), |suffix| (suffix, true));
        let labels = if is_wildcard {
            name.strip_prefix('.')?
        } else {
            name
        };
        if !labels.split('.').all(is_label) {
            return None;
        }
        Some(if is_wildcard {
            Self::Under(name.into())
        } else {
            Self::Exact(name.into())
        })
    }

    /// The hosts that both are for.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, both) | (both, Self::Any) => Some(both.clone()),
            (Self::Exact(a), Self::Exact(b)) => (a == b).then(|| self.clone()),
            (Self::Exact(host), Self::Under(suffix)) => host.ends_with(&**suffix).then(|| self.clone()),
            (Self::Under(suffix), Self::Exact(host)) => host.ends_with(&**suffix).then(|| other.clone()),
            (Self::Under(a), Self::Under(b)) => {
                let (narrow, wide) = if a.len() < b.len() {
                    (other, b.ends_with(&**a))
                } else {
                    (self, a.ends_with(&**b))
                };
                wide.then(|| narrow.clone())
            }
        }
    }
}

/// The hosts under which a route is served: what its hostnames and those of the listeners that it is attached to have in
/// common (Gateway API, `HTTPRouteSpec.hostnames`). A side that names none is for any host; the other side narrows it.
///
/// Nothing in common, or no listener: no host, and the route is not served.
pub fn intersection<'a>(
    route: &[String],
    listeners: impl IntoIterator<Item = Option<&'a str>>,
) -> Vec<HostPattern> {
    let own: Vec<_> = if route.is_empty() {
        vec![HostPattern::Any]
    } else {
        route
            .iter()
            .filter_map(|hostname| HostPattern::parse(hostname))
            .collect()
    };
    let listeners = listeners.into_iter().filter_map(|hostname| match hostname {
        None | Some("") => Some(HostPattern::Any),
        Some(hostname) => HostPattern::parse(hostname),
    });
    let mut hosts: Vec<_> = listeners
        .flat_map(|listener| {
            own.iter()
                .filter_map(move |own| own.and(&listener))
                .collect::<Vec<_>>()
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

/// The host that a call names, without its port and in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallHost<'a>(Cow<'a, str>);

impl<'a> CallHost<'a> {
    /// Reads a `Host` header or an authority. Nothing if two programs could read it differently.
    pub(super) fn parse(authority: &'a str) -> Option<Self> {
        let end_of_host = match authority.strip_prefix('[') {
            Some(rest) => 1 + rest.find(']')? + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at(end_of_host);
        if !port.is_empty() && !port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_sound = address.map_or_else(|| is_name(host), is_address);
        (is_sound && host.len() <= MOST_BYTES).then(|| {
            Self(if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
                Cow::Owned(host.to_ascii_lowercase())
            } else {
                Cow::Borrowed(host)
            })
        })
    }

    /// The name without the dot at its end, which says that it is complete.
    pub(super) fn name(&self) -> &str {
        self.0.strip_suffix('.').unwrap_or(&self.0)
    }

    /// The name with that dot, for programs that do not take it away; nothing where there is none.
    pub(super) fn dotted(&self) -> Option<&str> {
        self.0.ends_with('.').then_some(&*self.0)
    }
}

/// What a host ends with, from each of its dots on: the longest first.
pub(super) fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    host.match_indices('.').map(|(at, _)| &host[at..])
}

fn is_name(host: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    host.bytes().all(is_known) && !host.starts_with('.') && !host.contains("..")
}

fn is_address(host: &str) -> bool {
    host.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(route: &[&str], listeners: &[Option<&str>]) -> Vec<String> {
        let route: Vec<_> = route.iter().map(|&hostname| hostname.to_owned()).collect();
        let hosts = intersection(&route, listeners.iter().copied());
        hosts
            .into_iter()
            .map(|host| match host {
                HostPattern::Any => "any".to_owned(),
                HostPattern::Under(suffix) => format!("*{suffix}"),
                HostPattern::Exact(host) => host.into(),
            })
            .collect()
    }

    #[test]
    fn a_route_is_served_under_what_it_has_in_common_with_its_listeners() {
        for (route, listeners, expected) in [
            (&[][..], &[None][..], &["any"][..]),
            (&[], &[Some("")], &["any"]),
            (&[], &[Some("*.example.com")], &["*.example.com"]),
            (&["API.example.com"], &[None], &["api.example.com"]),
            (
                &["api.example.com"],
                &[Some("*.example.com")],
                &["api.example.com"],
            ),
            (
                &["a.b.example.com"],
                &[Some("*.example.com")],
                &["a.b.example.com"],
            ),
            (
                &["*.example.com"],
                &[Some("api.example.com")],
                &["api.example.com"],
            ),
            (
                &["*.example.com"],
                &[Some("*.b.example.com")],
                &["*.b.example.com"],
            ),
            (
                &["*.b.example.com"],
                &[Some("*.example.com")],
                &["*.b.example.com"],
            ),
            (&["*.example.com"], &[Some("example.com")], &[]),
            (&["example.com"], &[Some("*.example.com")], &[]),
            (&["notexample.com"], &[Some("*.example.com")], &[]),
            (&["a.com", "b.com"], &[Some("b.com"), Some("c.com")], &["b.com"]),
            (&["a.com"], &[None, Some("a.com")], &["a.com"]),
            (&["a.com"], &[], &[]),
            (&["", "*", "*.", "a b", "a..b", "*a.com"], &[None], &[]),
            (&["a.com"], &[Some("*")], &[]),
        ] {
            assert_eq!(common(route, listeners), expected, "{route:?} and {listeners:?}");
        }
    }

    #[test]
    fn a_call_names_its_host_with_or_without_port_and_dot() {
        for (authority, name) in [
            ("api.example.com", "api.example.com"),
            ("API.Example.com:8080", "api.example.com"),
            ("api.example.com.:443", "api.example.com"),
            ("api.example.com:", "api.example.com"),
            ("[::1]", "[::1]"),
            ("[2001:DB8::1]:8443", "[2001:db8::1]"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(CallHost::parse(authority).unwrap().name(), name, "{authority}");
        }
        let long = "a.".repeat(MOST_BYTES);
        for odd in [
            "a:b", "a:80:90", "a,b", "user@a", "a/b", "a b", "a\0", "[::1", "[::1]x", "é.com", "[a]b]:1",
            ".", ".a.com", "a..com", "a.com..", &long,
        ] {
            assert_eq!(CallHost::parse(odd), None, "{odd}");
        }
    }
}
