//! What proxies make of a path, each step written as plainly as it can be, and nothing shared with the gate.

/// The path as some proxy reads it: which escapes it decodes, and whether it merges slashes.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of some proxy")]
pub(super) struct Proxy {
    decodes: &'static [u8],
    decodes_all: bool,
    turns_backslashes: bool,
    removes_dots: bool,
    merges_slashes: bool,
}

const UNRESERVED: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
const UNRESERVED_AND_SLASHES: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/\\";

const ENVOY: Proxy = Proxy {
    decodes: UNRESERVED,
    decodes_all: false,
    turns_backslashes: true,
    removes_dots: true,
    merges_slashes: false,
};

/// Those that the gate may stand behind or before.
pub(super) const PROXIES: [Proxy; 8] = [
    // Envoy, told to leave paths alone.
    Proxy {
        decodes: b"",
        turns_backslashes: false,
        removes_dots: false,
        ..ENVOY
    },
    // The same with `merge_slashes`.
    Proxy {
        decodes: b"",
        turns_backslashes: false,
        removes_dots: false,
        merges_slashes: true,
        ..ENVOY
    },
    // `normalize_path`, and with `merge_slashes`.
    ENVOY,
    Proxy {
        merges_slashes: true,
        ..ENVOY
    },
    // `UNESCAPE_AND_FORWARD` beside.
    Proxy {
        decodes: UNRESERVED_AND_SLASHES,
        ..ENVOY
    },
    Proxy {
        decodes: UNRESERVED_AND_SLASHES,
        merges_slashes: true,
        ..ENVOY
    },
    // nginx, as it is and with `merge_slashes off`.
    Proxy {
        decodes_all: true,
        turns_backslashes: false,
        merges_slashes: true,
        ..ENVOY
    },
    Proxy {
        decodes_all: true,
        turns_backslashes: false,
        ..ENVOY
    },
];

impl Proxy {
    /// The path that it chooses a route by.
    pub(super) fn read(self, path: &str) -> Vec<u8> {
        let mut read = self.decode(path.as_bytes());
        if self.turns_backslashes {
            for byte in &mut read {
                if *byte == b'\\' {
                    *byte = b'/';
                }
            }
        }
        // nginx merges while it walks over the path, so that `//..` goes up one segment and not an empty one.
        if self.decodes_all && self.merges_slashes {
            read = merge(&read);
        }
        if self.removes_dots {
            read = without_dots(&read);
        }
        if self.merges_slashes {
            read = merge(&read);
        }
        read
    }

    fn decode(self, path: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        let mut rest = path;
        while let [first, after @ ..] = rest {
            rest = after;
            let digits = after
                .get(..2)
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            match byte.filter(|byte| *first == b'%' && (self.decodes_all || self.decodes.contains(byte))) {
                Some(byte) => {
                    decoded.push(byte);
                    rest = &after[2..];
                }
                None => decoded.push(*first),
            }
        }
        decoded
    }
}

fn merge(path: &[u8]) -> Vec<u8> {
    let mut merged = path.to_vec();
    merged.dedup_by(|a, b| *a == b'/' && *b == b'/');
    merged
}

/// `remove_dot_segments` of RFC 3986 §5.2.4, letter by letter.
fn without_dots(path: &[u8]) -> Vec<u8> {
    let mut input = path.to_vec();
    let mut output = Vec::<u8>::new();
    while !input.is_empty() {
        if input.starts_with(b"/./") {
            input.drain(..2);
        } else if input == b"/." {
            input.truncate(1);
        } else if input.starts_with(b"/../") || input == b"/.." {
            input.drain(..3);
            if input.is_empty() {
                input.push(b'/');
            }
            let last = output.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            output.truncate(last);
        } else {
            let end = input.iter().skip(1).position(|byte| *byte == b'/');
            let segment = end.map_or(input.len(), |end| end + 1);
            output.extend(input.drain(..segment));
        }
    }
    output
}
