//! Where the checks play.
