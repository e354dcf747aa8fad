//! Answers that send clients away.
//!
//! Over HTTP/1.1 a server that closes a connection may cross a request that is on its way, and nobody answers that. So
//! while it is leaving its answers say that they are the last ones (RFC 9112, section 9.6): when it closes what is left,
//! nothing is sent there any more. HTTP/2 has GOAWAY, which crosses nothing.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use tokio_util::sync::CancellationToken;

/// The same router; from `leaving` on each of its answers over HTTP/1.1 ends its connection.
pub fn parting(router: Router, leaving: CancellationToken) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let leaving = leaving.clone();
        async move {
            let version = request.version();
            let mut answer = next.run(request).await;
            if version < Version::HTTP_2 && leaving.is_cancelled() {
                answer
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        }
    }))
}
