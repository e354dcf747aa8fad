//! Why a fetch brought no document.

use std::{io, net::IpAddr, time::Duration};

use super::{handshake::Handshake, host::Host, oidc::DocumentError, url::UrlError};

/// Why a fetch brought no document. Its text may appear in a status: it holds nothing of what the other side said
/// but the status code.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL is not fetched.
    #[error(transparent)]
    Url(UrlError),
    /// A redirect led to a URL that is not fetched.
    #[error("redirect that is not followed")]
    Redirect(#[source] UrlError),
    /// The host has no address.
    #[error("failed to resolve {host}")]
    Resolve {
        /// Which.
        host: Host,
        /// What the resolver said.
        source: io::Error,
    },
    /// Every address of the host is one that fetches must not reach.
    #[error("{host} has an address that is not fetched from")]
    AddressRefused {
        /// Which.
        host: Host,
        /// The first of its addresses; not for the status: what a name resolves to in here is nobody's business.
        address: IpAddr,
    },
    /// No connection.
    #[error("failed to connect to {host}")]
    Connect {
        /// Which.
        host: Host,
        /// What the system said.
        source: io::Error,
    },
    /// No TLS session; mostly a certificate that nobody we trust has signed.
    #[error("failed to establish TLS with {host}")]
    Tls {
        /// Which.
        host: Host,
        /// Why, as far as everybody may know.
        source: Handshake,
        /// In the words of whoever checked; not for the status: they quote the certificate.
        detail: String,
    },
    /// This system cannot check any certificate.
    #[error("failed to prepare for TLS")]
    NoTls(#[source] io::Error),
    /// The other side does not speak HTTP/1.1 as we do.
    #[error("failed to exchange HTTP messages")]
    Exchange(#[source] hyper::Error),
    /// A redirect without a usable target.
    #[error("redirect without a location")]
    RedirectNowhere,
    /// More redirects than we follow.
    #[error("stopped after {0} redirects")]
    TooManyRedirects(usize),
    /// Any other answer than 200.
    #[error("unexpected status code {code}")]
    Status {
        /// The status code.
        code: u16,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The document is larger than the limit in bytes, as sent or unpacked.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// The document is within the limit, but an object of the API server cannot hold it.
    #[error("larger than an object can hold")]
    TooLargeForObject,
    /// The body broke off.
    #[error("failed to read the body")]
    ReadBody(#[source] hyper::Error),
    /// The body is packed in a way that we do not unpack, or badly.
    #[error("failed to unpack the body")]
    Unpack(#[source] io::Error),
    /// The document is not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// It took too long altogether.
    #[error("took longer than {0} seconds")]
    Deadline(u64),
    /// The document came, but it is of no use.
    #[error(transparent)]
    Unusable(DocumentError),
}

impl FetchError {
    /// Whether trying again soon may help, without anybody changing a spec.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::NoTls(_)
            | Self::Exchange(_)
            | Self::ReadBody(_)
            | Self::Deadline(_) => true,
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..=599),
            Self::Url(_)
            | Self::Redirect(_)
            | Self::AddressRefused { .. }
            | Self::RedirectNowhere
            | Self::TooManyRedirects(_)
            | Self::TooLarge(_)
            | Self::TooLargeForObject
            | Self::Unpack(_)
            | Self::NotText
            | Self::Unusable(_) => false,
        }
    }

    /// What is for the operator alone, if there is anything: somebody may be trying what can be reached from here.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::AddressRefused { host, address } => Some(format!(
                "{address}, of host {:?}, is not an address to fetch from",
                host.name()
            )),
            Self::Resolve { host, .. } | Self::Connect { host, .. } => match host {
                Host::Asked(_) => None,
                Host::Redirected(name) => Some(format!("it was redirected to host {name:?}")),
            },
            Self::Tls { host, detail, .. } => Some(format!("host {:?}: {detail}", host.name())),
            Self::Unusable(DocumentError::OtherIssuer(named)) => {
                Some(format!("the document is of issuer {named:?}"))
            }
            _ => None,
        }
    }

    /// How long the server asks to be left alone, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Status { retry_after, .. } = self {
            *retry_after
        } else {
            None
        }
    }
}
