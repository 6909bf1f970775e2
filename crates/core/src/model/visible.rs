//! Visible characters, and the rule by which new names can be distinguished on a screen.

use crate::violation::{Rule, Violation, shown};

/// Unicode Default_Ignorable_Code_Point: characters that are drawn as nothing. A test compares the table with the
/// property's own data.
const IGNORABLE: [(char, char); 17] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFF8}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

fn is_ignorable(c: char) -> bool {
    IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Returns whether the character changes how the one before it is drawn, as in `❤️` and in flags. Such characters may
/// end a name.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Checks a name that is new to a register: it must have a visible character, and neither white space nor an invisible
/// character at an end. Names that a register holds already are not checked and keep working.
pub(crate) fn check_new(field: &'static str, text: &str) -> Result<(), Violation> {
    // The only rule that a name of plain ASCII could break is a space at an end; nearly every name is plain ASCII.
    if let (Some(first), Some(last)) = (text.as_bytes().first(), text.as_bytes().last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return Ok(());
    }
    let unseen = |c: char| c.is_whitespace() || is_ignorable(c);
    if text.chars().all(unseen) {
        let limit = "must have a visible character";
        return Err(Violation::new(field, Rule::Characters, limit, shown(text)));
    }
    let ends = text.chars().next().into_iter().chain(text.chars().rev().find(|c| !is_selector(*c)));
    if ends.into_iter().any(unseen) {
        let limit = "must have no white space and nothing invisible at an end";
        return Err(Violation::new(field, Rule::Characters, limit, shown(text)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_properties::{CodePointSetData, props};

    fn limit(text: &str) -> Option<String> {
        check_new("device", text).err().map(|violation| violation.limit().to_owned())
    }

    #[test]
    fn every_character_is_judged_as_its_unicode_properties_say() {
        let ignorable = CodePointSetData::new::<props::DefaultIgnorableCodePoint>();
        let white = CodePointSetData::new::<props::WhiteSpace>();
        for c in '\0'..=char::MAX {
            assert_eq!(is_ignorable(c), ignorable.contains(c), "{c:?}");
            assert_eq!(c.is_whitespace(), white.contains(c), "{c:?}");
        }
    }

    #[test]
    fn a_new_name_has_a_visible_character() {
        for blank in
            [" ", "\u{200b}", "\u{3000}\u{a0}", "\u{feff}", "\u{3164}", "\u{fe0f}", "\u{ad} \u{2060}"]
        {
            assert_eq!(limit(blank).as_deref(), Some("must have a visible character"), "{blank:?}");
        }
    }

    #[test]
    fn a_new_name_has_nothing_unseen_at_either_end_and_may_have_it_within() {
        for bad in [
            "ann ",
            " ann",
            "\u{3000}安",
            "安\u{a0}",
            "ann\u{200b}",
            "\u{feff}ann",
            "ann\u{2028}",
            "❤\u{200d}",
        ] {
            let told = limit(bad);
            assert_eq!(
                told.as_deref(),
                Some("must have no white space and nothing invisible at an end"),
                "{bad:?}"
            );
        }
        for good in ["ann", "a b", "a\u{200d}b", "安", "é", "👩\u{200d}👧", "~", "\u{301}"] {
            assert_eq!(limit(good), None, "{good:?}");
        }
    }

    #[test]
    fn what_belongs_to_the_last_character_may_end_a_new_name() {
        for good in ["❤\u{fe0f}", "葛\u{e0100}", "🏴\u{e0067}\u{e0062}\u{e007f}"] {
            assert_eq!(limit(good), None, "{good:?}");
        }
        assert!(limit("ann \u{fe0f}").is_some() && limit("\u{fe0f}ann").is_some());
    }
}
