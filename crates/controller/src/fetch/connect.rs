//! A connection to a host whose addresses were judged: what was judged is what is connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{address::Reach, error::FetchError, handshake::Handshake, resolver::Resolver, url::FetchUrl};

/// How long one address may take to answer, so that a dead one leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// So many addresses of a host are tried.
const MAX_ADDRESSES: usize = 4;

/// A plain or encrypted byte stream.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// The system's trusted roots, loaded when the first https URL is fetched: reading them takes longer than starting up.
#[derive(Default)]
pub(super) struct Tls {
    config: OnceLock<Arc<ClientConfig>>,
}

/// Connects to the host of `url` at an address that `reach` allows. No proxy is asked, whatever the environment names.
pub(super) async fn connect(
    url: &FetchUrl,
    reach: &Reach,
    resolver: &dyn Resolver,
    tls: &Tls,
) -> Result<Box<dyn Connection>, FetchError> {
    let stream = connect_to_any(url, &resolve(url, reach, resolver).await?).await?;
    if !url.is_https() {
        return Ok(Box::new(stream));
    }
    let failed = |error: io::Error| FetchError::Tls {
        host: url.told_host(),
        source: Handshake::of(&error),
        detail: error.to_string(),
    };
    let name =
        ServerName::try_from(url.host().to_owned()).map_err(|error| failed(io::Error::other(error)))?;
    let config = tls.config().map_err(FetchError::NoTls)?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(failed)?;
    Ok(Box::new(stream))
}

/// The addresses of the host that may be connected to; at least one. They are what is connected to: nobody asks for them
/// again, so a name that resolves differently a moment later gains nothing.
async fn resolve(
    url: &FetchUrl,
    reach: &Reach,
    resolver: &dyn Resolver,
) -> Result<Vec<SocketAddr>, FetchError> {
    let failed = |source| FetchError::Resolve {
        host: url.told_host(),
        source,
    };
    let found = match url.host().parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolver.resolve(url.host()).await.map_err(failed)?,
    };
    let Some(first) = found.first().copied() else {
        return Err(failed(io::Error::other("it has no address")));
    };
    let allowed: Vec<_> = found
        .into_iter()
        .map(|address| SocketAddr::new(address, url.port()))
        .filter(|to| reach.allows(*to))
        .take(MAX_ADDRESSES)
        .collect();
    if allowed.is_empty() {
        return Err(FetchError::AddressRefused {
            host: url.told_host(),
            address: first,
        });
    }
    Ok(allowed)
}

async fn connect_to_any(url: &FetchUrl, addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
    let mut source = io::Error::other("it has no address");
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => source = error,
            Err(_elapsed) => source = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(FetchError::Connect {
        host: url.told_host(),
        source,
    })
}

impl Tls {
    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (usable, _unusable) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            return Err(io::Error::other("this system has no trusted root certificates"));
        }
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }
}
