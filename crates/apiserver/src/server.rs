//! The server as others hold it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use uuid::Uuid;

use crate::admit::text;
use crate::api::Api;
use crate::auth::{self, Tokens};
use crate::caller::User;
use crate::store::{Store, StoreError};
use crate::verb::{self, Call};
use crate::{background, http as rest};

/// Namespaces that are always there.
const NAMESPACES: [&str; 2] = ["default", "kube-system"];

/// A running API server. Clones are the same server; it stops with the last of them and of their clients.
#[derive(Debug, Clone)]
pub struct ApiServer {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    api: Arc<Api>,
    tasks: TaskTracker,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.api.stopping.cancel();
    }
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No store was given, and none could be made.
    #[error("failed to prepare the store")]
    Store(#[from] StoreError),
    /// An object that every server has could not be made.
    #[error("failed to create the {kind} {name:?} that every server has")]
    Seed {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// What was wrong with it.
        source: crate::status::Refusal,
    },
}

/// What a server is made of.
#[derive(Debug)]
pub struct Builder {
    store: Option<Store>,
    tokens: Tokens,
    clock: fn() -> Timestamp,
    uids: fn() -> Uuid,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            store: None,
            tokens: Tokens::default(),
            clock: Timestamp::now,
            uids: Uuid::new_v4,
        }
    }
}

impl Builder {
    /// Where objects are kept; in memory if nowhere else.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Who may come over a socket.
    #[must_use]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }

    /// What tells the time; the machine's clock if nothing else.
    #[must_use]
    pub fn clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    /// What UIDs are taken from; random ones if nothing else. No two may be equal.
    #[must_use]
    pub fn uids(mut self, uids: fn() -> Uuid) -> Self {
        self.uids = uids;
        self
    }

    /// Starts the server, and its background work on the present tokio runtime.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn build(self) -> Result<ApiServer, StartError> {
        let Self {
            store,
            tokens,
            clock,
            uids,
        } = self;
        let store = match store {
            Some(store) => store,
            None => Store::memory()?,
        };
        let api = Arc::new(Api::new(store, tokens, clock, uids));
        seed(&api).await?;
        let tasks = TaskTracker::new();
        background::start(&api, &tasks);
        tasks.close();
        Ok(ApiServer {
            running: Arc::new(Running { api, tasks }),
        })
    }
}

impl ApiServer {
    /// Begins a server.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The server for sockets: callers are known by their bearer tokens.
    pub fn router(&self) -> Router {
        let running = Arc::clone(&self.running);
        Router::new().fallback(move |mut request: Request<Body>| {
            let running = Arc::clone(&running);
            async move {
                // Only in-process callers may say who they are.
                request.extensions_mut().remove::<User>();
                rest::handle(Arc::clone(&running.api), request).await
            }
        })
    }

    /// The server for one in-process caller, who is believed.
    #[must_use]
    pub fn as_user(&self, user: User) -> InProcess {
        InProcess {
            running: Arc::clone(&self.running),
            user,
        }
    }

    /// Serves over TLS until `shutdown` is done, then stops the server and finishes what is under way.
    pub async fn serve_tls(
        &self,
        listener: TcpListener,
        tls: ServerConfig,
        shutdown: impl Future<Output = ()>,
    ) {
        let stopping = &self.running.api.stopping;
        let end = async {
            tokio::select! {
                () = shutdown => {}
                () = stopping.cancelled() => {}
            }
            // Watches would go on for as long as their clients stay.
            stopping.cancel();
        };
        keydesk_process::serve(self.router(), listener, Some(tls), rest::bounds(), end).await;
    }

    /// Cancelled once the store could not be written. It takes no more writes from then on: end the process, and let the
    /// next one find out what the file holds.
    #[must_use]
    pub fn broken(&self) -> CancellationToken {
        self.running.api.store.broken().clone()
    }

    /// Stops background work and watches, and waits for the work that is under way.
    pub async fn shutdown(self) {
        self.running.api.stopping.cancel();
        self.running.tasks.wait().await;
    }
}

/// A client's way into the server without a socket: give it to `kube::Client::new`.
#[derive(Debug, Clone)]
pub struct InProcess {
    running: Arc<Running>,
    user: User,
}

impl<B> Service<Request<B>> for InProcess
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let running = Arc::clone(&self.running);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.user.clone());
        Box::pin(async move { Ok(rest::handle(Arc::clone(&running.api), request).await) })
    }
}

/// Makes what every server has, where it is not there yet.
async fn seed(api: &Api) -> Result<(), StartError> {
    let namespaces = NAMESPACES
        .iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    let seeded = join_all(
        namespaces
            .chain(auth::bootstrap_objects())
            .map(|object| create(api, object)),
    )
    .await;
    seeded.into_iter().collect()
}

async fn create(api: &Api, object: Value) -> Result<(), StartError> {
    let (kind, name) = (
        text(&object, "/kind").to_owned(),
        text(&object, "/metadata/name").to_owned(),
    );
    let registry = api.registry();
    let Some(resource) = registry.find_kind(text(&object, "/apiVersion"), &kind) else {
        return Ok(());
    };
    if api.store.get(&resource.key(None, &name)).is_some() {
        return Ok(());
    }
    let user = User::admin();
    let call = Call {
        api,
        user: &user,
        resource,
        namespace: None,
        manager: verb::OURSELVES,
    };
    match verb::create(&call, object).await {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.code() == StatusCode::CONFLICT => Ok(()),
        Err(source) => Err(StartError::Seed { kind, name, source }),
    }
}
