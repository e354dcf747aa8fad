//! The consumer's Secret: whether it has a value, and how it gets one.

use keydesk_api::condition::KeyReason;
use keydesk_core::NamespacedName;

use super::scene::{SecretSight, Subject};
use crate::KeyEdges;
use crate::explain::step::{Step, Who};

pub(super) fn secret(subject: &Subject<'_>) -> Step {
    let topic = "secret";
    let secret = subject.key.as_deref().map(|key| KeyEdges::of(key).secret);
    let rotate =
        |more: &str| subject.keydesk(Who::Consumer, format_args!("rotate {}{more}", subject.scene.id));
    let put = |what: &str| format!("{what}: {}", rotate(" --overlap 0"));
    let id = match secret {
        Some(Some(id)) if subject.scene.secret != SecretSight::Hidden => id,
        Some(None) => {
            return Step::bad(topic, "the key names no Secret, so it has no value").fix(
                Who::Consumer,
                "name a Secret with an entry api_key in spec.secretRef",
            );
        }
        Some(Some(_)) | None => return unread(subject, secret.flatten().as_ref()),
    };
    match &subject.scene.secret {
        SecretSight::Missing | SecretSight::Hidden => {
            Step::bad(topic, format!("Secret {id} does not exist")).fix(Who::Consumer, create(subject, &id))
        }
        SecretSight::WithoutEntry => Step::bad(topic, format!("Secret {id} has no entry api_key"))
            .fix(Who::Consumer, put("put a value in")),
        SecretSight::Empty => Step::bad(topic, format!("Secret {id} has an empty entry api_key"))
            .fix(Who::Consumer, put("put a value in")),
        SecretSight::There { .. } if subject.failed_for(&[KeyReason::SecretAPIKeyDuplicate]).is_some() => {
            let step = Step::bad(topic, format!("the value in Secret {id} is in use already"));
            match subject.scene.sharing {
                [] => step.fix(Who::Consumer, put("put another value in")),
                // A new value in that Secret would be the end of the other key's.
                [other, ..] => step
                    .and(format!("key {other} of this namespace uses the same Secret"))
                    .fix(Who::Consumer, "name another Secret in spec.secretRef"),
            }
        }
        SecretSight::There { flaws, .. } => {
            let words = format!("Secret {id} has a value");
            if flaws.is_empty() {
                Step::good(topic, words)
            } else if flaws.iter().any(|flaw| flaw.is_fatal()) {
                let first = flaws.iter().find(|flaw| flaw.is_fatal()).map(ToString::to_string);
                Step::bad(topic, first.unwrap_or_default()).fix(Who::Consumer, put("put another value in"))
            } else {
                Step::note(topic, words)
                    .and_all(flaws.iter().map(ToString::to_string))
                    .fix(Who::Consumer, format!("choose a better one: {}", rotate("")))
            }
        }
    }
}

/// What the controller says of a Secret that whoever asks may not read; `id` is which, if they know the key.
fn unread(subject: &Subject<'_>, id: Option<&NamespacedName>) -> Step {
    let topic = "secret";
    let put = || {
        let rotate = format_args!("rotate {} --overlap 0", subject.scene.id);
        format!(
            "put a value into the Secret: {}",
            subject.keydesk(Who::Consumer, rotate)
        )
    };
    let how = || {
        let explain = format_args!("explain key {}", subject.scene.id);
        format!(
            "create the Secret, with a value under api_key; how is told to who may read the key: {}",
            subject.keydesk(Who::Consumer, explain)
        )
    };
    let failed = |reason| subject.failed_for(&[reason]);
    if let Some(message) = failed(KeyReason::SecretAPIKeyDuplicate) {
        return Step::bad(topic, message).fix(
            Who::Consumer,
            "give the key a value of its own: in another Secret, if another key uses this one",
        );
    }
    if let Some(message) = failed(KeyReason::SecretNotFound) {
        let what = id.map_or_else(how, |id| create(subject, id));
        return Step::bad(topic, message).fix(Who::Consumer, what);
    }
    match subject.failed_for(&[KeyReason::SecretAPIKeyNotFound, KeyReason::SecretAPIKeyEmpty]) {
        Some(message) => Step::bad(topic, message).fix(Who::Consumer, put()),
        None => Step::unknown(
            topic,
            "you may not read the consumer's Secret; its value is nobody else's business",
        ),
    }
}

/// How a Secret is made by pasting: the value stands in no file, and in no history of a shell.
fn create(subject: &Subject<'_>, id: &NamespacedName) -> String {
    // Consumers write any text there, and who pastes a command may be somebody else.
    let can_be = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if !id.name.chars().all(can_be) || id.name.starts_with('-') {
        return "name a Secret in spec.secretRef by a name that one can have".to_owned();
    }
    let create = subject.aim(Who::Consumer).kubectl(format_args!(
        "create secret generic {} -n {} --from-file=api_key=/dev/stdin",
        id.name, id.namespace
    ));
    format!(
        "create it with a random value that nobody sees: head -c 32 /dev/urandom | base64 | tr -dc A-Za-z0-9 | {create}"
    )
}
