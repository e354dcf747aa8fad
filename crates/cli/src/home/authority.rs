//! Our own certificate authority, made once; the server's certificate is made from it at every start.

use std::{net::IpAddr, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::directory::{DataDir, DirectoryError};

const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";

/// An authority that signs for this machine's API server.
pub(crate) struct Authority {
    /// PEM.
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// The key on disk is not one, or belongs to no certificate on disk.
    #[error("failed to read the certificate authority in ca.crt and ca.key")]
    Load(#[source] Option<rcgen::Error>),
    #[error("failed to make a certificate")]
    Make(#[source] rcgen::Error),
    #[error("failed to set up TLS")]
    Tls(#[source] rustls::Error),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl Authority {
    /// The authority of a data directory; made at the first start.
    pub(crate) fn load(home: &DataDir) -> Result<Self, AuthorityError> {
        match (home.read(CERTIFICATE)?, home.read(KEY)?) {
            (Some(certificate), Some(key)) => {
                let key = KeyPair::from_pem(&key).map_err(|error| AuthorityError::Load(Some(error)))?;
                Ok(Self {
                    certificate,
                    issuer: Issuer::new(params(), key),
                })
            }
            (Some(_), None) => Err(AuthorityError::Load(None)),
            // A key alone is left by a start that was cut off between the two files: nobody trusts it yet.
            (None, _) => {
                let key = KeyPair::generate().map_err(AuthorityError::Make)?;
                let certificate = params().self_signed(&key).map_err(AuthorityError::Make)?.pem();
                home.write(KEY, &key.serialize_pem())?;
                home.write(CERTIFICATE, &certificate)?;
                Ok(Self {
                    certificate,
                    issuer: Issuer::new(params(), key),
                })
            }
        }
    }

    /// TLS for a server on this machine, and on `address`.
    pub(crate) fn server_config(&self, address: IpAddr) -> Result<ServerConfig, AuthorityError> {
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned()]).map_err(AuthorityError::Make)?;
        for address in [
            IpAddr::from([127, 0, 0, 1]),
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            address,
        ] {
            let name = SanType::IpAddress(address);
            if !params.subject_alt_names.contains(&name) {
                params.subject_alt_names.push(name);
            }
        }
        params.distinguished_name.push(DnType::CommonName, "keydesk");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(AuthorityError::Make)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(AuthorityError::Make)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.der().clone()], key)
            })
            .map_err(AuthorityError::Tls)
    }
}

/// What does not depend on the key: the same at every start, so that what is signed later names the same issuer.
fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Keydesk local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2055, 1, 1);
    params
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    fn pem(text: &str) -> rustls::pki_types::CertificateDer<'static> {
        use rustls::pki_types::pem::PemObject as _;
        rustls::pki_types::CertificateDer::from_pem_slice(text.as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn who_trusts_the_first_certificate_trusts_the_server_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let home = DataDir::open(directory.path()).unwrap();
        let first = Authority::load(&home).unwrap().certificate;
        let again = Authority::load(&home).unwrap();
        assert_eq!(first, again.certificate);
        let server = again.server_config("10.1.2.3".parse().unwrap()).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(pem(&first)).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (acceptor, connector) = (
            TlsAcceptor::from(Arc::new(server)),
            TlsConnector::from(Arc::new(client)),
        );
        for name in ["127.0.0.1", "::1", "localhost", "10.1.2.3"] {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let name = ServerName::try_from(name).unwrap();
            let (accepted, connected) =
                tokio::join!(acceptor.accept(far), connector.connect(name.clone(), near));
            assert!(accepted.is_ok() && connected.is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_damaged_key_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let home = DataDir::open(directory.path()).unwrap();
        drop(Authority::load(&home).unwrap());
        home.write(KEY, "nonsense").unwrap();
        assert!(matches!(Authority::load(&home), Err(AuthorityError::Load(_))));
        home.remove(KEY).unwrap();
        assert!(matches!(Authority::load(&home), Err(AuthorityError::Load(None))));
    }
}
