//! Whether the API server of a cluster answers. Everything that is sent to it passes here, so that an outage is told once
//! where it begins and once where it ends, and not by each that is waiting.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{Request, Response, StatusCode, Uri};
use keydesk_process::chain;
use kube::{Client, client::Body};
use parking_lot::Mutex;
use tokio::time::timeout;
use tower::{BoxError, service_fn};

use crate::{distrust::Distrust, requests::Requests};

/// Answers begin long before that, those to watches too.
const SLOW: Duration = Duration::from_secs(20);

/// No answer that is of use, and why. Says it all, since it is told in places that do not look for causes.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error("{server} does not answer: {why}")]
    Silent { server: Arc<str>, why: String },
    #[error("{server} is not trusted: {why}")]
    Distrusted {
        server: Arc<str>,
        distrust: Distrust,
        why: String,
    },
}

impl Unreachable {
    fn of(server: &Arc<str>, error: &kube::Error) -> Self {
        let server = Arc::clone(server);
        match Distrust::behind(error) {
            Some((distrust, why)) => Self::Distrusted {
                server,
                distrust,
                why,
            },
            None => Self::Silent {
                server,
                why: why(error),
            },
        }
    }
}

/// What is wrong with the certificate of the server, if that is why a request of an attentive client failed.
pub(crate) fn distrust(error: &kube::Error) -> Option<Distrust> {
    let kube::Error::Service(cause) = error else {
        return None;
    };
    match cause.downcast_ref::<Unreachable>()? {
        Unreachable::Distrusted { distrust, .. } => Some(*distrust),
        Unreachable::Silent { .. } => None,
    }
}

/// The same client, which tells of outages of `server`, and whose requests are counted.
pub(crate) fn attentive(client: Client, server: &Uri, requests: Requests) -> Client {
    let server: Arc<str> = shown(server).into();
    let contact = Arc::new(Mutex::new(Contact::default()));
    let namespace = client.default_namespace().to_owned();
    let service = service_fn(move |request: Request<Body>| {
        let (client, server, contact) = (client.clone(), Arc::clone(&server), Arc::clone(&contact));
        let requests = requests.clone();
        async move {
            let asked = Instant::now();
            let method = request.method().clone();
            let note = |trouble: Option<String>| {
                let mut contact = contact.lock();
                let news = contact.note(trouble.is_none(), asked, Instant::now());
                tell(&server, trouble, news);
            };
            let mut sent = pin!(client.send(request));
            let answer = if let Ok(answer) = timeout(SLOW, sent.as_mut()).await {
                answer
            } else {
                note(Some(format!(
                    "{server} does not answer: nothing came within {SLOW:?}"
                )));
                sent.await
            };
            requests.count(method, answer.as_ref().ok().map(Response::status));
            let answer = answer.map_err(|error| Unreachable::of(&server, &error));
            note(trouble(&server, &answer));
            answer.map_err(BoxError::from)
        }
    });
    Client::new(service, namespace)
}

/// The causes alone: what is around them says nothing.
fn why(error: &kube::Error) -> String {
    match error {
        kube::Error::Service(cause) => chain(&**cause).to_string(),
        other => chain(other).to_string(),
    }
}

/// The address, without a password that somebody may have put there.
fn shown(server: &Uri) -> String {
    let port = server.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!(
        "{}://{}{port}{}",
        server.scheme_str().unwrap_or("https"),
        server.host().unwrap_or_default(),
        server.path().trim_end_matches('/'),
    )
}

/// What says of the server as a whole that it is of no use now.
fn trouble(server: &str, answer: &Result<Response<Body>, Unreachable>) -> Option<String> {
    match answer {
        Ok(answer) => match answer.status() {
            status @ (StatusCode::UNAUTHORIZED
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => Some(format!("{server} answers {status}")),
            _ => None,
        },
        Err(error) => Some(error.to_string()),
    }
}

fn tell(server: &str, trouble: Option<String>, news: Option<News>) {
    match (news, trouble) {
        (Some(News::Lost), Some(trouble)) => {
            tracing::warn!(server, "{trouble}; this is tried again until it works");
        }
        (Some(News::Back { after }), _) => {
            tracing::info!(server, "{server} answers again, after {} s", after.as_secs());
        }
        (_, Some(trouble)) => tracing::debug!(server, "{trouble}"),
        (Some(News::Lost) | None, None) => {}
    }
}

/// What is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Lost,
    Back { after: Duration },
}

#[derive(Debug, Default)]
struct Contact {
    /// When it last answered.
    answered: Option<Instant>,
    /// Since when it does not.
    lost: Option<Instant>,
}

impl Contact {
    /// What was asked then is answered now, or is known to have no answer.
    fn note(&mut self, answered: bool, asked: Instant, now: Instant) -> Option<News> {
        if answered {
            self.answered = Some(now);
            let lost = self.lost.take()?;
            return Some(News::Back {
                after: now.duration_since(lost),
            });
        }
        // Others were answered since: this one belongs to an outage that is over.
        let outdated = self.answered.is_some_and(|answered| asked < answered);
        if outdated || self.lost.is_some() {
            return None;
        }
        self.lost = Some(now);
        Some(News::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_at_its_beginning_and_once_at_its_end() {
        let beginning = Instant::now();
        let at = |second| beginning + Duration::from_secs(second);
        let mut contact = Contact::default();
        for (answered, asked, now, news) in [
            (false, 0, 1, Some(News::Lost)),
            (false, 0, 1, None),
            (false, 2, 3, None),
            (
                true,
                4,
                4,
                Some(News::Back {
                    after: Duration::from_secs(3),
                }),
            ),
            (false, 3, 5, None),
            (true, 5, 6, None),
            (false, 6, 7, Some(News::Lost)),
        ] {
            let told = contact.note(answered, at(asked), at(now));
            assert_eq!(told, news, "asked at {asked}, known at {now}");
        }
    }

    #[test]
    fn an_address_is_shown_without_a_password() {
        for (server, said) in [
            ("https://127.0.0.1:7443/", "https://127.0.0.1:7443"),
            ("https://[::1]:7443", "https://[::1]:7443"),
            (
                "https://ada:hunter2@api.example/k8s/c1",
                "https://api.example/k8s/c1",
            ),
        ] {
            assert_eq!(shown(&server.parse().unwrap()), said);
        }
    }

    #[tokio::test]
    async fn who_gets_no_answer_is_told_which_server_and_why() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let server: Uri = format!("http://{closed}").parse().unwrap();
        let client = Client::try_from(kube::Config::new(server.clone())).unwrap();
        let error = attentive(client, &server, Requests::default())
            .apiserver_version()
            .await
            .expect_err("nobody is there");
        let said = error.to_string();
        assert!(
            said.contains(&format!("http://{closed} does not answer: ")),
            "{said}"
        );
        assert!(said.contains("Connection refused"), "{said}");
    }
}
