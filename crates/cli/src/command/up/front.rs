//! What stands in front of the demo's APIs: the front door, and the APIs themselves on a port of their own.

use std::{io, net::SocketAddr, sync::Arc};

use axum::http::uri::Authority;
use keydesk_gate::{
    Door, Gate, Http,
    front_door::{FrontDoor, Patience},
};
use keydesk_process::{Bounds, bind, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{demo_backend, exit::Failure};

/// The door and what is behind it, before anybody is let in.
pub(super) struct Front {
    door: TcpListener,
    backend: TcpListener,
    /// Where the door is.
    pub(super) address: SocketAddr,
    upstream: Authority,
}

impl Front {
    /// Takes the addresses.
    pub(super) async fn prepare(listen: SocketAddr) -> Result<Self, Failure> {
        let door = bind("--front-door-listen", listen).await?;
        let fault = |error: io::Error| Failure::fault(&error);
        let backend = TcpListener::bind("127.0.0.1:0").await.map_err(fault)?;
        let upstream = backend.local_addr().map_err(fault)?.to_string();
        Ok(Self {
            address: door.local_addr().map_err(fault)?,
            door,
            backend,
            upstream: upstream.parse().map_err(|error| Failure::fault(&error))?,
        })
    }

    /// Lets in whom the gate lets pass, until `shutdown`.
    pub(super) async fn run(self, gate: Arc<Gate>, http: Http, shutdown: CancellationToken) {
        let Self {
            door,
            backend,
            address: _,
            upstream,
        } = self;
        let router = FrontDoor::new(Door(gate), upstream, Patience::default())
            .router()
            .merge(http.self_router())
            .merge(demo_backend::documents());
        // The door is shut first: what came through it is still answered.
        let shut = CancellationToken::new();
        let serve_door = async {
            serve(router, door, None, Bounds::default(), shutdown.cancelled_owned()).await;
            shut.cancel();
        };
        let serve_backend = serve(
            demo_backend::router(),
            backend,
            None,
            Bounds::default(),
            shut.clone().cancelled_owned(),
        );
        tokio::join!(serve_door, serve_backend);
    }
}
