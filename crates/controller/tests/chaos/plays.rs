//! Plays at random.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};

use crate::places::{KEYS, KUADRANTS, OWNERS, PRODUCTS, TIERS};
use crate::play::{Action, Auth, Change, Ends, Holds, Recorded, Step, Tampering, Then, Wish};

/// Plays in which steps may be waited for until all is at rest, and keys may share a value.
pub(crate) fn interleavings() -> BoxedStrategy<Vec<Step>> {
    let then = prop_oneof![
        4 => Just(Then::Next),
        5 => (1..60_u8).prop_map(Then::Turns),
        5 => (1..4_000_u16).prop_map(Then::Millis),
        1 => Just(Then::Rest),
    ];
    vec(step(action(holds(6)), then), 4..24).boxed()
}

/// Plays for bad weather: nothing waits for anything, and every key has a value of its own, so that what it all comes to
/// does not depend on who was first.
pub(crate) fn storms() -> BoxedStrategy<Vec<Step>> {
    let then = prop_oneof![
        3 => Just(Then::Next),
        3 => (1..60_u8).prop_map(Then::Turns),
        5 => (1..4_000_u16).prop_map(Then::Millis),
        1 => (4_000..60_000_u16).prop_map(Then::Millis),
    ];
    vec(step(action(holds(0)), then), 4..20).boxed()
}

fn step(
    action: impl Strategy<Value = Action>,
    then: impl Strategy<Value = Then>,
) -> impl Strategy<Value = Step> {
    (action, then).prop_map(|(action, then)| Step { action, then })
}

fn action(holds: impl Strategy<Value = Holds>) -> impl Strategy<Value = Action> {
    let (key, product, tier, owner) = (0..KEYS.len(), 0..PRODUCTS.len(), 0..TIERS.len(), 0..OWNERS.len());
    let wish = prop_oneof![
        4 => tier.clone().prop_map(Wish::Tier),
        3 => ends().prop_map(Wish::Ends),
        2 => product.clone().prop_map(Wish::Product),
        1 => any::<bool>().prop_map(Wish::Scopes),
        1 => any::<bool>().prop_map(Wish::User),
    ];
    let decide = (
        key.clone(),
        prop_oneof![3 => Just(true), 1 => Just(false)],
        recorded(),
        dated(),
    )
        .prop_map(|(key, approved, recorded, dated)| Action::Decide {
            key,
            approved,
            recorded,
            dated,
        });
    let consumer = prop_oneof![
        6 => (key.clone(), product.clone(), tier, ends())
            .prop_map(|(key, product, tier, ends)| Action::Ask { key, product, tier, ends }),
        2 => key.clone().prop_map(Action::Withdraw),
        5 => (key.clone(), wish).prop_map(|(key, wish)| Action::Change(key, wish)),
        4 => (key.clone(), holds).prop_map(|(key, holds)| Action::PutSecret(key, holds)),
        1 => key.clone().prop_map(Action::LoseSecret),
    ];
    let owner_acts = prop_oneof![
        6 => decide,
        1 => (any::<u8>(), Just(Change::Flip)).prop_map(|(nth, change)| Action::ChangeDecision(nth, change)),
        1 => (any::<u8>(), Just(Change::Reword)).prop_map(|(nth, change)| Action::ChangeDecision(nth, change)),
        1 => (any::<u8>(), Just(Change::Delete)).prop_map(|(nth, change)| Action::ChangeDecision(nth, change)),
        3 => (product.clone(), any::<bool>()).prop_map(|(product, automatic)| Action::Automatic(product, automatic)),
    ];
    let auth = prop_oneof![3 => Just(Auth::Enforced), 1 => Just(Auth::NotEnforced), 1 => Just(Auth::Gone)];
    let tampering = prop_oneof![
        Just(Tampering::Delete),
        Just(Tampering::Data),
        Just(Tampering::Plan),
        Just(Tampering::Label)
    ];
    let platform = prop_oneof![
        3 => (owner.clone(), auth).prop_map(|(owner, auth)| Action::Auth(owner, auth)),
        2 => (owner, 0..=TIERS.len()).prop_map(|(owner, tiers)| Action::Plans(owner, tiers)),
        1 => Just(Action::Kuadrant(None)),
        4 => (0..KUADRANTS.len()).prop_map(|place| Action::Kuadrant(Some(place))),
        1 => product.clone().prop_map(Action::DeleteProduct),
        3 => product.prop_map(Action::CreateProduct),
        2 => (key, tampering).prop_map(|(key, tampering)| Action::Tamper(key, tampering)),
        1 => Just(Action::Rogue),
    ];
    let controller = prop_oneof![1 => Just(Action::Crash), 2 => Just(Action::Start)];
    prop_oneof![6 => consumer, 5 => owner_acts, 3 => platform, 2 => controller]
}

fn ends() -> impl Strategy<Value = Ends> {
    prop_oneof![
        4 => Just(Ends::Never),
        1 => Just(Ends::Past),
        1 => (1..30_i64).prop_map(Ends::In),
        1 => (100_000..9_000_000_i64).prop_map(Ends::In),
    ]
}

fn holds(shared: u32) -> impl Strategy<Value = Holds> {
    let shared_odds = shared.max(1);
    let shared = if shared > 0 {
        Just(Holds::Shared)
    } else {
        Just(Holds::Empty)
    };
    prop_oneof![6 => (0..4_u8).prop_map(Holds::Own), shared_odds => shared, 1 => Just(Holds::NoEntry)]
}

fn recorded() -> impl Strategy<Value = Recorded> {
    prop_oneof![
        5 => Just(Recorded::Shown),
        4 => Just(Recorded::Nothing),
        1 => (0..TIERS.len()).prop_map(Recorded::OtherTier),
        1 => Just(Recorded::Garbage),
    ]
}

fn dated() -> impl Strategy<Value = i64> {
    prop_oneof![5 => Just(0_i64), 1 => -100..0_i64, 1 => Just(1_000_000_000_i64)]
}
