//! Which characters mean what in the text form.

/// The names of the text form's functions, as a message lists them.
pub(super) const FUNCTIONS: [&str; 9] =
    ["all", "none", "tag", "alias", "user", "device", "platform", "and", "or"];

/// The one character around names that hold anything special.
pub(super) const QUOTE: char = '"';

/// May the character stand in a name without quotes?
pub(super) fn is_plain(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '&' | '|' | '!' | '(' | ')' | ',' | '"' | '\'' | '\\'))
}

/// Would a reader of a printed text miss it, or see it elsewhere? Such characters are printed escaped.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// How many columns of a terminal the character takes; near enough to put a caret under a place.
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
