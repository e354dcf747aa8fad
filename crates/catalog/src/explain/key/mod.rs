//! Why a key does or does not work.

mod decisions;
mod effect;
mod prerequisites;
mod reach;
mod scene;
mod secret;
mod terms;
mod tier;

use jiff::Timestamp;
use keydesk_api::condition::KeyAspect;
use keydesk_core::{Decision, Ruling, Standing, standing};

use super::step::{Explanation, State, Step};
use super::words::end;
use scene::Subject;
pub use scene::{KeyScene, Part, SecretSight, Sight};

/// Explains a key. `None` if neither the key nor a request that stands for it could be read.
#[must_use]
pub fn explain_key(scene: &KeyScene<'_>, now: Timestamp) -> Option<Explanation> {
    let subject = Subject::of(scene)?;
    let decided = subject.decisions(now);
    let facts = subject.facts();
    let ruling = match (&facts, &decided) {
        (Some((key, product)), Some(decided)) => Some(standing(key, decided, product, now)),
        _ => None,
    };
    let stands = Stands::of(&subject, ruling.as_ref());
    if let Some(deletion) = effect::deletion(&subject) {
        // The rest is not looked at any more, by nobody.
        let steps = vec![
            deletion,
            prerequisites::asked(&subject),
            effect::enforcement(&subject, &stands, None),
        ];
        return Some(explanation(&subject, &stands, None, steps));
    }
    let mut steps = vec![
        prerequisites::asked(&subject),
        prerequisites::platform(&subject),
        prerequisites::product(&subject),
        secret::secret(&subject),
    ];
    steps.extend(effect::rotation(&subject, &stands));
    steps.extend([
        prerequisites::enforced(&subject),
        prerequisites::scheme(&subject),
        tier::tier(&subject, decided.as_deref()),
        decisions::request(&subject),
        decisions::decisions(&subject, decided.as_deref()),
    ]);
    steps.extend(terms::terms(&subject, decided.as_deref(), &stands, now));
    steps.push(terms::expiry(&subject, decided.as_deref(), now));
    let spared_until = reach::spared_until(&subject, ruling.as_ref(), decided.as_deref(), now);
    steps.push(effect::enforcement(&subject, &stands, spared_until));
    let obstacles = steps.iter().any(|step| step.state == State::Bad);
    steps.push(effect::status(&subject, &stands, obstacles));
    steps.extend(effect::beside(&subject));
    Some(explanation(&subject, &stands, spared_until, steps))
}

fn explanation(
    subject: &Subject<'_>,
    stands: &Stands,
    spared_until: Option<Timestamp>,
    steps: Vec<Step>,
) -> Explanation {
    let obstacle = Explanation::first_obstacle(&steps);
    let (works, verdict) = match obstacle {
        Some(obstacle) if stands.is_out_of_force() => reach::verdict(subject, &steps, obstacle, spared_until),
        _ => verdict(stands, obstacle),
    };
    Explanation {
        subject: format!("APIKey {}", subject.scene.id),
        works,
        verdict,
        steps,
    }
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

    /// Whether it is known that the key is not in force.
    pub(super) const fn is_out_of_force(&self) -> bool {
        matches!(self, Self::Deleting | Self::NotApproved | Self::SaidNotApproved)
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
        (_, Some(obstacle)) => fails(obstacle),
        (Stands::Deleting, None) => fails("it is being deleted"),
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
