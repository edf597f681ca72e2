//! Aligned tables of text, for people.

use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest cell of a table of values, in columns of the terminal.
pub(crate) const CELL_WIDTH_MAX: usize = 32;

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left, as text.
    Left,
    /// At the right, as numbers.
    Right,
}

/// Rows of cells; displayed with each column as wide as its widest cell, two spaces apart.
pub(crate) struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table of these columns.
    pub(crate) fn new(columns: impl IntoIterator<Item = Align>) -> Self {
        Table { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are left out.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).take(self.columns.len()).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), align) in row.iter().zip(&widths).zip(&self.columns) {
                let padding = " ".repeat(width - cell.width());
                let (before, after) =
                    if *align == Align::Right { (padding, String::new()) } else { (String::new(), padding) };
                line.extend([before.as_str(), cell, after.as_str(), "  "]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Text for a cell of any width: what would move the cursor is shown as an escape.
pub(crate) fn plain(text: &str) -> String {
    cut(text, usize::MAX)
}

/// Text for a cell of at most `width_max` columns: escaped as by [`plain`], and ended by `…` where it is cut.
///
/// Looks at no more of the text than it keeps.
pub(crate) fn cut(text: &str, width_max: usize) -> String {
    let mut cell = String::new();
    let mut width = 0;
    // Where to cut if the text turns out too wide: the `…` itself takes one column.
    let mut keep = 0;
    for character in text.chars() {
        if character.is_control() {
            cell.extend(character.escape_default());
            width += character.escape_default().count();
        } else {
            cell.push(character);
            width += character.width().unwrap_or(0);
        }
        if width > width_max {
            cell.truncate(keep);
            cell.push('…');
            return cell;
        }
        if width < width_max {
            keep = cell.len();
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new([Align::Left, Align::Right]);
        table.row(["name", "n"]);
        table.row(["한국", "12"]);
        table.row(["a", ""]);
        assert_eq!(table.to_string(), "name   n\n한국  12\na\n");
    }

    #[test]
    fn long_cells_are_cut_to_the_width() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("한국한국", 6), "한국…");
        assert_eq!(cut("한국한국", 7), "한국한…");
        assert_eq!(cut("한국한국", 8), "한국한국");
        assert_eq!(cut("a\nb\u{1b}[0m", 40), "a\\nb\\u{1b}[0m");
        assert_eq!(plain("a\tb"), "a\\tb");
        for width in 1..12 {
            assert!(cut("日本語\n text と more", width).width() <= width, "{width}");
        }
    }
}
