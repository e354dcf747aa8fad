//! Lists of things, as a table, as names for other commands, or as JSON.

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    command::{answer, answer_json},
    exit::Failure,
    foreign::{cell, clean, columns},
};

/// Columns of a cell, at most: one long name would move everything else out of sight, for everybody. Two moments and an arrow
/// between them fit. Names and JSON are never cut.
const CELL: usize = 44;

/// The same in a wide table.
const WIDE_CELL: usize = 120;

/// What stands between two columns.
const GAP: usize = 3;

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
        Output::Json => return answer_json(&rows),
    };
    answer(|out| out.write_all(text.as_bytes()))
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

/// Columns that are as wide as they must be, up to a limit.
fn table<R: Row>(rows: &[R], wide: bool) -> String {
    let most = if wide { WIDE_CELL } else { CELL };
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
            .map(|row| row.cells().iter().map(|text| cell(text, most)).collect()),
    );
    let width = |at: usize| lines.iter().map(|cells| columns(&cells[at])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..R::COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for cells in &lines {
        let mut line = String::new();
        for at in &shown {
            line.push_str(&cells[*at]);
            line.push_str(&" ".repeat(widths[*at] + GAP - columns(&cells[*at])));
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
    fn columns_are_as_wide_as_they_must_be() {
        let fruits = [Fruit("apple", "Alma-Ata"), Fruit("fig", "\u{1b}[31mred")];
        assert_eq!(table(&fruits, false), "NAME    AGE\napple   1d\nfig     1d\n");
        assert_eq!(
            table(&fruits, true),
            "NAME    FROM       AGE\napple   Alma-Ata   1d\nfig      [31mred   1d\n"
        );
    }

    #[test]
    fn one_long_text_neither_breaks_the_list_nor_widens_it_for_everybody() {
        let long: &'static str = "x".repeat(70_000).leak();
        let fruits = [Fruit("apple", "Alma-Ata"), Fruit(long, long)];
        for (wide, most) in [(false, CELL + GAP + 3), (true, 2 * (WIDE_CELL + GAP) + 3)] {
            let text = table(&fruits, wide);
            let widest = text.lines().map(columns).max();
            assert_eq!(widest, Some(most), "{text}");
            assert!(text.contains("x…   "), "what is cut is marked: {text}");
        }
        assert_eq!(fruits[1].name().len(), "fruit/".len() + 70_000);
    }

    #[test]
    fn characters_of_two_columns_stand_under_their_heading() {
        let fruits = [Fruit("日本", "Kyoto"), Fruit("fig", "Izmir")];
        assert_eq!(table(&fruits, false), "NAME   AGE\n日本   1d\nfig    1d\n");
    }
}
