//! Why a server that answers is not believed to be the one that was meant: its certificate.

use std::{error::Error, io};

use rustls::CertificateError;

/// What is wrong with the certificate of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It is signed by nobody whom we were told to trust.
    Signer,
    /// It is for another name than the one by which the server was called.
    Name,
    /// It counts no more, or not yet.
    Time,
    /// Something else.
    Other,
}

impl Distrust {
    /// What an error says of it, together with the words of whoever checked, if that is what is behind it.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<(Self, String)> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(tls @ rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
                return Some((Self::of(why), tls.to_string()));
            }
            // What came through IO is no cause of the error of IO, but that itself.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = match inner {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    const fn of(why: &CertificateError) -> Self {
        match why {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Signer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::Name,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            _ => Self::Other,
        }
    }

    /// What whoever has the kubeconfig can do.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Signer | Self::Other => {
                "it answers, but as somebody whom the kubeconfig does not trust: put the certificate of the cluster's own \
                 authority into certificate-authority-data (or the name of a file with it into certificate-authority) of \
                 the cluster in the kubeconfig, or fetch a new kubeconfig"
            }
            Self::Name => {
                "it answers, but its certificate is for another name: put a name that it is for into server, or into \
                 tls-server-name, of the cluster in the kubeconfig"
            }
            Self::Time => {
                "it answers, but its certificate has run out or is of a time to come: see that the clock of this machine is \
                 right, or ask whoever runs the platform for a new one"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Around(#[source] io::Error);

    #[test]
    fn a_certificate_is_found_behind_whatever_is_around_it() {
        let behind = |why: CertificateError| {
            let tls = rustls::Error::InvalidCertificate(why);
            let twice = Around(io::Error::other(io::Error::other(tls)));
            let (distrust, _) = Distrust::behind(&twice).unwrap();
            distrust
        };
        for (why, distrust) in [
            (CertificateError::BadSignature, Distrust::Signer),
            (CertificateError::UnknownIssuer, Distrust::Signer),
            (CertificateError::NotValidForName, Distrust::Name),
            (CertificateError::Expired, Distrust::Time),
            (CertificateError::BadEncoding, Distrust::Other),
        ] {
            assert_eq!(behind(why), distrust);
        }
        let refused = Around(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(Distrust::behind(&refused), None);
        assert_eq!(
            Distrust::behind(&Around(io::Error::other(rustls::Error::DecryptError))),
            None
        );
    }
}
