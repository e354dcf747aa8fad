//! The rules by which keys stand, as stories and as properties.

mod properties;
mod standing;
