//! Paths that can be pasted into a shell.

/// The text as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(
            shell_word("/home/ada/.local/share/keydesk"),
            "/home/ada/.local/share/keydesk"
        );
        assert_eq!(shell_word("/My Data/it's"), r"'/My Data/it'\''s'");
    }
}
