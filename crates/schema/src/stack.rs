//! Room for recursion that is bounded, but not by the caller's stack.

pub(crate) use keydesk_cel::with_room;
