//! Somebody with an identity who talks to the API server, in JSON.

use http::{Method, Request};
use kube::client::Body;
use serde_json::{Value, json};

use crate::kinds::{Address, Kind};
use crate::refused::Refused;
use crate::wait::{self, Patience};

/// A client with an identity. Cheap to clone.
#[derive(Clone)]
pub struct Person {
    client: kube::Client,
    patience: Patience,
}

impl Person {
    /// Somebody whom `client` speaks for, as patient as the cluster needs.
    #[must_use]
    pub fn new(client: kube::Client, patience: Patience) -> Self {
        Self { client, patience }
    }

    /// The client that carries this identity.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// How long this person waits.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Creates an object from its manifest.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn create(&self, object: &Value) -> Result<Value, Refused> {
        let address = Address::of(object);
        self.json(
            Method::POST,
            &address.kind.path(&address.namespace),
            "application/json",
            object,
        )
        .await
    }

    /// Creates the object, or puts it in the place of the one that is there, whoever takes that away or writes it meanwhile.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn put(&self, object: &Value) -> Result<Value, Refused> {
        match self.put_once(object).await {
            Err(refused) if matches!(refused.code, 404 | 409) => self.put_once(object).await,
            put => put,
        }
    }

    async fn put_once(&self, object: &Value) -> Result<Value, Refused> {
        let Some(found) = self.find(&Address::of(object)).await else {
            return self.create(object).await;
        };
        let mut next = object.clone();
        next["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"].clone();
        self.replace(&next).await
    }

    /// Replaces an object by its manifest.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn replace(&self, object: &Value) -> Result<Value, Refused> {
        self.json(
            Method::PUT,
            &Address::of(object).path(),
            "application/json",
            object,
        )
        .await
    }

    /// Reads an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn get(&self, address: &Address) -> Result<Value, Refused> {
        self.json(Method::GET, &address.path(), "application/json", &Value::Null)
            .await
    }

    /// Reads an object that may not be there. Any other refusal ends the test.
    pub async fn find(&self, address: &Address) -> Option<Value> {
        match self.get(address).await {
            Ok(object) => Some(object),
            Err(refused) if refused.code == 404 => None,
            Err(refused) => panic!("get {address}: {refused}"),
        }
    }

    /// Lists a kind; all namespaces where `namespace` is empty.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn list(&self, kind: Kind, namespace: &str) -> Result<Vec<Value>, Refused> {
        self.select(kind, namespace, "").await
    }

    /// Lists what a label selector matches.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn select(&self, kind: Kind, namespace: &str, labels: &str) -> Result<Vec<Value>, Refused> {
        let selector = labels.replace('=', "%3D").replace(',', "%2C");
        let path = format!("{}?labelSelector={selector}", kind.path(namespace));
        let list = self
            .json(Method::GET, &path, "application/json", &Value::Null)
            .await?;
        let mut items = list["items"].as_array().cloned().unwrap_or_default();
        for item in &mut items {
            item["apiVersion"] = json!(kind.api_version());
            item["kind"] = json!(kind.kind);
        }
        Ok(items)
    }

    /// What `kubectl get` is given to print: the kind as a `Table`. A refusal ends the test.
    pub async fn table(&self, kind: Kind, namespace: &str) -> Value {
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
        let (code, body) = self
            .exchange(Method::GET, &kind.path(namespace), "", accept, Vec::new())
            .await;
        assert_eq!(
            code,
            200,
            "get a table of {}: {}",
            kind.plural,
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).unwrap()
    }

    /// Merges `patch` into an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn patch(&self, address: &Address, patch: &Value) -> Result<Value, Refused> {
        self.json(
            Method::PATCH,
            &address.path(),
            "application/merge-patch+json",
            patch,
        )
        .await
    }

    /// Merges `status` into the status of an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn patch_status(&self, address: &Address, status: &Value) -> Result<Value, Refused> {
        let endpoint = format!("{}/status", address.path());
        self.json(
            Method::PATCH,
            &endpoint,
            "application/merge-patch+json",
            &json!({ "status": status }),
        )
        .await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn delete(&self, address: &Address) -> Result<Value, Refused> {
        self.json(Method::DELETE, &address.path(), "application/json", &Value::Null)
            .await
    }

    /// Whether this person may do `verb` on `resource` (`plural[.group][/subresource]`) in `namespace`; everywhere
    /// where it is empty. Asks as `kubectl auth can-i` does.
    pub async fn may(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (plural, group) = name.split_once('.').unwrap_or((name, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": verb, "group": group, "resource": plural, "subresource": subresource, "namespace": namespace,
            }},
        });
        let answer = self
            .create(&review)
            .await
            .unwrap_or_else(|refused| panic!("ask can-i: {refused}"));
        answer["status"]["allowed"] == true
    }

    /// Sends any body to any path and gives back the status code and the body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> (u16, Vec<u8>) {
        self.exchange(method, path, content_type, "application/json", body)
            .await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        accept: &str,
        body: Vec<u8>,
    ) -> (u16, Vec<u8>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, content_type)
            .header(http::header::ACCEPT, accept)
            .body(Body::from(body))
            .unwrap_or_else(|error| panic!("build a request for {path:?}: {error}"));
        let answer = self
            .client
            .send(request)
            .await
            .unwrap_or_else(|error| panic!("send to {path:?}: {error}"));
        let code = answer.status().as_u16();
        let body = answer
            .into_body()
            .collect_bytes()
            .await
            .unwrap_or_else(|error| panic!("read the answer of {path:?}: {error}"));
        (code, body.to_vec())
    }

    /// Waits until the object is as `looks` wants it, and gives it back. `what` completes the sentence
    /// "soon …" of the failure.
    pub async fn soon(&self, address: &Address, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        wait::soon(self.patience, &format!("{address} {what}"), async || {
            match self.find(address).await {
                Some(object) if looks(&object) => Ok(object),
                Some(object) => Err(format!("it is\n{}", wait::shown(&object))),
                None => Err("it does not exist".to_owned()),
            }
        })
        .await
    }

    /// Waits until the object is not there any more.
    pub async fn soon_gone(&self, address: &Address) {
        wait::soon(
            self.patience,
            &format!("{address} is gone"),
            async || match self.find(address).await {
                None => Ok(()),
                Some(object) => Err(format!("it is\n{}", wait::shown(&object))),
            },
        )
        .await;
    }

    /// Sees that the object is, and goes on to be, as `looks` wants it.
    pub async fn stays(&self, address: &Address, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        wait::stays(self.patience, &format!("{address} {what}"), async || {
            match self.find(address).await {
                Some(object) if looks(&object) => Ok(object),
                Some(object) => Err(format!("it is\n{}", wait::shown(&object))),
                None => Err("it does not exist".to_owned()),
            }
        })
        .await
    }

    /// Sees that the object is not there, and does not appear.
    pub async fn stays_gone(&self, address: &Address) {
        wait::stays(
            self.patience,
            &format!("{address} does not exist"),
            async || match self.find(address).await {
                None => Ok(()),
                Some(object) => Err(format!("it is\n{}", wait::shown(&object))),
            },
        )
        .await;
    }

    async fn json(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let (code, answer) = self.send(method, path, content_type, bytes).await;
        if code >= 400 {
            return Err(Refused::parse(code, &answer));
        }
        Ok(serde_json::from_slice(&answer)
            .unwrap_or_else(|error| panic!("{path} answered {code} with what is not JSON: {error}")))
    }
}
