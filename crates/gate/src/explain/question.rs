//! A call that somebody asks about, and the key that they have in hand.

use std::fmt;

use http::HeaderMap;
use zeroize::Zeroizing;

use super::CallFinding;
use crate::call::Call;

/// The value of a key, given beside a call. Never printed, and wiped after use.
pub struct KeyInHand(Zeroizing<Vec<u8>>);

impl KeyInHand {
    /// Takes a value in, without the end of the line that it may stand on. Nothing if nothing is left.
    #[must_use]
    pub fn new(mut text: Zeroizing<Vec<u8>>) -> Option<Self> {
        if text.last() == Some(&b'\n') {
            text.pop();
            if text.last() == Some(&b'\r') {
                text.pop();
            }
        }
        (!text.is_empty()).then_some(Self(text))
    }

    /// The value, byte by byte.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyInHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyInHand(..)")
    }
}

/// A call that somebody asks about. It has no `Debug`: its headers may carry a key.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The host, with its port if there is one.
    pub host: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path with its query.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The key, if it is given beside the call.
    pub key: Option<&'a KeyInHand>,
}

impl<'a> Question<'a> {
    /// The call as it is, without the key beside it.
    pub(super) fn call(&self) -> Call<'a, HeaderMap> {
        self.call_with(self.target, self.headers)
    }

    /// The call with other headers or another target.
    pub(super) fn call_with<'b>(&self, target: &'b str, headers: &'b HeaderMap) -> Call<'b, HeaderMap>
    where
        'a: 'b,
    {
        Call {
            scheme: "http",
            host: self.host,
            method: self.method,
            target,
            headers,
        }
    }

    pub(super) fn finding(&self) -> CallFinding {
        let call = self.call();
        CallFinding {
            method: self.method.to_owned(),
            host: self.host.to_owned(),
            path: call.path().to_owned(),
            has_query: self.target.contains('?'),
        }
    }
}
