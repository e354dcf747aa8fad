//! Lists of things, as a table, as names for other commands, or as JSON.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde::Serialize;

use crate::{command::answer, exit::Failure};

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// A table
    #[default]
    Table,
    /// A table with more columns
    Wide,
    /// JSON, with everything
    Json,
    /// Names, as kubectl takes them
    Name,
}

/// Something in a list.
pub(super) trait Row: Serialize {
    /// The headings, and for each whether it is only in the wide table.
    const COLUMNS: &'static [(&'static str, bool)];

    /// What stands under each heading.
    fn cells(&self) -> Vec<String>;

    /// The name, as kubectl takes it.
    fn name(&self) -> String;
}

/// Prints a list. If it is empty, a table says so in words.
pub(super) fn print<R: Row>(rows: &[R], output: Output, none: &str) -> Result<(), Failure> {
    let text = match output {
        Output::Table | Output::Wide if rows.is_empty() => format!("{none}\n"),
        Output::Table => table(rows, false),
        Output::Wide => table(rows, true),
        Output::Name => lines(&rows.iter().map(Row::name).collect::<Vec<_>>()),
        Output::Json => return print_json(&rows),
    };
    answer(|out| out.write_all(text.as_bytes()))
}

/// Prints one value as JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    answer(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}

/// Text that others wrote, without what would steer a terminal, and without what nobody sees but that makes text look like
/// another one: marks of direction and characters without width.
pub(in crate::command) fn clean(text: &str) -> String {
    let deceives = |c: char| {
        let is_invisible = matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        );
        is_invisible || c.is_control()
    };
    text.chars().map(|c| if deceives(c) { ' ' } else { c }).collect()
}

/// Lines of text, each without what would steer a terminal.
pub(super) fn lines(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&clean(line));
        text.push('\n');
    }
    text
}

/// Columns that are as wide as they must be.
fn table<R: Row>(rows: &[R], wide: bool) -> String {
    let shown: Vec<usize> = (0..R::COLUMNS.len())
        .filter(|at| wide || !R::COLUMNS[*at].1)
        .collect();
    let heading = R::COLUMNS
        .iter()
        .map(|(heading, _)| (*heading).to_owned())
        .collect();
    let mut lines: Vec<Vec<String>> = vec![heading];
    lines.extend(
        rows.iter()
            .map(|row| row.cells().iter().map(|cell| clean(cell)).collect()),
    );
    let width = |at: usize| {
        lines
            .iter()
            .map(|cells| cells[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..R::COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for cells in &lines {
        let mut line = String::new();
        for at in &shown {
            // A text takes whatever is written to it.
            let _ = write!(line, "{:1$}", cells[*at], widths[*at] + 3);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Fruit(&'static str, &'static str);

    impl Row for Fruit {
        const COLUMNS: &'static [(&'static str, bool)] = &[("NAME", false), ("FROM", true), ("AGE", false)];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_owned(), "1d".to_owned()]
        }

        fn name(&self) -> String {
            format!("fruit/{}", self.0)
        }
    }

    #[test]
    fn what_turns_text_around_or_hides_in_it_is_taken_out() {
        for c in [
            '\u{61c}', '\u{200b}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{2069}', '\u{feff}',
            '\u{7}',
        ] {
            assert_eq!(clean(&format!("g{c}old")), "g old", "{}", c.escape_unicode());
        }
        assert_eq!(clean("Größe – 日本"), "Größe – 日本");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let fruits = [Fruit("apple", "Alma-Ata"), Fruit("fig", "\u{1b}[31mred")];
        assert_eq!(table(&fruits, false), "NAME    AGE\napple   1d\nfig     1d\n");
        assert_eq!(
            table(&fruits, true),
            "NAME    FROM       AGE\napple   Alma-Ata   1d\nfig      [31mred   1d\n"
        );
    }
}
