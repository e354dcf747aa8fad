//! The host that this process runs on, by name.

/// What `hostname` says; in a pod, its name. Never empty: where it is written, something has to be.
#[must_use]
pub fn host() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let environment = std::env::var("HOSTNAME").ok();
    first_said([kernel.as_deref(), environment.as_deref()])
}

fn first_said(names: [Option<&str>; 2]) -> String {
    names
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|name| !name.is_empty())
        .unwrap_or("localhost")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_first_and_there_is_always_a_name() {
        for (kernel, environment, expected) in [
            (Some("pod-1\n"), Some("shell"), "pod-1"),
            (None, Some("shell"), "shell"),
            (Some("\n"), Some("shell"), "shell"),
            (None, Some(""), "localhost"),
            (None, None, "localhost"),
        ] {
            assert_eq!(first_said([kernel, environment]), expected);
        }
    }
}
