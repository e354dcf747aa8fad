//! Taking part: reads and writes the Lease, attempt by attempt, until this replica is done.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::candidate::{Candidate, Move, Pace};
use super::lead::Lead;
use super::record::Record;
use crate::{chain, host};

/// What takes part for one replica.
pub struct Election {
    leases: Api<Lease>,
    namespace: String,
    name: String,
    pace: Pace,
    candidate: Candidate,
    /// As it was last read or written: what else is in it is kept.
    lease: Lease,
    lead: Lead,
    /// What was said about the lease last, so that it is said once.
    said: Option<String>,
}

/// Why an attempt came to nothing.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error("failed to read the lease")]
    Read(#[source] kube::Error),
    #[error("failed to make the lease")]
    Create(#[source] kube::Error),
    #[error("failed to write the lease")]
    Write(#[source] kube::Error),
    #[error("failed to reach the lease within {0:?}")]
    Timeout(Duration),
}

impl AttemptError {
    /// Whether the lease merely is not as it was seen any more.
    fn is_stale(&self) -> bool {
        match self {
            Self::Create(kube::Error::Api(status)) => status.code == 409,
            Self::Write(kube::Error::Api(status)) => matches!(status.code, 404 | 409),
            Self::Create(_) | Self::Write(_) | Self::Read(_) | Self::Timeout(_) => false,
        }
    }

    /// Whether another was faster, or the API server cannot be reached: whoever made the client tells that.
    fn is_no_news(&self) -> bool {
        match self {
            Self::Read(error) | Self::Create(error) | Self::Write(error) => {
                self.is_stale() || !matches!(error, kube::Error::Api(_))
            }
            Self::Timeout(_) => true,
        }
    }
}

/// A name for this process that no other has: client-go's form, `HOST_UUID`.
#[must_use]
pub fn identity() -> String {
    format!("{}_{}", host(), uuid::Uuid::new_v4())
}

impl Election {
    /// Takes part as `identity`, which nobody else may have, in the election by the Lease of this namespace and name.
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: &str, identity: String, pace: Pace) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            pace,
            candidate: Candidate::new(identity, pace),
            lease: unwritten(namespace, name),
            lead: Lead::waiting(),
            said: None,
        }
    }

    /// Whether this replica may act.
    #[must_use]
    pub fn lead(&self) -> Lead {
        self.lead.clone()
    }

    /// Takes part until `done`, which comes after the last write of this replica; then lets go of the lease, so that the
    /// next one need not wait.
    pub async fn run(mut self, done: CancellationToken) {
        tracing::info!(
            "waiting for the lease {}/{} as {}",
            self.namespace,
            self.name,
            self.candidate.me()
        );
        loop {
            let pause = async {
                let attempt = self.attempt().await;
                self.tell(attempt.err());
                self.pause()
            };
            let Some(pause) = done.run_until_cancelled(pause).await else {
                break;
            };
            if done.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
        }
        self.lead.set(None);
        match timeout(self.pace.retry, self.let_go()).await {
            Ok(Ok(true)) => tracing::info!("let go of the lease {}/{}", self.namespace, self.name),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::warn!("failed to let go of the lease: {}", chain(&error)),
            Err(_) => tracing::warn!("failed to let go of the lease within {:?}", self.pace.retry),
        }
    }

    /// Until the next attempt: a little random, so that candidates do not all come at once.
    fn pause(&self) -> Duration {
        let retry = self.pace.retry.mul_f64(1.0 + rand::random::<f64>() / 5.0);
        match self.candidate.decide(Instant::now()) {
            Move::Wait(free_at) => {
                let spread = self.pace.retry.mul_f64(rand::random::<f64>() / 5.0);
                retry.min(free_at.duration_since(Instant::now()) + spread)
            }
            Move::Write => retry,
        }
    }

    /// Takes the lease or keeps it, if that may be; sees whose it is otherwise.
    async fn attempt(&mut self) -> Result<(), AttemptError> {
        // Whoever has it knows it, unless it was taken: then the write fails.
        let mut known = self.candidate.is_mine();
        loop {
            if !known {
                self.read().await?;
            }
            if self.candidate.decide(Instant::now()) != Move::Write {
                return Ok(());
            }
            let (asked, now) = (Instant::now(), Timestamp::now());
            let record = self.candidate.claim(now);
            match self.write(&record, asked, now).await {
                Err(error) if error.is_stale() && known => known = false,
                written => return written,
            }
        }
    }

    async fn let_go(&mut self) -> Result<bool, AttemptError> {
        // An attempt may have been cut off, so nothing is known for certain.
        self.read().await?;
        let (asked, now) = (Instant::now(), Timestamp::now());
        match self.candidate.farewell(now) {
            Some(record) => self.write(&record, asked, now).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn read(&mut self) -> Result<(), AttemptError> {
        let read = self.in_time(self.leases.get_opt(&self.name)).await?;
        if let Some(lease) = read.map_err(AttemptError::Read)? {
            let version = lease.metadata.resource_version.clone().unwrap_or_default();
            self.candidate.see(Record::of(&lease), version, Instant::now());
            self.lease = lease;
        } else {
            self.candidate.see_none();
            self.lease = unwritten(&self.namespace, &self.name);
        }
        Ok(())
    }

    async fn write(&mut self, record: &Record, asked: Instant, now: Timestamp) -> Result<(), AttemptError> {
        let mut lease = self.lease.clone();
        record.put(&mut lease, now);
        let parameters = PostParams::default();
        self.lease = if lease.metadata.resource_version.is_none() {
            self.in_time(self.leases.create(&parameters, &lease))
                .await?
                .map_err(AttemptError::Create)?
        } else {
            self.in_time(self.leases.replace(&self.name, &parameters, &lease))
                .await?
                .map_err(AttemptError::Write)?
        };
        let version = self.lease.metadata.resource_version.clone().unwrap_or_default();
        self.candidate.granted(record.clone(), version, asked);
        Ok(())
    }

    /// Requests end early enough for another one before the deadline.
    async fn in_time<T>(&self, request: impl Future<Output = T>) -> Result<T, AttemptError> {
        let limit = self.pace.renew_deadline / 2;
        timeout(limit, request)
            .await
            .map_err(|_| AttemptError::Timeout(limit))
    }

    /// Passes on what an attempt came to, and says it if it is news.
    fn tell(&mut self, error: Option<AttemptError>) {
        let led = self.said.as_deref() == Some(LEADS);
        self.lead.set(self.candidate.acts_until());
        let leads = self.lead.may_act();
        let news = match (&error, leads) {
            // Nothing is lost yet.
            (Some(error), true) => return tracing::debug!("{}", chain(error)),
            (None, true) => LEADS.to_owned(),
            (Some(error), false) => chain(error).to_string(),
            (None, false) => format!("{} leads, this replica waits", self.candidate.holder()),
        };
        if led && !leads {
            tracing::warn!("this replica does not lead any more: it writes nothing until it does again");
        }
        if self.said.as_ref() == Some(&news) {
            return;
        }
        match error {
            None => tracing::info!("{news}"),
            Some(error) if error.is_no_news() => tracing::debug!("{news}"),
            Some(_) => tracing::warn!("{news}; it is tried again until it works"),
        }
        self.said = Some(news);
    }
}

/// A lease that is not there yet.
fn unwritten(namespace: &str, name: &str) -> Lease {
    Lease {
        metadata: ObjectMeta {
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        spec: None,
    }
}

/// What is said at the beginning of a turn.
const LEADS: &str = "this replica leads";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_host_have_different_names() {
        let (one, other) = (identity(), identity());
        assert_ne!(one, other);
        assert_eq!(one.rsplit_once('_').unwrap().0, other.rsplit_once('_').unwrap().0);
    }

    #[test]
    fn a_race_that_was_lost_and_an_outage_are_no_news_but_a_refusal_is() {
        let answered = |code| {
            let status = kube::core::Status::failure("no", "Reason").with_code(code);
            kube::Error::Api(status.boxed())
        };
        for (error, no_news) in [
            (AttemptError::Write(answered(409)), true),
            (AttemptError::Write(answered(404)), true),
            (AttemptError::Write(answered(403)), false),
            (AttemptError::Create(answered(409)), true),
            // There is no such namespace.
            (AttemptError::Create(answered(404)), false),
            (AttemptError::Read(answered(403)), false),
            (AttemptError::Read(kube::Error::Service("gone".into())), true),
            (AttemptError::Timeout(Duration::from_secs(5)), true),
        ] {
            assert_eq!(error.is_no_news(), no_news, "{error:?}");
        }
    }
}
