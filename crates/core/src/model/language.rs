//! The language of a device: a BCP 47 tag, normalized to one form.

use super::names::sized;
use crate::violation::{Rule, Violation, shown};
use icu_locale_core::LanguageIdentifier;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// The maximum length of a text that is read. It is generous because extensions, which are dropped, make tags long.
const READ_BYTES: usize = 255;
/// The maximum length of a language that is kept: the buffer size that RFC 5646 requires for a tag.
const KEPT_BYTES: usize = 35;

/// A language: a BCP 47 tag with a primary part of 2 or 3 letters, and optional script, region and variants.
///
/// It is kept in its usual case, with `-` between the parts. The forms that phones send are understood: `_` is read as
/// `-`, and extensions (`-u-…`, `-x-…`) and the parts of a POSIX locale (`.UTF-8`, `@euro`) are dropped.
///
/// ```
/// use rollbook::Language;
/// for (sent, kept) in [
///     ("zh-hans-cn-u-fw-mon", "zh-Hans-CN"),
///     ("zh_CN", "zh-CN"),
///     ("en_US.UTF-8", "en-US"),
///     ("de_DE@euro", "de-DE"),
///     ("EN", "en"),
/// ] {
///     assert_eq!(Language::new(sent)?.as_str(), kept);
/// }
/// assert!(Language::new("english").is_err());
/// # Ok::<(), rollbook::Violation>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Language(pub(super) Box<str>);

impl Language {
    /// Reads a language and converts it to its usual form.
    ///
    /// ```
    /// use rollbook::{Language, Rule};
    /// assert_eq!(Language::new("pt-br")?.as_str(), "pt-BR");
    /// assert_eq!(Language::new("klingon").unwrap_err().rule(), Rule::Form);
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// A violation of the field `language` if the text is not a tag, or is a tag that is too long.
    pub fn new(text: impl Into<Box<str>> + AsRef<str>) -> Result<Self, Violation> {
        sized("language", text.as_ref(), READ_BYTES)?;
        if is_usual(text.as_ref()) {
            return Ok(Language(text.into()));
        }
        let Some(tag) = canonical(text.as_ref()) else {
            let limit = "must be a BCP 47 tag: 2 or 3 letters, optionally a script, a region and variants";
            return Err(Violation::new("language", Rule::Form, limit, shown(text.as_ref())));
        };
        sized("language", &tag, KEPT_BYTES)?;
        Ok(Language(tag))
    }

    /// Reads a language from a device whose call must not fail because of it: white space around it is ignored, and
    /// anything that is not a language is `None`.
    ///
    /// ```
    /// use rollbook::Language;
    /// assert_eq!(Language::lenient(" zh_CN\n"), Language::new("zh-CN").ok());
    /// assert_eq!(Language::lenient("system default"), None);
    /// ```
    #[must_use]
    pub fn lenient(text: &str) -> Option<Self> {
        Language::new(text.trim()).ok()
    }

    /// Reads a language that a register holds already. Stores decode with it. Earlier releases kept any 2 or 3
    /// lower-case letters with further parts: such a text is converted to its usual form if it is a tag, and kept as it
    /// is otherwise.
    ///
    /// ```
    /// use rollbook::Language;
    /// assert_eq!(Language::stored("zh_CN")?.as_str(), "zh-CN");
    /// assert_eq!(Language::stored("en-quux")?.as_str(), "en-Quux");
    /// assert_eq!(Language::stored("en-12")?.as_str(), "en-12");
    /// assert!(Language::stored("english").is_err());
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Language::new`], for a text that no release kept.
    pub fn stored(text: impl Into<Box<str>> + AsRef<str>) -> Result<Self, Violation> {
        if text.as_ref().len() <= KEPT_BYTES
            && !is_usual(text.as_ref())
            && was_kept(text.as_ref())
            && canonical(text.as_ref()).is_none_or(|tag| tag.len() > KEPT_BYTES)
        {
            return Ok(Language(text.into()));
        }
        Language::new(text)
    }
}

/// Returns whether the text is `ll` or `ll-RR` and so in its usual form already, as almost every language is.
fn is_usual(text: &str) -> bool {
    match *text.as_bytes() {
        [a, b] => a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        [a, b, b'-', c, d] => {
            a.is_ascii_lowercase()
                && b.is_ascii_lowercase()
                && c.is_ascii_uppercase()
                && d.is_ascii_uppercase()
        }
        _ => false,
    }
}

/// Returns the tag in its usual case, without the dropped parts, or `None` if there is no tag.
fn canonical(text: &str) -> Option<Box<str>> {
    // A POSIX locale is language_REGION.codeset@modifier.
    let tag = text.split(['.', '@']).next()?.replace('_', "-");
    // The first part of one character begins an extension, and everything after it belongs to extensions.
    let mut end = 0;
    for part in tag.split('-') {
        if end > 0 && part.len() == 1 {
            break;
        }
        end += part.len() + usize::from(end > 0);
    }
    let parsed = LanguageIdentifier::try_from_utf8(tag.as_bytes().get(..end)?).ok()?;
    let primary = parsed.language.as_str().len();
    (2..=3).contains(&primary).then(|| parsed.to_string().into())
}

/// Checks the rule that was in force before languages were read as tags.
fn was_kept(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Decodes a language that a register holds, with [`Language::stored`].
pub(crate) fn stored<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Language>, D::Error> {
    let text = Option::<Cow<'_, str>>::deserialize(from)?;
    text.map(Language::stored).transpose().map_err(Violation::in_decoding)
}
