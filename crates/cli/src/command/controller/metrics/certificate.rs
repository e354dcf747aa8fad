//! The certificate for metrics: made at the start, or read from files and read again when they change.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType};
use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer,
        pem::{self, PemObject as _},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{sync::watch, time::sleep};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// How often files are looked at: a kubelet swaps them within a minute, whoever issues them gives days.
const EVERY: Duration = Duration::from_secs(10);

/// Where a certificate and its key are, in PEM.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("failed to read {path:?}")]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to find a certificate in {path:?}")]
    ParseCertificate { path: PathBuf, source: pem::Error },
    #[error("failed to find a private key in {path:?}")]
    ParseKey { path: PathBuf, source: pem::Error },
    #[error("failed to use the certificate in {path:?} with its key")]
    Match { path: PathBuf, source: rustls::Error },
}

/// The certificate of the moment.
pub(super) type Current = watch::Receiver<Arc<CertifiedKey>>;

/// One that is made now. Nobody can verify it; scrapers of upstream's controller do not try either.
pub(super) fn self_signed() -> Result<Current, Failure> {
    let made = || -> Result<_, rcgen::Error> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        for address in [[127, 0, 0, 1].into(), [0, 0, 0, 0, 0, 0, 0, 1_u16].into()] {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        params
            .distinguished_name
            .push(DnType::CommonName, "keydesk metrics");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok((certificate.der().clone(), key.serialize_der()))
    };
    let (certificate, key) = made().map_err(|error| Failure::fault(&error))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let certified = certified(vec![certificate], key).map_err(|error| Failure::fault(&error))?;
    Ok(watch::Sender::new(Arc::new(certified)).subscribe())
}

/// The one in these files, and what reads them again.
pub(super) async fn follow(files: Files) -> Result<(Current, Following), Failure> {
    let (certified, contents) = tokio::task::spawn_blocking({
        let files = files.clone();
        move || {
            files
                .read()
                .and_then(|contents| Ok((contents.parse(&files)?, contents)))
        }
    })
    .await
    .map_err(|error| Failure::fault(&error))?
    .map_err(|error| {
        Failure::fixable(
            &error,
            "put certificate and key there, in PEM, or leave out --metrics-cert-path",
        )
    })?;
    let current = watch::Sender::new(Arc::new(certified));
    let following = Following {
        files,
        contents,
        current,
    };
    Ok((following.current.subscribe(), following))
}

/// TLS with the certificate of the moment.
pub(super) fn tls(current: Current) -> Result<ServerConfig, Failure> {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            builder
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(Presented(current)))
        })
        .map_err(|error| Failure::fault(&error))
}

#[derive(Debug)]
struct Presented(Current);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow()))
    }
}

/// Reads files again and again.
pub(super) struct Following {
    files: Files,
    contents: Contents,
    current: watch::Sender<Arc<CertifiedKey>>,
}

/// What was in the files.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Following {
    /// Takes what is new in the files, for ever. What is of no use is told once, and the last that was goes on.
    pub(super) async fn run(mut self) {
        let mut told = None;
        loop {
            sleep(EVERY).await;
            let files = self.files.clone();
            // A task that is stopped with the process has nothing to say.
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else {
                return;
            };
            match read.and_then(|contents| self.take(contents)) {
                Ok(()) => told = None,
                Err(error) => {
                    let news = keydesk_process::chain(&error).to_string();
                    if told.as_ref() != Some(&news) {
                        tracing::warn!("the certificate for metrics stays as it was: {news}");
                        told = Some(news);
                    }
                }
            }
        }
    }

    fn take(&mut self, contents: Contents) -> Result<(), CertificateError> {
        if contents != self.contents {
            // Between the two files of a change this fails, and is tried again.
            let certified = contents.parse(&self.files)?;
            self.current.send_replace(Arc::new(certified));
            self.contents = contents;
            tracing::info!("the certificate for metrics is a new one");
        }
        Ok(())
    }
}

impl Files {
    fn read(&self) -> Result<Contents, CertificateError> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|source| CertificateError::Read {
                path: path.clone(),
                source,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: Zeroizing::new(read(&self.key)?),
        })
    }
}

impl Contents {
    fn parse(&self, files: &Files) -> Result<CertifiedKey, CertificateError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.map_err(|source| CertificateError::ParseCertificate {
            path: files.certificate.clone(),
            source,
        })?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| CertificateError::ParseKey {
            path: files.key.clone(),
            source,
        })?;
        certified(chain, key).map_err(|source| CertificateError::Match {
            path: files.certificate.clone(),
            source,
        })
    }
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// A certificate and its key, in PEM.
    fn made() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["metrics.example".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    /// Whether who trusts this certificate alone, and asks for its name, is content with what is presented.
    async fn is_trusted(server: &ServerConfig, certificate: &str) -> bool {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap())
            .unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(64 << 10);
        let name = ServerName::try_from("metrics.example").unwrap();
        let (acceptor, connector) = (
            TlsAcceptor::from(Arc::new(server.clone())),
            TlsConnector::from(Arc::new(client)),
        );
        let (_, connected) = tokio::join!(acceptor.accept(far), connector.connect(name, near));
        connected.is_ok()
    }

    #[tokio::test]
    async fn a_new_certificate_is_taken_once_it_fits_its_key() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files {
            certificate: directory.path().join("tls.crt"),
            key: directory.path().join("tls.key"),
        };
        let put = |certificate: &str, key: &str| {
            fs::write(&files.certificate, certificate).unwrap();
            fs::write(&files.key, key).unwrap();
        };
        let absent = follow(files.clone()).await.map(|_| ()).unwrap_err().to_string();
        assert!(
            absent.contains("tls.crt") && absent.contains("--metrics-cert-path"),
            "{absent}"
        );
        let ((first, first_key), (second, second_key)) = (made(), made());
        put(&first, &first_key);
        let (current, mut following) = follow(files.clone()).await.unwrap();
        let server = tls(current.clone()).unwrap();
        assert!(is_trusted(&server, &first).await && !is_trusted(&server, &second).await);
        let presented = || current.borrow().cert.clone();
        let before = presented();

        for (certificate, key) in [
            (&second, &first_key),
            (&second, &String::new()),
            (&first, &first_key),
        ] {
            put(certificate, key);
            let read = files.read().and_then(|contents| following.take(contents));
            assert_eq!(read.is_ok(), certificate == &first, "{read:?}");
            assert_eq!(presented(), before);
        }
        put(&second, &second_key);
        following.take(files.read().unwrap()).unwrap();
        assert_ne!(presented(), before);
        assert!(is_trusted(&server, &second).await && !is_trusted(&server, &first).await);
    }
}
