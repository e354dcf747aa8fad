//! Whose Secret has a value that the gate does not know.

use futures::{StreamExt as _, stream};
use keydesk_feed::read_key_secret;
use keydesk_gate::{
    Verdict,
    explain::{Carriers, Claim, Foretold},
};
use kube::Client;

/// Secrets that are looked into at most, and at once.
const MOST: (usize, usize) = (1_000, 16);

/// Looks into the Secrets of `claims` for the value, unless the gate knows whose it is.
pub(super) async fn carriers(client: &Client, claims: Vec<Claim>, foretold: &Foretold) -> Carriers {
    let Some(digest) = foretold.digest else {
        return Carriers::default();
    };
    if let Verdict::Admitted(_) = &foretold.verdict {
        return Carriers::default();
    }
    let (most, at_once) = MOST;
    let mut carriers = Carriers {
        keys: Vec::new(),
        unread: claims.len().saturating_sub(most),
    };
    let looks = claims
        .into_iter()
        .take(most)
        .map(|Claim { key, secret }| async move {
            let read = read_key_secret(client, &secret).await;
            read.map(|secret| secret.is_some_and(|secret| secret.digest == Some(digest)))
                .map(|has_it| has_it.then_some(key))
        });
    let mut looks = stream::iter(looks).buffered(at_once);
    while let Some(look) = looks.next().await {
        match look {
            Ok(key) => carriers.keys.extend(key),
            Err(_) => carriers.unread += 1,
        }
    }
    carriers
}
