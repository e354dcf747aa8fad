//! The APIs behind the demo's gateways: a game store and a toy store that `up --demo` serves behind the front door.
//!
//! Every answer also says who the gate says is calling, so that a person sees the gate work. Each store has an OpenAPI
//! document, made from the same table as its answers.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::get;
use serde_json::{Map, Value, json};

/// A store: one product of the demo (`examples/gamestore`, `examples/toystore`).
struct Store {
    name: &'static str,
    host: &'static str,
    title: &'static str,
    description: &'static str,
    collections: &'static [Collection],
}

/// Things of one kind, under `/api/{name}`.
struct Collection {
    name: &'static str,
    item: &'static str,
    items: fn() -> Value,
}

const STORES: [Store; 2] = [
    Store {
        name: "gamestore",
        host: "api.gamestore.example.com",
        title: "Gamestore API",
        description: "Games, players and scores of a small game store",
        collections: &[
            Collection {
                name: "games",
                item: "game",
                items: games,
            },
            Collection {
                name: "players",
                item: "player",
                items: players,
            },
            Collection {
                name: "scores",
                item: "score",
                items: scores,
            },
        ],
    },
    Store {
        name: "toystore",
        host: "api.toystore.example.com",
        title: "Toystore API",
        description: "Stock, orders and customers of a toy store",
        collections: &[
            Collection {
                name: "toys",
                item: "toy",
                items: toys,
            },
            Collection {
                name: "orders",
                item: "order",
                items: orders,
            },
            Collection {
                name: "customers",
                item: "customer",
                items: customers,
            },
        ],
    },
];

/// Headers in which the gate says who is calling, and what they are called in answers.
const CALLER: [(&str, &str); 3] = [
    ("x-key-id", "keyId"),
    ("x-plan", "plan"),
    ("x-consumer", "consumer"),
];

/// The documents of both stores, for everybody: `gamestore.json` and `toystore.json`.
pub(crate) fn documents() -> Router {
    Router::new().route("/.keydesk/openapi/{file}", get(document))
}

/// Both stores, told apart by the host.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/api", get(async |headers: HeaderMap| call(&headers, "")))
        .route("/api/", get(async |headers: HeaderMap| call(&headers, "")))
        .route(
            "/api/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| call(&headers, &path)),
        )
        .fallback(async || missing("a store answers under /api"))
}

async fn document(Path(file): Path<String>) -> Response<Body> {
    let name = file.strip_suffix(".json").unwrap_or_default();
    match STORES.iter().find(|store| store.name == name) {
        Some(store) => answer(StatusCode::OK, &store.openapi()),
        None => missing("there are gamestore.json and toystore.json"),
    }
}

fn call(headers: &HeaderMap, path: &str) -> Response<Body> {
    let Some(store) = STORES.iter().find(|store| store.is_at(headers)) else {
        return missing("no store is at this host");
    };
    let Some((name, found)) = store.look(path) else {
        return missing("this store has no such thing");
    };
    let mut body = Map::new();
    body.insert("caller".to_owned(), caller(headers));
    body.insert(name.to_owned(), found);
    answer(StatusCode::OK, &Value::Object(body))
}

impl Store {
    fn is_at(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).map(HeaderValue::as_bytes);
        let authority = host.and_then(|host| Authority::try_from(host).ok());
        authority.is_some_and(|authority| authority.host().eq_ignore_ascii_case(self.host))
    }

    /// What is under a path below `/api/`, and what it is called.
    fn look(&self, path: &str) -> Option<(&'static str, Value)> {
        if path.is_empty() {
            let names = self
                .collections
                .iter()
                .map(|collection| format!("/api/{}", collection.name));
            return Some(("collections", names.collect()));
        }
        let (name, id) = path
            .split_once('/')
            .map_or((path, None), |(name, id)| (name, Some(id)));
        let collection = self
            .collections
            .iter()
            .find(|collection| collection.name == name)?;
        let items = (collection.items)();
        let Some(id) = id else {
            return Some((collection.name, items));
        };
        let id: u64 = id.parse().ok()?;
        let found = items.as_array()?.iter().find(|item| item["id"] == id)?;
        Some((collection.item, found.clone()))
    }

    fn openapi(&self) -> Value {
        let mut paths = Map::new();
        for Collection { name, item, .. } in self.collections {
            let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}});
            paths.insert(
                format!("/api/{name}"),
                json!({"get": operation(&format!("list-{name}"), &format!("List all {name}"))}),
            );
            let mut one = operation(&format!("get-{item}"), &format!("One {item}"));
            one["parameters"] = json!([id]);
            one["responses"]["404"] = json!({"description": format!("There is no such {item}")});
            paths.insert(format!("/api/{name}/{{id}}"), json!({ "get": one }));
        }
        json!({
            "openapi": "3.0.3",
            "info": {"title": self.title, "description": self.description, "version": "v1"},
            "servers": [{"url": format!("http://{}", self.host)}],
            "security": [{"apiKey": []}],
            "paths": paths,
            "components": {"securitySchemes": {"apiKey": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "`APIKEY` and a space before the value of the key",
            }}},
        })
    }
}

fn operation(id: &str, summary: &str) -> Value {
    json!({
        "operationId": id,
        "summary": summary,
        "responses": {
            "200": {"description": "Found", "content": {"application/json": {"schema": {"type": "object"}}}},
            "401": {"description": "No key, or not one of this API"},
            "429": {"description": "The limit of the plan is used up: Retry-After says until when"},
        },
    })
}

/// Who the gate says is calling; what it does not say is null.
fn caller(headers: &HeaderMap) -> Value {
    let said = CALLER.iter().map(|(header, name)| {
        let value = headers.get(*header).and_then(|value| value.to_str().ok());
        ((*name).to_owned(), json!(value))
    });
    Value::Object(said.collect())
}

fn missing(detail: &str) -> Response<Body> {
    answer(StatusCode::NOT_FOUND, &json!({ "error": detail }))
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(format!("{body:#}\n")));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

fn games() -> Value {
    json!([
        {"id": 1, "title": "Lantern Harbour", "genre": "puzzle", "price": "14.90"},
        {"id": 2, "title": "Nine Moons", "genre": "strategy", "price": "29.90"},
        {"id": 3, "title": "Paper Kites", "genre": "racing", "price": "9.90"},
    ])
}

fn players() -> Value {
    json!([{"id": 1, "name": "ada", "level": 12}, {"id": 2, "name": "grace", "level": 31}])
}

fn scores() -> Value {
    json!([{"id": 1, "game": 2, "player": 1, "points": 4200}, {"id": 2, "game": 3, "player": 2, "points": 910}])
}

fn toys() -> Value {
    json!([
        {"id": 1, "name": "wooden train", "stock": 17, "price": "24.50"},
        {"id": 2, "name": "spinning top", "stock": 140, "price": "4.00"},
    ])
}

fn orders() -> Value {
    json!([{"id": 1, "customer": 2, "toy": 1, "count": 1}, {"id": 2, "customer": 1, "toy": 2, "count": 6}])
}

fn customers() -> Value {
    json!([{"id": 1, "name": "corner shop"}, {"id": 2, "name": "museum of play"}])
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use keydesk_process::{Bounds, serve};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn start() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let forever = std::future::pending();
        let router = router().merge(documents());
        tokio::spawn(serve(router, listener, None, Bounds::default(), forever));
        address
    }

    async fn got(address: SocketAddr, host: &str, path: &str, headers: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{headers}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    #[tokio::test]
    async fn an_answer_says_who_is_calling() {
        let address = start().await;
        let headers = "x-key-id: 7\r\nx-plan: gold\r\n";
        let (status, body) = got(address, "API.gamestore.example.com:8000", "/api/games/2", headers).await;
        assert_eq!(status, 200);
        assert_eq!(body["game"]["title"], "Nine Moons");
        assert_eq!(
            body["caller"],
            json!({"keyId": "7", "plan": "gold", "consumer": null})
        );
    }

    #[tokio::test]
    async fn every_documented_operation_is_there_and_what_is_not_there_is_404() {
        let address = start().await;
        for store in &STORES {
            let file = format!("/.keydesk/openapi/{}.json", store.name);
            let (status, document) = got(address, "127.0.0.1", &file, "").await;
            assert_eq!((status, &document["info"]["title"]), (200, &json!(store.title)));
            let paths = document["paths"].as_object().unwrap();
            assert_eq!(paths.len(), 2 * store.collections.len());
            for path in paths.keys() {
                let (status, body) = got(address, store.host, &path.replace("{id}", "1"), "").await;
                assert_eq!(status, 200, "{path}: {body}");
                let (status, _) = got(address, "elsewhere.example.com", &path.replace("{id}", "1"), "").await;
                assert_eq!(status, 404, "{path} elsewhere");
            }
            let (status, body) = got(address, store.host, "/api", "").await;
            assert_eq!(
                (status, body["collections"].as_array().unwrap().len()),
                (200, store.collections.len())
            );
            for path in ["/api/none", "/api/games/99", "/.keydesk/openapi/other.json", "/"] {
                assert_eq!(got(address, store.host, path, "").await.0, 404, "{path}");
            }
        }
    }

    #[test]
    fn each_store_is_where_its_route_says() {
        for store in &STORES {
            let name = store.name;
            let file = format!(
                "{}/../../examples/{name}/1-platform.yaml",
                env!("CARGO_MANIFEST_DIR")
            );
            let platform = std::fs::read_to_string(file).unwrap();
            assert!(platform.contains(&format!("- {}\n", store.host)), "{name}");
        }
    }
}
