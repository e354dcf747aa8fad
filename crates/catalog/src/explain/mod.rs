//! Why a key does or does not work, and what a product offers: from what somebody could read, and no more.
//!
//! Nobody but the platform's operators may read everything that a key hangs on. A consumer sees the key, its Secret and
//! the catalogue; an owner sees the request, the decisions and the product. So each step says what it knows, and where
//! it knows nothing, whom to ask. Where enough is known, [`keydesk_core::standing()`] is asked; where it is not, the
//! controller's own words count.

mod aim;
mod deletion;
mod difference;
mod gate;
mod key;
mod mode;
mod product;
mod step;
#[cfg(test)]
mod tests;
mod words;

pub use aim::Aim;
pub use difference::{changes, difference, end_in_force, tier_in_force};
pub use key::{KeyScene, Part, SecretSight, Sight, explain_key};
pub use product::{ProductScene, explain_product};
pub use step::{Explanation, Fix, State, Step, Who};
pub use words::{allowance, carried};
