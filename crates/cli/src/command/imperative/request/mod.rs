//! `keydesk request`: asks for a key. Both objects come to be, or neither.

mod draft;
mod making;

use std::io::{Write as _, stderr};
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::meta::{NAME_MAX, annotation};
use keydesk_api::v1alpha1::{ApprovalMode, PublishStatus};
use keydesk_api::{APIKey, APIProduct};
use keydesk_catalog::explain::Aim;
use keydesk_core::NamespacedName;
use keydesk_process::LogArgs;
use kube::ResourceExt as _;

use super::place::{place, somebody};
use super::value::ValueArgs;
use super::{ClusterArgs, ClusterClient, Refusal, output, span};
use crate::{exit::Failure, foreign::phrase};
use draft::{Wish, WishError};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The product, as NAMESPACE/NAME; without a namespace it is looked for in your own
    product: String,

    /// Plan tier to ask for, one of those that `keydesk products` shows
    #[arg(long, value_name = "TIER")]
    tier: String,

    /// What the key is for, for the owner to decide on
    #[arg(long, value_name = "TEXT")]
    use_case: Option<String>,

    /// After how long the key stops working, such as 30d [default: never]
    #[arg(long, value_name = "SPAN", value_parser = span::parse, conflicts_with = "expires_at")]
    expires_in: Option<Duration>,

    /// When the key stops working, such as 2027-01-01T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME", value_parser = span::moment)]
    expires_at: Option<Timestamp>,

    /// Scopes of the key, separated by commas or spaces
    #[arg(long, value_name = "SCOPES", default_value = "", hide_default_value = true)]
    scopes: String,

    /// Name of the key [default: the product's]. The Secret has the same with `-secret`
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Who asks, as known to the identity provider [default: who the cluster takes you for]
    #[arg(long, value_name = "USER", value_parser = somebody)]
    user: Option<String>,

    /// E-mail address of who asks [default: the user, if that is one]
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    #[command(flatten)]
    value: ValueArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Nobody knows where to reach who asks.
#[derive(Debug, thiserror::Error)]
#[error("{user:?} is no e-mail address, and one is needed")]
struct FindEmail {
    user: String,
}

/// What the name of a key has behind it as the name of its Secret.
const SECRET_SUFFIX: &str = "-secret";

/// A name that leaves no room for that.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of the key has {length} characters, and {} is the most: its Secret has the same name with {SECRET_SUFFIX}",
    NAME_MAX - SECRET_SUFFIX.len()
)]
struct FitName {
    length: usize,
}

impl From<FitName> for Failure {
    fn from(error: FitName) -> Self {
        Self::fixable(&error, "choose a shorter one with --name; nothing was changed")
    }
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        product,
        tier,
        use_case,
        expires_in,
        expires_at,
        scopes,
        name,
        user,
        email,
        value,
        cluster,
    } = args;
    let client = cluster.open(log).await?;
    let refused = |error: WishError| Failure::fixable(&error, error.hint(&client.aim));
    let expires_at = draft::end(expires_in, expires_at, Timestamp::now()).map_err(refused)?;
    let product = place(&product, &client.namespace)?;
    let key = place(name.as_deref().unwrap_or(&product.name), &client.namespace)?;
    let secret = secret_of(&key)?;
    let found = match client.lookup::<APIProduct>(&product).await? {
        super::Lookup::Missing => client.demand::<APIProduct>(&product).await.map(Some)?,
        looked => looked.found(),
    };
    if let Some(product) = &found {
        draft::check(product, &tier).map_err(refused)?;
    }
    let user_id = match user {
        Some(user) => user,
        None => client.user().await?,
    };
    let email = email.unwrap_or_else(|| user_id.clone());
    if !email.contains('@') {
        return Err(Failure::fixable(
            &FindEmail { user: email },
            "say --email ADDRESS; nothing was changed",
        ));
    }
    let wish = Wish {
        secret,
        key,
        product,
        tier,
        use_case,
        expires_at,
        scopes: draft::scopes(&scopes),
        user_id,
        email,
    };
    refuse_existing(&client, &wish.key).await?;
    let value = value.take()?;
    making::make(&client, &wish, value.bytes()).await?;
    let warning = value.warning.clone();
    let done = format!("APIKey {} and Secret {} were made", wish.key, wish.secret);
    let place_of_value = value.hand_out(&done, &wish.secret, &client.aim)?;
    let said = said(&wish, found.as_ref(), warning, &place_of_value, &client.aim);
    // The objects are there, whether this can be said or not.
    let _ = stderr().write_all(said.as_bytes());
    Ok(())
}

/// The Secret of a key, which has its name with something behind it.
fn secret_of(key: &NamespacedName) -> Result<NamespacedName, FitName> {
    let name = format!("{}{SECRET_SUFFIX}", key.name);
    if name.len() > NAME_MAX {
        return Err(FitName {
            length: key.name.len(),
        });
    }
    Ok(NamespacedName::new(key.namespace.as_str(), name))
}

/// Sees that the key is not there already, before a Secret is made for it.
async fn refuse_existing(client: &ClusterClient, key: &NamespacedName) -> Result<(), Failure> {
    match client.get::<APIKey>(key).await {
        Ok(_) => {
            let refusal = Refusal::Create(Box::new(client.act::<APIKey>("create", key)));
            Err(Failure::fixable(&refusal, "choose another name with --name"))
        }
        Err(Refusal::Find(_)) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// What a person is told in the end.
fn said(
    wish: &Wish,
    product: Option<&APIProduct>,
    warning: Option<String>,
    value: &str,
    aim: &Aim,
) -> String {
    let Wish {
        key,
        secret,
        product: id,
        tier,
        ..
    } = wish;
    let mut lines = vec![format!(
        "asked for tier {tier} of {id}: APIKey {key}, with its value in Secret {secret}"
    )];
    lines.push(value.to_owned());
    match product {
        None => lines.push(format!(
            "note: you may not read APIProduct {id}, so nothing was checked against it"
        )),
        Some(product) if product.spec.publish_status == PublishStatus::Draft => {
            lines.push(format!(
                "note: APIProduct {id} is a draft: its owner does not offer it yet"
            ));
        }
        Some(_) => {}
    }
    lines.extend(warning.map(|warning| format!("warning: {warning}")));
    let automatic = product.filter(|product| product.spec.approval_mode == ApprovalMode::Automatic);
    let who = match automatic.map(|product| product.annotations().get(annotation::MAX_KEYS_PER_NAMESPACE)) {
        None => "its owner decides".to_owned(),
        Some(None) => "it is approved by itself".to_owned(),
        Some(Some(most)) => format!(
            "it is approved by itself as long as namespace {} has fewer than {} keys for the product",
            key.namespace,
            phrase(most)
        ),
    };
    lines.push(format!(
        "{who}; to see where it stands: {}",
        aim.keydesk(format_args!("explain key {key}"))
    ));
    output::lines(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_no_room_for_that_of_its_secret_is_told_its_own_limit() {
        let secret = |length| secret_of(&NamespacedName::new("app", "a".repeat(length)));
        assert_eq!(secret(246).unwrap().name.len(), NAME_MAX);
        let told = Failure::from(secret(247).unwrap_err()).to_string();
        assert_eq!(
            told,
            "error: the name of the key has 247 characters, and 246 is the most: its Secret has the same name with \
             -secret\nhint: choose a shorter one with --name; nothing was changed"
        );
    }
}
