//! A case: one request, the keys that derive it, and what was decided on it. As records it is easily read, as bytes it
//! is small: most often there is one key, whose request shows what it asks for, and one approval of just that.

use keydesk_api::meta::auto_approval_name;
use keydesk_core::{NamespacedName, Terms};

use super::code::{Reader, Writer};
use super::words::Words;
use crate::{ApprovalRecord, Binding, Bindings, KeyRecord, RequestRecord, Reviewed, TermsBefore};

/// What there is of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// The request, whether it exists or not.
    pub(super) id: NamespacedName,
    /// The keys that derive it, in order: one, but for the rarest of accidents.
    pub(super) keys: Vec<KeyRecord>,
    /// The request itself.
    pub(super) request: Option<RequestRecord>,
    /// What refers to it, in order.
    pub(super) approvals: Vec<ApprovalRecord>,
}

impl Case {
    pub(super) fn of(id: NamespacedName) -> Self {
        Self {
            id,
            keys: Vec::new(),
            request: None,
            approvals: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.request.is_none() && self.approvals.is_empty()
    }

    pub(super) fn to_bytes(&self, tag: u32, words: &mut Words) -> Vec<u8> {
        let Self {
            id,
            keys,
            request,
            approvals,
        } = self;
        let mut writer = Writer::new(words);
        writer.count(keys.len());
        for key in keys {
            put_key(&mut writer, key);
        }
        let key = keys.first();
        if key.is_none() {
            writer.word(&id.namespace);
            writer.text(&id.name);
        }
        match (request, key) {
            (None, _) => writer.bits(NO_REQUEST),
            (Some(request), Some(key)) if *request == usual_request(key) => writer.bits(USUAL_REQUEST),
            (Some(request), _) => {
                writer.bits(REQUEST);
                put_request(&mut writer, request, key);
            }
        }
        writer.count(approvals.len());
        for approval in approvals {
            put_approval(&mut writer, approval, key);
        }
        writer.finish(tag)
    }

    pub(super) fn from_bytes(bytes: &[u8], words: &Words) -> Self {
        let mut reader = Reader::new(bytes, words);
        let keys: Vec<_> = (0..reader.count()).map(|_| get_key(&mut reader)).collect();
        let key = keys.first();
        let id = match key {
            Some(key) => key.request(),
            None => get_id(&mut reader),
        };
        let request = match reader.bits() {
            NO_REQUEST => None,
            USUAL_REQUEST => key.map(usual_request),
            _ => Some(get_request(&mut reader, key)),
        };
        let approvals = (0..reader.count())
            .map(|_| get_approval(&mut reader, &id, key))
            .collect();
        Self {
            id,
            keys,
            request,
            approvals,
        }
    }
}

const NO_REQUEST: u16 = 0;
const USUAL_REQUEST: u16 = 1;
const REQUEST: u16 = 2;

fn usual_request(key: &KeyRecord) -> RequestRecord {
    RequestRecord {
        key: key.id.clone(),
        shown: key.asked.clone(),
        before: None,
        bindings: Bindings::default(),
    }
}

/// One bit for each thing that may be, or be as usual.
struct Bits(u16);

impl Bits {
    fn of<const N: usize>(things: [bool; N]) -> u16 {
        things
            .into_iter()
            .enumerate()
            .fold(0, |bits, (place, is)| bits | u16::from(is) << place)
    }

    /// The next one.
    fn next(&mut self) -> bool {
        let is = self.0 & 1 == 1;
        self.0 >>= 1;
        is
    }
}

fn put_key(writer: &mut Writer<'_>, key: &KeyRecord) {
    let KeyRecord {
        id,
        uid,
        created_at,
        deleting,
        secret,
        use_case,
        asked,
    } = key;
    writer.bits(Bits::of([
        *deleting,
        uid.as_uuid().is_some(),
        created_at.is_some(),
        *secret == id.name,
        use_case.is_some(),
    ]));
    put_id(writer, id);
    writer.uid(uid);
    if let Some(created_at) = created_at {
        writer.time(*created_at);
    }
    if *secret != id.name {
        writer.text(secret);
    }
    if let Some(use_case) = use_case {
        writer.text(use_case);
    }
    put_own_terms(writer, asked);
}

fn get_key(reader: &mut Reader<'_>) -> KeyRecord {
    let mut bits = Bits(reader.bits());
    let deleting = bits.next();
    let id = get_id(reader);
    KeyRecord {
        deleting,
        uid: reader.uid(bits.next()),
        created_at: bits.next().then(|| reader.time()),
        secret: if bits.next() {
            id.name.clone()
        } else {
            reader.text()
        },
        use_case: bits.next().then(|| reader.text()),
        asked: get_own_terms(reader),
        id,
    }
}

fn put_request(writer: &mut Writer<'_>, request: &RequestRecord, key: Option<&KeyRecord>) {
    let RequestRecord {
        key: to,
        shown,
        before,
        bindings: Bindings(bindings),
    } = request;
    let dated = before.as_ref().is_some_and(|before| before.dated);
    writer.count(bindings.len() << 2 | usize::from(dated) << 1 | usize::from(before.is_some()));
    put_id(writer, to);
    put_terms(writer, shown, key);
    if let Some(before) = before {
        writer.time(before.changed_at);
        put_terms(writer, &before.terms, key);
    }
    for (uid, binding) in bindings {
        let Binding {
            accepted_at,
            generation,
            terms,
        } = binding;
        writer.text(uid);
        writer.time(*accepted_at);
        writer.integer(*generation);
        put_terms(writer, terms, key);
    }
}

fn get_request(reader: &mut Reader<'_>, key: Option<&KeyRecord>) -> RequestRecord {
    let count = reader.count();
    RequestRecord {
        key: get_id(reader),
        shown: get_terms(reader, key),
        before: (count & 1 == 1).then(|| TermsBefore {
            changed_at: reader.time(),
            dated: count & 2 == 2,
            terms: get_terms(reader, key),
        }),
        bindings: Bindings(
            (0..count >> 2)
                .map(|_| (reader.text(), get_binding(reader, key)))
                .collect(),
        ),
    }
}

fn get_binding(reader: &mut Reader<'_>, key: Option<&KeyRecord>) -> Binding {
    Binding {
        accepted_at: reader.time(),
        generation: reader.integer(),
        terms: get_terms(reader, key),
    }
}

fn put_approval(writer: &mut Writer<'_>, approval: &ApprovalRecord, key: Option<&KeyRecord>) {
    let ApprovalRecord {
        id,
        uid,
        request,
        deleting,
        generation,
        created_at,
        edited_at,
        approved,
        by,
        reviewed_at,
        message,
        reviewed,
        binding,
    } = approval;
    let is_named_as_request = id.name == *request;
    let is_automatic = !is_named_as_request && id.name == auto_approval_name(request);
    let is_bound_in_time = binding.as_ref().map(|binding| Some(binding.accepted_at)) == Some(*created_at);
    writer.bits(Bits::of([
        uid.as_uuid().is_some(),
        is_named_as_request,
        is_automatic,
        *deleting,
        *generation == 1,
        created_at.is_some(),
        edited_at.is_some(),
        edited_at == created_at,
        *approved,
        Some(*reviewed_at) == *created_at,
        message.is_empty(),
        matches!(reviewed, Reviewed::Terms(_)),
        *reviewed == Reviewed::Unreadable,
        binding.is_some(),
        is_bound_in_time,
        binding
            .as_ref()
            .is_some_and(|binding| binding.generation == *generation),
    ]));
    writer.uid(uid);
    if !is_named_as_request && !is_automatic {
        writer.text(&id.name);
    }
    if *generation != 1 {
        writer.integer(*generation);
    }
    if let Some(created_at) = created_at {
        writer.time_since(key.and_then(|key| key.created_at), *created_at);
    }
    if let Some(edited_at) = edited_at.filter(|_| edited_at != created_at) {
        writer.time_since(*created_at, edited_at);
    }
    writer.word(by);
    if Some(*reviewed_at) != *created_at {
        writer.time_since(*created_at, *reviewed_at);
    }
    if !message.is_empty() {
        writer.text(message);
    }
    if let Reviewed::Terms(terms) = reviewed {
        put_terms(writer, terms, key);
    }
    if let Some(binding) = binding {
        if !is_bound_in_time {
            writer.time_since(*created_at, binding.accepted_at);
        }
        if binding.generation != *generation {
            writer.integer(binding.generation);
        }
        put_terms(writer, &binding.terms, key);
    }
}

fn get_approval(
    reader: &mut Reader<'_>,
    request: &NamespacedName,
    key: Option<&KeyRecord>,
) -> ApprovalRecord {
    let mut bits = Bits(reader.bits());
    let uid = reader.uid(bits.next());
    let name = match (bits.next(), bits.next()) {
        (true, _) => request.name.clone(),
        (false, true) => auto_approval_name(&request.name),
        (false, false) => reader.text(),
    };
    let deleting = bits.next();
    let generation = if bits.next() { 1 } else { reader.integer() };
    let key_created_at = key.and_then(|key| key.created_at);
    let created_at = bits.next().then(|| reader.time_since(key_created_at));
    let (is_edited, as_created) = (bits.next(), bits.next());
    let edited_at = if as_created {
        created_at
    } else {
        is_edited.then(|| reader.time_since(created_at))
    };
    let approved = bits.next();
    let by = reader.word();
    let reviewed_as_created = bits.next();
    ApprovalRecord {
        id: NamespacedName::new(request.namespace.as_str(), name),
        uid,
        request: request.name.clone(),
        deleting,
        generation,
        created_at,
        edited_at,
        approved,
        by,
        reviewed_at: created_at
            .filter(|_| reviewed_as_created)
            .unwrap_or_else(|| reader.time_since(created_at)),
        message: if bits.next() { String::new() } else { reader.text() },
        reviewed: match (bits.next(), bits.next()) {
            (true, _) => Reviewed::Terms(get_terms(reader, key)),
            (false, true) => Reviewed::Unreadable,
            (false, false) => Reviewed::Nothing,
        },
        binding: bits.next().then(|| {
            let (in_time, of_generation) = (bits.next(), bits.next());
            Binding {
                accepted_at: created_at
                    .filter(|_| in_time)
                    .unwrap_or_else(|| reader.time_since(created_at)),
                generation: if of_generation {
                    generation
                } else {
                    reader.integer()
                },
                terms: get_terms(reader, key),
            }
        }),
    }
}

/// Terms that are those of the key, or others.
fn put_terms(writer: &mut Writer<'_>, terms: &Terms, key: Option<&KeyRecord>) {
    let are_the_keys = key.is_some_and(|key| key.asked == *terms);
    writer.bits(u16::from(are_the_keys));
    if !are_the_keys {
        put_own_terms(writer, terms);
    }
}

fn get_terms(reader: &mut Reader<'_>, key: Option<&KeyRecord>) -> Terms {
    match (reader.bits(), key) {
        (1, Some(key)) => key.asked.clone(),
        _ => get_own_terms(reader),
    }
}

fn put_own_terms(writer: &mut Writer<'_>, terms: &Terms) {
    let Terms {
        expires_at,
        namespace,
        product,
        scopes,
        tier,
        user_id,
    } = terms;
    writer.count(scopes.len() << 1 | usize::from(expires_at.is_some()));
    writer.word(namespace);
    writer.word(&product.namespace);
    writer.word(&product.name);
    for scope in scopes {
        writer.word(scope);
    }
    writer.word(tier);
    writer.text(user_id);
    if let Some(expires_at) = expires_at {
        writer.time(*expires_at);
    }
}

fn get_own_terms(reader: &mut Reader<'_>) -> Terms {
    let count = reader.count();
    Terms {
        namespace: reader.word(),
        product: NamespacedName::new(reader.word(), reader.word()),
        scopes: (0..count >> 1).map(|_| reader.word()).collect(),
        tier: reader.word(),
        user_id: reader.text(),
        expires_at: (count & 1 == 1).then(|| reader.time()),
    }
}

fn put_id(writer: &mut Writer<'_>, id: &NamespacedName) {
    writer.word(&id.namespace);
    writer.text(&id.name);
}

fn get_id(reader: &mut Reader<'_>) -> NamespacedName {
    NamespacedName::new(reader.word(), reader.text())
}
