//! Compares two lists of items.

use std::collections::BTreeSet;

/// The lines that only one of the lists has: `-` of the recorded one, `+` of the present one.
pub(super) fn differences(recorded: &str, now: &str) -> Vec<String> {
    let (recorded, now): (BTreeSet<&str>, BTreeSet<&str>) =
        (recorded.lines().collect(), now.lines().collect());
    let gone = recorded.difference(&now).map(|line| format!("- {line}"));
    let new = now.difference(&recorded).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lists_do_not_differ_whatever_their_line_ends_and_order() {
        assert_eq!(differences("a\r\nb\r\n", "b\na\n"), [""; 0]);
    }

    #[test]
    fn what_went_and_what_came_is_told_apart() {
        let differences = differences("pub fn a(u8)\npub fn b()\n", "pub fn a(u16)\npub fn b()\n");
        assert_eq!(differences, ["- pub fn a(u8)", "+ pub fn a(u16)"]);
    }
}
