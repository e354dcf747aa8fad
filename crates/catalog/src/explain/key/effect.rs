//! Whether gateways know the key, and what the controller says of it.

use jiff::Timestamp;
use keydesk_api::condition::{self, KeyAspect, KeyReason};
use keydesk_api::rfc3339;

use super::Stands;
use super::scene::{Part, SecretSight, Sight, Subject};
use crate::explain::deletion;
use crate::explain::step::{Step, Who};
use crate::explain::words::SELECT;

/// That the key is on its way out.
pub(super) fn deletion(subject: &Subject<'_>) -> Option<Step> {
    let key = subject.key.as_deref()?;
    let edit = |object| {
        subject
            .aim(Who::Consumer)
            .kubectl(format_args!("edit apikey {object}"))
    };
    deletion::deletion("deletion", key, "it", Who::Consumer, edit)
}

/// `spared_until` is when the key goes although it is approved, because its product fails.
pub(super) fn enforcement(subject: &Subject<'_>, stands: &Stands, spared_until: Option<Timestamp>) -> Step {
    let topic = "gateways";
    if let Some(failed) = subject.says(KeyAspect::EnforcementFailed) {
        let (who, what) = if failed.reason == KeyReason::SecretNotNamed.as_str() {
            (
                Who::Consumer,
                "name a Secret with an entry api_key in spec.secretRef",
            )
        } else if failed.reason == KeyReason::SelectorNotMatched.as_str() {
            (Who::Owner, SELECT)
        } else {
            (
                Who::Platform,
                "see to the Secret of that name in the namespace of enforcement secrets",
            )
        };
        return Step::bad(topic, failed.message.clone()).fix(who, what);
    }
    let sight = subject.scene.enforcement;
    match (sight, stands.is_out_of_force()) {
        (Sight::There, false) => Step::good(topic, "know the key: its enforcement secret is there"),
        (Sight::There, true) => {
            let step = Step::note(topic, "know the key still: its enforcement secret is there");
            match spared_until {
                Some(until) => step.and(format!(
                    "it goes at about {}, a minute after the product began to fail, unless that is mended",
                    rfc3339(until)
                )),
                None => step.fix(
                    Who::Platform,
                    "see that the controller runs, and what it logs: it removes the enforcement secrets of keys that are \
                     not in force",
                ),
            }
        }
        (Sight::Missing, _) if stands.is_approved() => {
            Step::bad(topic, "do not know the key: its enforcement secret is not there")
                .fix(Who::Platform, "see that the controller runs, and what it logs")
        }
        (Sight::Missing, _) => Step::good(
            topic,
            "do not know the key: there is no enforcement secret for it",
        ),
        (Sight::Hidden, _) => {
            let is_lost = !subject.hides(Part::Kuadrant) && subject.scene.catalog.kuadrant().is_none();
            let step = Step::unknown(
                topic,
                if is_lost {
                    "where enforcement secrets are is not known without a Kuadrant, nor whether gateways know the key"
                } else if stands.is_approved() {
                    "you may not read enforcement secrets; the controller complains of nothing"
                } else {
                    "you may not read enforcement secrets: whether gateways know the key is not known here"
                },
            );
            match spared_until {
                Some(until) => step.and(format!(
                    "if they knew it and it is approved, they do until about {}, a minute after the product began to fail",
                    rfc3339(until)
                )),
                None => step,
            }
        }
    }
}

pub(super) fn status(subject: &Subject<'_>, stands: &Stands, obstacles: bool) -> Step {
    let topic = "status";
    let run = "see that the controller runs";
    let said = KeyAspect::LIFECYCLE
        .into_iter()
        .find_map(|aspect| Some((aspect, subject.says(aspect)?)));
    let Some((aspect, said)) = said else {
        return Step::note(topic, "the controller has said nothing yet").fix(Who::Platform, run);
    };
    let words = format!(
        "{aspect} since {}: {}",
        rfc3339(said.last_transition_time.0),
        said.message
    );
    if !subject.is_current {
        return Step::note(topic, words)
            .and("of an earlier version of the key: the controller has not looked at this one")
            .fix(Who::Platform, run);
    }
    match (stands.is_approved(), aspect) {
        (true, KeyAspect::Approved) | (false, _) => {
            // A reason that no other step knows.
            if aspect == KeyAspect::Failed && !obstacles {
                return Step::bad(topic, said.message.clone()).fix(
                    Who::Platform,
                    "see what the controller says, in the status and in its log",
                );
            }
            Step::good(topic, words)
        }
        (true, _) if obstacles => Step::good(topic, words),
        (true, _) => Step::bad(
            topic,
            format!("the controller has not seen yet that it is approved: {words}"),
        )
        .fix(Who::Platform, run),
    }
}

/// What becomes of the value before: the controller knows which of two values gateways accept. Before it has said so the
/// Secret is all there is to go by; of a key that is not approved they accept neither.
pub(super) fn rotation(subject: &Subject<'_>, stands: &Stands) -> Option<Step> {
    let topic = "rotation";
    if !stands.is_approved() {
        return None;
    }
    let Some(said) = condition::find(&subject.conditions, KeyAspect::Rotating) else {
        let SecretSight::There { previous_until, .. } = &subject.scene.secret else {
            return None;
        };
        let until = rfc3339((*previous_until)?);
        let words = format!("the previous value is accepted until {until}, as the Secret says");
        return Some(Step::note(topic, words).and("the controller has not said yet that it does"));
    };
    Some(if said.status == "True" {
        Step::good(topic, said.message.clone())
    } else {
        Step::note(topic, said.message.clone())
    })
}

/// What else the controller says, beside where the key stands.
pub(super) fn beside(subject: &Subject<'_>) -> Option<Step> {
    let known = [
        KeyAspect::TermsChanged,
        KeyAspect::EnforcementFailed,
        KeyAspect::Rotating,
    ];
    let known: Vec<_> = KeyAspect::LIFECYCLE
        .into_iter()
        .chain(known)
        .map(KeyAspect::as_str)
        .collect();
    let others = subject
        .conditions
        .iter()
        .filter(|condition| !known.contains(&condition.type_.as_str()));
    let mut words = others.map(|condition| {
        format!(
            "{} is {}: {}: {}",
            condition.type_, condition.status, condition.reason, condition.message
        )
    });
    Some(Step::note("beside", words.next()?).and_all(words))
}
