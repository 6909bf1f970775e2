//! The characters of the text form.

/// The functions of the text form, in the order in which messages list them.
pub(super) const FUNCTIONS: [&str; 9] =
    ["all", "none", "tag", "alias", "user", "device", "platform", "and", "or"];

/// Encloses names with special characters.
pub(super) const QUOTE: char = '"';

/// Returns whether a name may contain the character without quotes.
pub(super) fn is_plain(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '&' | '|' | '!' | '(' | ')' | ',' | '"' | '\'' | '\\'))
}

/// Returns whether the character is invisible in print or moves other characters. Such characters are printed escaped.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns the number of terminal columns of the character, which is exact enough to place a caret.
pub(super) fn columns(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
