//! How much of the server its clients may take.

use std::time::Duration;

use keydesk_process::Bounds;

/// Clients send long headers (tokens, selectors in URLs), hold many watches on one connection, and keep it for as long
/// as they live.
pub(crate) fn bounds() -> Bounds {
    Bounds {
        connections: 1024,
        handshake_timeout: Duration::from_secs(10),
        header_timeout: Duration::from_secs(15),
        header_bytes: 256 << 10,
        http2: true,
        streams: 256,
        // `body` and `drained` bound what is read.
        request_timeout: None,
        idle: None,
        drain: Duration::from_secs(5),
        // Lists can be large.
        gathers: false,
    }
}
