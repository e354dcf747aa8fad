//! A tally as bytes: for each slot the window in milliseconds, the start and what was used, 8 bytes each,
//! little-endian.

use jiff::Timestamp;
use keydesk_core::{Slot, Tally, Window};

const SLOT: usize = 24;

/// Writes a tally into `record`, in place of what it held.
pub(super) fn write(tally: &Tally, record: &mut Vec<u8>) {
    record.clear();
    for Slot { window, start, used } in tally.slots() {
        record.extend_from_slice(&window.as_millis().to_le_bytes());
        record.extend_from_slice(&start.to_le_bytes());
        record.extend_from_slice(&used.to_le_bytes());
    }
}

/// Reads a tally, without the windows that have ended. `None` if these bytes are not one.
pub(super) fn read(record: &[u8], now: Timestamp) -> Option<Tally> {
    let (slots, []) = record.as_chunks::<SLOT>() else {
        return None;
    };
    let slots: Vec<Slot> = slots.iter().map(slot).collect::<Option<_>>()?;
    Some(Tally::restore(slots, now))
}

fn slot(bytes: &[u8; SLOT]) -> Option<Slot> {
    let ([window, start, used], []) = bytes.as_chunks::<8>() else {
        return None;
    };
    Some(Slot {
        window: Window::from_millis(u64::from_le_bytes(*window))?,
        start: i64::from_le_bytes(*start),
        used: u64::from_le_bytes(*used),
    })
}
