//! `k8s.io/api/core/v1`, the kinds without pods.

use super::message::{Kind, Message, list, map, plain, pointer, text, texts};
use super::meta::{CONDITION, OBJECT_META};

pub(super) static NAMESPACE: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&NAMESPACE_SPEC)),
    plain(3, "status", Kind::Message(&NAMESPACE_STATUS)),
]);

static NAMESPACE_SPEC: Message = Message(&[texts(1, "finalizers")]);

static NAMESPACE_STATUS: Message = Message(&[
    text(1, "phase"),
    list(2, "conditions", Kind::Message(&NAMESPACE_CONDITION)),
]);

static NAMESPACE_CONDITION: Message = Message(&[
    text(1, "type"),
    text(2, "status"),
    plain(4, "lastTransitionTime", Kind::Time),
    text(5, "reason"),
    text(6, "message"),
]);

pub(super) static SECRET: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    map(2, "data", Kind::Bytes),
    text(3, "type"),
    map(4, "stringData", Kind::Text),
    pointer(5, "immutable", Kind::Flag),
]);

pub(super) static CONFIG_MAP: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    map(2, "data", Kind::Text),
    map(3, "binaryData", Kind::Bytes),
    pointer(4, "immutable", Kind::Flag),
]);

pub(super) static SERVICE_ACCOUNT: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    list(2, "secrets", Kind::Message(&OBJECT_REFERENCE)),
    list(3, "imagePullSecrets", Kind::Message(&LOCAL_REFERENCE)),
    pointer(4, "automountServiceAccountToken", Kind::Flag),
]);

static LOCAL_REFERENCE: Message = Message(&[text(1, "name")]);

pub(super) static OBJECT_REFERENCE: Message = Message(&[
    text(1, "kind"),
    text(2, "namespace"),
    text(3, "name"),
    text(4, "uid"),
    text(5, "apiVersion"),
    text(6, "resourceVersion"),
    text(7, "fieldPath"),
]);

pub(super) static SERVICE: Message = Message(&[
    plain(1, "metadata", Kind::Message(&OBJECT_META)),
    plain(2, "spec", Kind::Message(&SERVICE_SPEC)),
    plain(3, "status", Kind::Message(&SERVICE_STATUS)),
]);

static SERVICE_SPEC: Message = Message(&[
    list(1, "ports", Kind::Message(&SERVICE_PORT)),
    map(2, "selector", Kind::Text),
    text(3, "clusterIP"),
    text(4, "type"),
    texts(5, "externalIPs"),
    text(7, "sessionAffinity"),
    text(8, "loadBalancerIP"),
    texts(9, "loadBalancerSourceRanges"),
    text(10, "externalName"),
    text(11, "externalTrafficPolicy"),
    plain(12, "healthCheckNodePort", Kind::Integer),
    plain(13, "publishNotReadyAddresses", Kind::Flag),
    pointer(14, "sessionAffinityConfig", Kind::Message(&SESSION_AFFINITY)),
    pointer(17, "ipFamilyPolicy", Kind::Text),
    texts(18, "clusterIPs"),
    texts(19, "ipFamilies"),
    pointer(20, "allocateLoadBalancerNodePorts", Kind::Flag),
    pointer(21, "loadBalancerClass", Kind::Text),
    pointer(22, "internalTrafficPolicy", Kind::Text),
    pointer(23, "trafficDistribution", Kind::Text),
]);

static SERVICE_PORT: Message = Message(&[
    text(1, "name"),
    text(2, "protocol"),
    plain(3, "port", Kind::Integer),
    plain(4, "targetPort", Kind::IntOrString),
    plain(5, "nodePort", Kind::Integer),
    pointer(6, "appProtocol", Kind::Text),
]);

static SESSION_AFFINITY: Message = Message(&[pointer(1, "clientIP", Kind::Message(&CLIENT_IP))]);

static CLIENT_IP: Message = Message(&[pointer(1, "timeoutSeconds", Kind::Integer)]);

static SERVICE_STATUS: Message = Message(&[
    plain(1, "loadBalancer", Kind::Message(&LOAD_BALANCER)),
    list(2, "conditions", Kind::Message(&CONDITION)),
]);

static LOAD_BALANCER: Message = Message(&[list(1, "ingress", Kind::Message(&LOAD_BALANCER_INGRESS))]);

static LOAD_BALANCER_INGRESS: Message = Message(&[
    text(1, "ip"),
    text(2, "hostname"),
    pointer(3, "ipMode", Kind::Text),
    list(4, "ports", Kind::Message(&PORT_STATUS)),
]);

static PORT_STATUS: Message = Message(&[
    plain(1, "port", Kind::Integer),
    text(2, "protocol"),
    pointer(3, "error", Kind::Text),
]);
