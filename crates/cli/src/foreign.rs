//! Text that others wrote, as it may stand on somebody's terminal: it steers nothing, fakes no line, and leaves room for the
//! rest, however long it is.

use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthChar as _;

/// Characters of one passage that are shown; of a longer one, its beginning and its end.
const PASSAGE: usize = 320;

/// Of these, how many are of its end.
const PASSAGE_END: usize = 80;

/// The same of a text that shares its line with others.
const PHRASE: usize = 100;
const PHRASE_END: usize = 20;

/// Characters of a command, or of a whole message. None of ours is as long: what is longer is not told for its own sake.
const MESSAGE: usize = 2_000;

/// Text without what would steer a terminal, and without what nobody sees but that makes text look like another one.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if deceives(c) { ' ' } else { c }).collect()
}

/// Steers a terminal; or nobody sees it: a mark of direction, a character without width, a blank that is no white space.
fn deceives(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    is_invisible || c.is_control()
}

/// A value as JSON for people and programs alike: what deceives is escaped, and means the same.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let written = serde_json::to_string_pretty(value)?;
    let mut text = String::with_capacity(written.len());
    for c in written.chars() {
        // Line breaks are those between values: within one they are escaped already.
        if c == '\n' || !deceives(c) {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A text takes whatever is written to it.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    Ok(text)
}

/// Text for one line: clean, each run of white space as one space (padded to the width of a terminal it would pass for a
/// line of ours), and of what is too long, how many characters are left out.
pub(crate) fn passage(text: &str) -> String {
    abridged(&one_line(text), PASSAGE, PASSAGE_END)
}

/// The same for one of several texts in a line.
pub(crate) fn phrase(text: &str) -> String {
    abridged(&one_line(text), PHRASE, PHRASE_END)
}

/// The same for a whole message, in which others may have been quoted.
pub(crate) fn message(text: &str) -> String {
    abridged(&one_line(text), MESSAGE, PASSAGE_END)
}

/// Text that holds a command to paste: clean, and whole as far as it can be a command. Of a longer one only the beginning:
/// what stood in quotes there would not behind a cut.
pub(crate) fn command(text: &str) -> String {
    let clean = clean(text);
    match clean.char_indices().nth(MESSAGE) {
        Some((end, _)) => {
            let rest = clean[end..].chars().count();
            format!("{}… ({rest} characters left out)", &clean[..end])
        }
        None => clean,
    }
}

fn one_line(text: &str) -> String {
    let clean = clean(text);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning and the end of what has more than `most` characters.
fn abridged(text: &str, most: usize, end: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(most - end).collect();
    let ending: String = text.chars().skip(count - end).collect();
    format!("{beginning}… ({} characters left out) …{ending}", count - most)
}

/// Text for one cell of a table: clean, and at most so many columns wide; `…` ends what is cut.
pub(crate) fn cell(text: &str, most: usize) -> String {
    let clean = clean(text);
    // A character may take no column, so columns alone would bound nothing.
    let is_short = clean.chars().nth(2 * most).is_none();
    if is_short && columns(&clean) <= most {
        return clean;
    }
    let mut left = most.saturating_sub(1);
    let mut cut = String::new();
    for c in clean.chars().take(2 * most) {
        let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else {
            break;
        };
        left = rest;
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Columns that a text takes on a terminal.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_text_around_or_hides_in_it_is_taken_out() {
        for c in [
            '\u{61c}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2069}',
            '\u{feff}',
            '\u{2800}',
            '\u{3164}',
            '\u{e0041}',
            '\u{7}',
        ] {
            assert_eq!(clean(&format!("g{c}old")), "g old", "{}", c.escape_unicode());
        }
        assert_eq!(clean("Größe – 日本"), "Größe – 日本");
    }

    #[test]
    fn blanks_cannot_push_text_to_where_a_line_would_begin() {
        let padded = format!(
            "mobile{}now       Approved: by\u{a0}\u{3000}owner",
            " ".repeat(300)
        );
        assert_eq!(passage(&padded), "mobile now Approved: by owner");
    }

    #[test]
    fn a_long_passage_keeps_its_beginning_and_its_end_and_says_how_much_is_missing() {
        assert_eq!(abridged("abcdefghij", 4, 1), "abc… (6 characters left out) …j");
        assert_eq!(abridged("ähnö", 4, 1), "ähnö");
        let shown = passage(&format!("user {}, as they say", "x".repeat(70_000)));
        assert!(shown.starts_with("user xxx"), "{shown}");
        assert!(shown.contains("x… (69698 characters left out) …x"), "{shown}");
        assert!(shown.ends_with("x, as they say"), "{shown}");
    }

    #[test]
    fn a_command_is_told_whole_unless_it_cannot_be_one() {
        let create = format!("kubectl create secret generic 'a  b' -n {}", "n".repeat(1_000));
        assert_eq!(command(&create), create);
        let told = command(&format!("{}; reboot", "tier ".repeat(10_000)));
        assert!(told.chars().count() < 2_100, "{told}");
        assert!(
            !told.contains("reboot"),
            "what is behind the cut may stand outside its quotes: {told}"
        );
    }

    #[test]
    fn a_cell_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(cell("gold", 4), "gold");
        assert_eq!(cell("golden", 4), "gol…");
        assert_eq!(cell("日本語", 6), "日本語");
        assert_eq!(cell("日本語", 5), "日本…");
        assert_eq!(cell("日本語", 4), "日…");
        let piled = cell(&"a\u{301}".repeat(10_000), 40);
        assert!(columns(&piled) <= 40, "{piled}");
        assert!(piled.chars().count() <= 81);
    }

    #[test]
    fn what_would_steer_a_terminal_is_escaped_in_json_and_means_the_same() {
        let written = "a\u{1b}\u{9b}2J\u{7f}\u{202e}\u{e0041}é\n\"";
        let text = json(&[written]).unwrap();
        assert!(
            text.contains(r#"a\u001b\u009b2J\u007f\u202e\udb40\udc41é\n\""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [written]);
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn marks_without_width_are_bounded_too() {
        assert!(cell(&"\u{301}".repeat(70_000), 40).chars().count() <= 81);
    }
}
