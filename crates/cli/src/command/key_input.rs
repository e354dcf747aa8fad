//! The value of a key from standard input: the command line is no place for it, as other people of a machine can read
//! that.

use std::io::{self, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

/// Bytes of the longest value that is read: no proxy lets a longer header through.
const MOST_KEY_BYTES: u64 = 64 << 10;

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyInputError {
    #[error("standard input is a terminal, which would show the key")]
    Show,
    #[error("failed to read the key from standard input")]
    Read(#[source] io::Error),
    #[error("standard input has more than {MOST_KEY_BYTES} bytes, which is no key")]
    Fit,
}

/// Reads all that is piped in, a line break at its end included.
pub(super) fn read() -> Result<Zeroizing<Vec<u8>>, KeyInputError> {
    let input = io::stdin().lock();
    if input.is_terminal() {
        return Err(KeyInputError::Show);
    }
    // All the room at once: growing would leave copies behind.
    let room = usize::try_from(MOST_KEY_BYTES).unwrap_or(usize::MAX) + 32;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let read = input
        .take(MOST_KEY_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(KeyInputError::Read)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MOST_KEY_BYTES {
        return Err(KeyInputError::Fit);
    }
    Ok(text)
}
