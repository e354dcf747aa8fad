//! What can be done, and in what order it is.

/// What asks for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Never,
    Past,
    /// So many seconds from now.
    In(i64),
}

/// A change of what a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Tier(usize),
    Ends(Ends),
    Product(usize),
    Scopes(bool),
    User(bool),
}

/// What a consumer's Secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A value that no other key has.
    Own(u8),
    /// The value that any key may have.
    Shared,
    Empty,
    /// Something, but no key.
    NoEntry,
}

/// What a reviewer's tool records of the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// What the request shows.
    Shown,
    /// Nothing.
    Nothing,
    /// What the request shows, with another tier.
    OtherTier(usize),
    /// What nobody can read.
    Garbage,
}

/// What an owner does to a decision that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// From approval to denial, or back.
    Flip,
    /// A word in its message: a new decision, for what is shown then.
    Reword,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    Enforced,
    NotEnforced,
    Gone,
}

/// What somebody does to an enforcement secret by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tampering {
    Delete,
    Data,
    Plan,
    Label,
}

/// What somebody does. Keys, products, owners are numbers into [`crate::places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Ask {
        key: usize,
        product: usize,
        tier: usize,
        ends: Ends,
    },
    Withdraw(usize),
    Change(usize, Wish),
    PutSecret(usize, Holds),
    LoseSecret(usize),
    Decide {
        key: usize,
        approved: bool,
        recorded: Recorded,
        /// When the reviewer claims to have decided, in seconds from now.
        dated: i64,
    },
    /// One of the decisions that are there, by its place in their order.
    ChangeDecision(u8, Change),
    Auth(usize, Auth),
    /// How many of the plans are left; none: there is no policy.
    Plans(usize, usize),
    Automatic(usize, bool),
    Kuadrant(Option<usize>),
    DeleteProduct(usize),
    CreateProduct(usize),
    Tamper(usize, Tampering),
    /// A Secret that pretends to be an enforcement secret.
    Rogue,
    /// The controller is killed in the middle of whatever it does.
    Crash,
    Start,
}

/// What happens before the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Next,
    /// The controller gets so many turns: not enough to finish.
    Turns(u8),
    Millis(u16),
    /// All comes to rest, and everything must be as it should.
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) then: Then,
}
