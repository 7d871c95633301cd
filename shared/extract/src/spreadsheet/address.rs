//! Addresses of cells, as `B12`, and areas, as `B3:F20`.

use super::{Area, LAST_COLUMN, LAST_ROW};

/// Parses an address to row and column, counted from 0. `None` if it is not one, or lies outside the grid.
pub(super) fn cell(text: &str) -> Option<(u32, u32)> {
    let (mut column, mut row) = (0_u32, 0_u32);
    let (mut letters, mut digits) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'$' => {}
            b'A'..=b'Z' | b'a'..=b'z' if digits == 0 && letters < 4 => {
                letters += 1;
                column = column * 26 + u32::from(byte.to_ascii_uppercase() - b'A') + 1;
            }
            b'0'..=b'9' if letters > 0 && digits < 8 => {
                digits += 1;
                row = row * 10 + u32::from(byte - b'0');
            }
            _ => return None,
        }
    }
    let (row, column) = (row.checked_sub(1)?, column.checked_sub(1)?);
    (row <= LAST_ROW && column <= LAST_COLUMN).then_some((row, column))
}

/// Parses an area; one cell is an area too. `None` if it is not one, or its ends are the wrong way round.
pub(super) fn area(text: &str) -> Option<Area> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    let area = Area { first: cell(first)?, last: cell(last)? };
    (area.first.0 <= area.last.0 && area.first.1 <= area.last.1).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_rows_and_columns() {
        for (text, expected) in [
            ("A1", Some((0, 0))),
            ("$B$12", Some((11, 1))),
            ("xfd1048576", Some((LAST_ROW, LAST_COLUMN))),
            ("XFE1", None),
            ("A1048577", None),
            ("A0", None),
            ("A", None),
            ("1", None),
            ("", None),
            ("A1B", None),
            ("AAAAA1", None),
            ("A99999999999999999999", None),
        ] {
            assert_eq!(cell(text), expected, "{text}");
        }
        assert_eq!(area("B3:F20"), Some(Area { first: (2, 1), last: (19, 5) }));
        assert_eq!(area("B3"), Some(Area { first: (2, 1), last: (2, 1) }));
        assert_eq!(area("F20:B3"), None);
    }
}
