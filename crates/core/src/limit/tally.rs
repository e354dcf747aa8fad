//! What one subject has used.

use std::time::Duration;

use jiff::Timestamp;
use smallvec::SmallVec;

use super::{Admission, Allowance, Limits, Refusal, USUAL, Window};

/// What one subject (a key, a consumer, a tier) has used, one [`Slot`] for each length of window.
///
/// * **A plan changes**: slots are known by the length of their window alone. Where the new plan has a limit over a
///   window of the same length, what was used and when the window ends stay, whatever the new `max` is. A slot without
///   a limit is no longer added to, but stays while open, so that going back to the earlier plan frees nothing.
/// * **The clock is set back**: a window that begins in the future is open. It ends when its end comes, not sooner.
/// * **Nothing but an admitted call** changes a tally: not a refused one, not a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(SmallVec<[Slot; USUAL]>);

/// What was used in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The length of the window.
    pub window: Window,
    /// When its first call was admitted, in milliseconds since the epoch.
    pub start: i64,
    /// How much has been admitted since.
    pub used: u64,
}

impl Slot {
    /// When the window ends, in milliseconds since the epoch: this moment is no longer part of it.
    fn end(&self) -> i64 {
        self.start.saturating_add_unsigned(self.window.as_millis())
    }

    fn is_open(&self, now: i64) -> bool {
        now < self.end()
    }
}

impl Tally {
    /// Admits a call of this cost if every limit has room for it, and then counts it in every window: all or nothing.
    ///
    /// A call without cost is always admitted, counts nothing and begins no window: it is a look.
    pub fn admit(&mut self, limits: &Limits, cost: u64, now: Timestamp) -> Admission {
        let now = now.as_millisecond();
        let mut admission = self.weigh(limits, cost, now);
        if admission.is_admitted() && cost > 0 {
            self.count(limits, cost, now);
            for allowance in &mut admission.allowances {
                allowance.remaining -= cost;
            }
        }
        admission
    }

    /// What is left of these limits.
    pub fn look(&self, limits: &Limits, now: Timestamp) -> Admission {
        self.weigh(limits, 0, now.as_millisecond())
    }

    /// Whether every window has ended, so that forgetting this tally changes no decision.
    #[must_use]
    pub fn is_idle(&self, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        !self.0.iter().any(|slot| slot.is_open(now))
    }

    /// What was used, to be kept somewhere.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.0
    }

    /// Takes up what was kept, except windows that have ended. Of two slots for one length of window, which only a
    /// damaged record has, the fuller one counts.
    #[must_use]
    pub fn restore(slots: impl IntoIterator<Item = Slot>, now: Timestamp) -> Self {
        let now = now.as_millisecond();
        let mut slots: SmallVec<[Slot; USUAL]> = slots.into_iter().filter(|slot| slot.is_open(now)).collect();
        slots.sort_by_key(|slot| (slot.window, u64::MAX - slot.used));
        slots.dedup_by_key(|slot| slot.window);
        Self(slots)
    }

    fn weigh(&self, limits: &Limits, cost: u64, now: i64) -> Admission {
        let mut allowances = SmallVec::new();
        let mut refusal: Option<Refusal> = None;
        for &limit in limits.as_slice() {
            let length = limit.window.length();
            let open = self.slot(limit.window).filter(|slot| slot.is_open(now));
            let used = open.map_or(0, |slot| slot.used);
            let allowance = Allowance {
                limit,
                remaining: limit.max.saturating_sub(used),
                reset: open.map_or(length, |slot| Duration::from_millis(slot.end().abs_diff(now))),
            };
            if cost > allowance.remaining {
                let retry_after = if cost > limit.max { length } else { allowance.reset };
                if refusal.is_none_or(|refusal| refusal.retry_after < retry_after) {
                    refusal = Some(Refusal { limit, retry_after });
                }
            }
            allowances.push(allowance);
        }
        Admission { allowances, refusal }
    }

    fn count(&mut self, limits: &Limits, cost: u64, now: i64) {
        self.0.retain(|slot| slot.is_open(now));
        for limit in limits.as_slice() {
            match self.0.iter_mut().find(|slot| slot.window == limit.window) {
                Some(slot) => slot.used += cost,
                None => self.0.push(Slot {
                    window: limit.window,
                    start: now,
                    used: cost,
                }),
            }
        }
    }

    fn slot(&self, window: Window) -> Option<&Slot> {
        self.0.iter().find(|slot| slot.window == window)
    }
}
