//! Why there is no TLS session with a host.

use std::io;

use rustls::CertificateError;

/// Why there is no TLS session. In words of ours: what rustls says quotes the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Handshake {
    /// The certificate is signed by nobody whom this system trusts.
    #[error("its certificate is signed by nobody whom this system trusts")]
    Signer,
    /// The certificate is for other names.
    #[error("its certificate is not for this name")]
    Name,
    /// The certificate counts no more, or not yet.
    #[error("its certificate has expired, or is not valid yet")]
    Time,
    /// The certificate is not accepted for another reason.
    #[error("its certificate is not accepted")]
    Certificate,
    /// The connection broke off, or the other side does not speak TLS as we do.
    #[error("the TLS handshake failed")]
    Broken,
}

impl Handshake {
    pub(super) fn of(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        let Some(rustls::Error::InvalidCertificate(certificate)) = tls else {
            return Self::Broken;
        };
        match certificate {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Signer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::Name,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            _ => Self::Certificate,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn nothing_is_told_of_what_a_certificate_says() {
        let other = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("idp.example.com").unwrap(),
            presented: vec!["internal.corp".to_owned()],
        };
        let error = io::Error::other(rustls::Error::InvalidCertificate(other));
        assert!(error.to_string().contains("internal.corp"));
        assert_eq!(Handshake::of(&error), Handshake::Name);
        assert!(!Handshake::of(&error).to_string().contains("internal"));
        for (why, handshake) in [
            (CertificateError::UnknownIssuer, Handshake::Signer),
            (CertificateError::Expired, Handshake::Time),
            (CertificateError::Revoked, Handshake::Certificate),
        ] {
            let error = io::Error::other(rustls::Error::InvalidCertificate(why));
            assert_eq!(Handshake::of(&error), handshake);
        }
        assert_eq!(
            Handshake::of(&io::ErrorKind::UnexpectedEof.into()),
            Handshake::Broken
        );
    }
}
