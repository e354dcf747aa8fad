//! Room for recursion that is bounded, but not by the caller's stack.

use std::io;
use std::thread;

/// Bytes of stack: many times what the deepest expression within bounds takes in a debug build.
const ROOM: usize = 32 << 20;

/// Runs `work` on a thread of its own with a large stack, and waits for it.
///
/// # Errors
/// When there is no such thread to be had, or the work did not come to its end.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("with-room".to_owned())
            .stack_size(ROOM)
            .spawn_scoped(scope, work)?;
        worker
            .join()
            .map_err(|_| io::Error::other("the work did not come to its end"))
    })
}
