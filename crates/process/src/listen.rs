//! Taking an address to listen on, with a refusal that a person can act on.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::net::TcpListener;

/// Why an address could not be taken. `flag` is the flag that chose it.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process has it.
    #[error("address {address} ({flag}) is already in use")]
    InUse {
        /// The flag, with its dashes.
        flag: &'static str,
        /// What it asked for.
        address: SocketAddr,
    },
    /// Anything else: not an address of this machine, no permission for the port.
    #[error("failed to listen on {address} ({flag})")]
    Bind {
        /// The flag, with its dashes.
        flag: &'static str,
        /// What it asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens on `address`; port 0 takes a free one.
///
/// # Errors
/// When the address is in use or cannot be had.
pub async fn bind(flag: &'static str, address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => ListenError::InUse { flag, address },
            _ => ListenError::Bind {
                flag,
                address,
                source,
            },
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_told_apart_and_names_its_flag() {
        let first = bind("--listen", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let error = bind("--listen", first.local_addr().unwrap()).await.unwrap_err();
        assert!(matches!(error, ListenError::InUse { .. }), "{error}");
        assert!(error.to_string().contains("--listen"), "{error}");
    }
}
