//! Why a key does or does not work.

use jiff::Timestamp;
use keydesk_api::condition::KeyAspect;
use keydesk_core::{Decision, Ruling, Standing, standing};

use super::key_scene::{KeyScene, Subject};
use super::key_steps as steps;
use super::step::{Explanation, State};
use super::words::end;

/// Explains a key. `None` if neither the key nor a request that stands for it could be read.
#[must_use]
pub fn explain_key(scene: &KeyScene<'_>, now: Timestamp) -> Option<Explanation> {
    let subject = Subject::of(scene)?;
    let decisions = subject.decisions(now);
    let facts = subject.facts();
    let ruling = match (&facts, &decisions) {
        (Some((key, product)), Some(decisions)) => Some(standing(key, decisions, product, now)),
        _ => None,
    };
    let stands = Stands::of(&subject, ruling.as_ref());
    let mut steps = vec![
        steps::asked(&subject),
        steps::platform(&subject),
        steps::product(&subject),
        steps::secret(&subject),
        steps::scheme(&subject),
        steps::tier(&subject, decisions.as_deref()),
        steps::request(&subject),
        steps::decisions(&subject, decisions.as_deref()),
    ];
    steps.extend(steps::terms(&subject, decisions.as_deref()));
    steps.push(steps::expiry(&subject, decisions.as_deref(), now));
    steps.push(steps::enforcement(&subject, &stands));
    let obstacles = steps.iter().any(|step| step.state == State::Bad);
    steps.push(steps::status(&subject, &stands, obstacles));
    let obstacle = Explanation::first_obstacle(&steps);
    let (works, verdict) = verdict(&stands, obstacle);
    Some(Explanation {
        subject: format!("APIKey {}", scene.id),
        works,
        verdict,
        steps,
    })
}

/// Where a key stands, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It is on its way out.
    Deleting,
    /// All that it hangs on could be read: approved, until then, by them.
    Approved(Option<Timestamp>, String),
    /// All could be read: it is not approved.
    NotApproved,
    /// The controller says that it is approved.
    SaidApproved(String),
    /// The controller says that it is not.
    SaidNotApproved,
    /// The controller has not said anything of this version of the key.
    Unsaid,
}

impl Stands {
    fn of(subject: &Subject<'_>, ruling: Option<&Ruling<'_>>) -> Self {
        let is_deleting = |key: &keydesk_api::APIKey| key.metadata.deletion_timestamp.is_some();
        if subject.key.as_deref().is_some_and(is_deleting) {
            return Self::Deleting;
        }
        match ruling {
            Some(Ruling {
                standing: Standing::Approved(decision),
                ends_at,
                ..
            }) => Self::Approved(*ends_at, by(decision)),
            Some(_) => Self::NotApproved,
            None if !subject.is_current => Self::Unsaid,
            None => {
                if let Some(approved) = subject.says(KeyAspect::Approved) {
                    return Self::SaidApproved(approved.message.clone());
                }
                let said = KeyAspect::LIFECYCLE
                    .into_iter()
                    .any(|aspect| subject.says(aspect).is_some());
                if said { Self::SaidNotApproved } else { Self::Unsaid }
            }
        }
    }

    /// Whether the key is approved, as far as it is known.
    pub(super) const fn is_approved(&self) -> bool {
        matches!(self, Self::Approved(..) | Self::SaidApproved(_))
    }
}

fn by(decision: &Decision) -> String {
    if decision.message.is_empty() {
        format!("approved by {}", decision.by)
    } else {
        format!("approved by {}: {}", decision.by, decision.message)
    }
}

fn verdict(stands: &Stands, obstacle: Option<&str>) -> (bool, String) {
    let fails = |why: &str| (false, format!("does not work: {why}"));
    match (stands, obstacle) {
        (Stands::Deleting, _) => fails("it is being deleted"),
        (_, Some(obstacle)) => fails(obstacle),
        (Stands::Approved(ends_at, by), None) => {
            let until = match ends_at {
                Some(_) => format!(", until {}", end(*ends_at)),
                None => ", without end".to_owned(),
            };
            (true, format!("works: {by}{until}"))
        }
        (Stands::SaidApproved(words), None) => (true, format!("works: {words}")),
        (Stands::NotApproved | Stands::SaidNotApproved, None) => fails("it is not approved"),
        (Stands::Unsaid, None) => (
            false,
            "not known: the controller has not looked at this version of the key yet".to_owned(),
        ),
    }
}
