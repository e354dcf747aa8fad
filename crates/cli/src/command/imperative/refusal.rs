//! What an API server did not do, told to the person who asked: what was tried, what is missing, and who can grant it.

use std::fmt;

use keydesk_api::meta::{GROUP, is_object_name};
use keydesk_catalog::explain::Aim;
use kube::Resource;

use super::Unanswered;
use crate::{exit::Failure, foreign::passage};

/// One request to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Act {
    verb: &'static str,
    kind: String,
    group: String,
    plural: String,
    /// All of them where none is named.
    namespace: Option<String>,
    name: Option<String>,
    /// Where commands are to act that mend it.
    aim: Aim,
}

impl Act {
    pub(super) fn on<K: Resource<DynamicType = ()>>(
        aim: &Aim,
        verb: &'static str,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Self {
        Self {
            verb,
            kind: K::kind(&()).into_owned(),
            group: K::group(&()).into_owned(),
            plural: K::plural(&()).into_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
            aim: aim.clone(),
        }
    }

    /// The object, or the kind where no object is named.
    fn object(&self) -> String {
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => format!("{} {namespace}/{name}", self.kind),
            (None, Some(name)) => format!("{} {name}", self.kind),
            (_, None) => format!("kind {}", self.kind),
        }
    }

    /// Which of the roles that come with Keydesk grants it, if one does.
    fn granted_by(&self) -> Option<&'static str> {
        let reads = ["get", "list", "watch"].contains(&self.verb);
        let everywhere = self.namespace.is_none();
        match (self.group.as_str(), self.plural.as_str()) {
            (GROUP, "apikeys" | "apikeyrequests" | "apikeyapprovals") if everywhere => Some("api-admin"),
            (GROUP, "apikeys") => Some("api-consumer"),
            ("", "secrets") if self.verb != "patch" => Some("api-consumer"),
            (GROUP, "apikeyapprovals") => Some("api-owner"),
            (GROUP, "apikeyrequests") if reads => Some("api-owner"),
            (GROUP, "apiproducts") if reads => Some("api-catalog-browser"),
            (_, "authpolicies" | "planpolicies" | "httproutes" | "gateways") if reads => {
                Some("api-catalog-browser")
            }
            _ => None,
        }
    }

    /// Refuses what cannot be asked, as it would ask something else: a name becomes part of a path, and one that a person
    /// wrote into an object may be anything.
    pub(super) fn named(self) -> Result<Self, Refusal> {
        let unfit = |name: &Option<String>| name.as_ref().filter(|name| !is_object_name(name)).cloned();
        let found = if let Some(text) = unfit(&self.namespace) {
            Some(("namespace".to_owned(), self.names_namespace(), text))
        } else {
            unfit(&self.name).map(|text| (self.kind.clone(), self.names_object(), text))
        };
        match found {
            Some((kind, field, text)) => Err(Refusal::Name { kind, field, text }),
            None => Ok(self),
        }
    }

    /// Where its name stands that no command has checked as it was typed.
    fn names_object(&self) -> &'static str {
        match self.plural.as_str() {
            "secrets" => "spec.secretRef.name of the APIKey",
            "apiproducts" => "spec.apiProductRef.name of the APIKey",
            "httproutes" => "spec.targetRef.name of the APIProduct",
            _ => "what refers to it",
        }
    }

    /// The same of its namespace.
    fn names_namespace(&self) -> &'static str {
        match self.plural.as_str() {
            "apiproducts" | "apikeyrequests" | "apikeyapprovals" => {
                "spec.apiProductRef.namespace of the APIKey"
            }
            "authpolicies" | "planpolicies" | "ratelimitpolicies" => "spec.parentRefs of the HTTPRoute",
            _ => "what refers to it",
        }
    }

    /// How to mend the object by hand.
    fn edit(&self) -> String {
        let group = if self.group.is_empty() { "" } else { "." };
        let name = self.name.as_deref().unwrap_or_default();
        let namespace = self
            .namespace
            .as_ref()
            .map(|namespace| format!(" -n {namespace}"));
        self.aim.kubectl(format_args!(
            "edit {}{group}{} {name}{}",
            self.plural,
            self.group,
            namespace.unwrap_or_default()
        ))
    }

    fn hint(&self) -> String {
        let place = match &self.namespace {
            Some(namespace) => format!("bound in namespace {namespace}"),
            None => "bound for the whole cluster".to_owned(),
        };
        let mut hint = match (self.granted_by(), &self.namespace) {
            // Who looks at keys of others is an owner, who has requests to look at.
            (Some(role), Some(namespace)) if self.plural == "apikeys" && self.name.is_none() => {
                let requests = self.aim.keydesk(format_args!("requests -n {namespace}"));
                format!(
                    "for owners: what is asked of your products is shown by {requests}; keys are for those who hold \
                     them, by ClusterRole {role}, {place}"
                )
            }
            (Some(role), _) => {
                format!("ClusterRole {role}, {place}, grants that: ask whoever runs the platform for it")
            }
            (None, _) => "ask whoever runs the platform".to_owned(),
        };
        if self.namespace.is_none() && self.name.is_none() {
            hint.push_str(", or name one namespace with -n");
        } else {
            hint.push_str(", or act as somebody else with --context");
        }
        hint
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb,
            group,
            plural,
            namespace,
            name,
            ..
        } = self;
        write!(f, "{verb} {plural}")?;
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        if let Some(name) = name {
            write!(f, " {name:?}")?;
        }
        match namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => f.write_str(" in all namespaces"),
        }
    }
}

/// The API server did not do it.
#[derive(Debug, thiserror::Error)]
pub(in crate::command) enum Refusal {
    #[error("you may not {0}")]
    Allow(Box<Act>),
    #[error("{} does not exist", .0.object())]
    Find(Box<Act>),
    #[error("{} exists already; nothing was changed", .0.object())]
    Create(Box<Act>),
    #[error("{field} has {text:?}, and no {kind} can be called that; nothing was changed")]
    Name {
        kind: String,
        /// Where it is written.
        field: &'static str,
        text: String,
    },
    #[error("{} was changed by somebody else at the same moment; nothing was changed here", .0.object())]
    Replace(Box<Act>),
    #[error("the API server does not accept {}: {message}", .act.object())]
    Accept { act: Box<Act>, message: String },
    #[error("{} cannot be read: {why}", .act.object())]
    Read { act: Box<Act>, why: String },
    #[error("failed to {act}")]
    Ask {
        act: Box<Act>,
        #[source]
        source: Unanswered,
    },
}

impl Refusal {
    pub(super) fn of(act: Act, source: kube::Error) -> Self {
        let act = Box::new(act);
        let status = match &source {
            kube::Error::Api(status) => status,
            // The answer is JSON, but no such object.
            kube::Error::SerdeError(why) if why.is_data() => {
                let why = passage(&why.to_string());
                return Self::Read { act, why };
            }
            _ => {
                let source = source.into();
                return Self::Ask { act, source };
            }
        };
        match (status.code, act.verb) {
            (403, _) => Self::Allow(act),
            (404, _) => Self::Find(act),
            (409, "create") => Self::Create(act),
            (409, _) => Self::Replace(act),
            (400 | 413 | 422, _) => Self::Accept {
                message: status.message.clone(),
                act,
            },
            _ => Self::Ask {
                act,
                source: source.into(),
            },
        }
    }

    /// Whether it is certain that nothing came of it. Where no answer came, nobody knows.
    pub(super) const fn is_certain(&self) -> bool {
        !self.may_pass() && !matches!(self, Self::Read { .. })
    }

    /// Whether the same may be answered a little later. Who is not known now will not be then.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Ask { source, .. } => !matches!(source, Unanswered::Know | Unanswered::Trust { .. }),
            _ => false,
        }
    }

    /// Whether something else was there already.
    pub(super) const fn is_conflict(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Replace(_))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = match &refusal {
            Refusal::Allow(act) => act.hint(),
            // Clusters before 1.28 do not tell.
            Refusal::Find(act) if act.group == "authentication.k8s.io" => {
                "say who you are: --user for a request, --reviewed-by for a decision".to_owned()
            }
            Refusal::Find(act) if act.name.is_none() => {
                format!(
                    "install the CRDs: keydesk crds | {}",
                    act.aim.kubectl("apply -f -")
                )
            }
            Refusal::Find(_) => "look at the name and the namespace".to_owned(),
            Refusal::Create(_) => "choose another name".to_owned(),
            Refusal::Name { .. } => {
                "put the name of one that exists there: small letters, digits, dashes and dots".to_owned()
            }
            Refusal::Replace(_) => "look at it, and try again".to_owned(),
            Refusal::Accept { .. } => "put that right, and try again".to_owned(),
            Refusal::Read { act, .. } => {
                format!("its owner puts it right, or deletes it: {}", act.edit())
            }
            Refusal::Ask { source, .. } => source.hint().to_owned(),
        };
        Self::fixable(&refusal, hint)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;
    use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};

    use super::*;

    fn told(act: Act, code: u16) -> String {
        let status = kube::core::Status {
            code,
            message: "as the server says".to_owned(),
            ..kube::core::Status::default()
        };
        Failure::from(Refusal::of(act, kube::Error::Api(Box::new(status)))).to_string()
    }

    #[test]
    fn who_may_not_is_told_what_is_missing_and_who_grants_it() {
        assert_eq!(
            told(
                Act::on::<APIKeyApproval>(&Aim::default(), "create", Some("gamestore"), Some("a")),
                403
            ),
            "error: you may not create apikeyapprovals.devportal.kuadrant.io \"a\" in namespace gamestore\n\
             hint: ClusterRole api-owner, bound in namespace gamestore, grants that: ask whoever runs the platform for \
             it, or act as somebody else with --context"
        );
        let list = told(Act::on::<APIProduct>(&Aim::default(), "list", None, None), 403);
        assert!(list.contains("in all namespaces"), "{list}");
        assert!(list.ends_with("or name one namespace with -n"), "{list}");
        let requests = told(Act::on::<APIKeyRequest>(&Aim::default(), "list", None, None), 403);
        assert!(
            requests.contains("ClusterRole api-admin, bound for the whole cluster"),
            "{requests}"
        );
        let aim = Aim::new(&[("--context", "prod".to_owned())]);
        let keys = told(Act::on::<APIKey>(&aim, "list", Some("consumer-app"), None), 403);
        assert!(
            keys.contains("is shown by keydesk requests -n consumer-app --context prod"),
            "{keys}"
        );
        let no_crds = told(Act::on::<APIKey>(&aim, "list", Some("consumer-app"), None), 404);
        assert!(
            no_crds.ends_with("keydesk crds | kubectl apply -f - --context prod"),
            "{no_crds}"
        );
    }

    #[test]
    fn who_is_not_known_and_who_comes_at_a_bad_time_are_told_in_a_sentence() {
        let list = || Act::on::<APIKey>(&Aim::default(), "list", Some("consumer-app"), None);
        assert_eq!(
            told(list(), 401),
            "error: failed to list apikeys.devportal.kuadrant.io in namespace consumer-app: the API server does not know \
             who you are (401)\n\
             hint: the token or certificate of the kubeconfig is not accepted there, or no more: put in one that is, or \
             act as somebody else with --context"
        );
        let busy = told(list(), 503);
        assert!(
            busy.contains("in namespace consumer-app: the API server answers 503: as the server says\n"),
            "{busy}"
        );
    }

    #[test]
    fn what_the_server_says_against_an_object_is_one_line_of_text() {
        let status = kube::core::Status {
            code: 422,
            message: "spec: \u{1b}[2Jno\n\nhint: run this".to_owned(),
            ..kube::core::Status::default()
        };
        let act = Act::on::<Secret>(&Aim::default(), "create", Some("app"), Some("s"));
        let told = Failure::from(Refusal::of(act, kube::Error::Api(Box::new(status)))).to_string();
        assert_eq!(
            told,
            "error: the API server does not accept Secret app/s: spec: [2Jno hint: run this\n\
             hint: put that right, and try again"
        );
    }

    #[test]
    fn other_refusals_say_which_object() {
        let act = |verb| Act::on::<Secret>(&Aim::default(), verb, Some("consumer-app"), Some("my-secret"));
        for (verb, code, words) in [
            ("get", 404, "Secret consumer-app/my-secret does not exist"),
            ("create", 409, "Secret consumer-app/my-secret exists already"),
            ("update", 409, "was changed by somebody else"),
            (
                "create",
                422,
                "does not accept Secret consumer-app/my-secret: as the server says",
            ),
        ] {
            let told = told(act(verb), code);
            assert!(told.contains(words), "{told}");
        }
    }
}
