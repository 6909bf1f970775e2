//! Whose request it is: the app that a key names, if the secret is the app's.

use axum::http::{HeaderMap, header};
use rollbook::store::Store;
use rollbook::{App, AppKey, Credential, Error, Registry, Secret};
use std::hint::black_box;
use std::sync::LazyLock;

/// What a secret is compared with when there is no app to compare it with: the answer must not come sooner.
static NOBODY: LazyLock<Option<Credential>> =
    LazyLock::new(|| Secret::new("nobody").ok().map(|secret| Credential::new(&secret, [0; 16])));

/// The one `Authorization` header of a request as its scheme and the rest. The error is what there is instead, and
/// repeats nothing of it.
///
/// Two such headers are refused, also when they are equal: a proxy may judge one of them and the register the other.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<(&str, &str), &'static str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next().ok_or("none")?;
    if all.next().is_some() {
        return Err("more than one");
    }
    let (scheme, rest) =
        value.to_str().ok().and_then(|text| text.trim().split_once(' ')).ok_or("another form")?;
    Ok((scheme, rest.trim()))
}

/// What came of a comparison.
#[derive(Debug)]
pub(crate) enum Verdict<A> {
    /// The secret is the app's.
    Right(A),
    /// It is not.
    Wrong,
    /// There is no such app.
    Unknown,
}

/// Compares the secret with what `verify` asks the app; without an app of that key, with nobody's.
///
/// # Errors
/// What the register answers, but that there is no such app.
pub(crate) fn authenticate<S: Store>(
    registry: &Registry<S>,
    key: Option<&AppKey>,
    secret: Option<&Secret>,
    verify: impl Fn(&App<S>, &Secret) -> bool,
) -> Result<Verdict<App<S>>, Error> {
    let app = match key.map(|key| registry.app(key)) {
        Some(Ok(app)) => Some(app),
        Some(Err(Error::NotFound { .. })) | None => None,
        Some(Err(error)) => return Err(error),
    };
    Ok(judge(app, secret, |app, secret| match app {
        Some(app) => verify(app, secret),
        None => NOBODY.as_ref().is_some_and(|nobody| nobody.verify(secret)),
    }))
}

/// Compares once, whatever there is to compare with. What no secret can be is not the right one.
fn judge<A>(
    app: Option<A>,
    secret: Option<&Secret>,
    compare: impl FnOnce(Option<&A>, &Secret) -> bool,
) -> Verdict<A> {
    // Whatever comes out, the work is done and not optimized away.
    let same = black_box(secret.is_some_and(|secret| compare(app.as_ref(), secret)));
    match app {
        Some(app) if same => Verdict::Right(app),
        Some(_) => Verdict::Wrong,
        None => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_once_whether_there_is_such_an_app_or_not() {
        let secret = Secret::new("secret").unwrap();
        for (app, same) in [(Some("app"), true), (Some("app"), false), (None, false), (None, true)] {
            let mut compared = Vec::new();
            let verdict = judge(app, Some(&secret), |with, _| {
                compared.push(with.copied());
                same
            });
            assert_eq!(compared, [app]);
            let expected = match app {
                Some(_) if same => matches!(verdict, Verdict::Right("app")),
                Some(_) => matches!(verdict, Verdict::Wrong),
                None => matches!(verdict, Verdict::Unknown),
            };
            assert!(expected, "{verdict:?}");
        }
    }

    #[test]
    fn what_can_be_no_secret_is_wrong() {
        let compare = |_: Option<&&str>, _: &Secret| true;
        assert!(matches!(judge(Some("app"), None, compare), Verdict::Wrong));
        assert!(matches!(judge(None, None, compare), Verdict::Unknown));
    }

    #[test]
    fn nobody_has_no_secret_that_can_be_guessed_right() {
        let nobody = NOBODY.as_ref().unwrap();
        let verdict = judge(None::<()>, Some(&Secret::new("nobody").unwrap()), |_, s| nobody.verify(s));
        assert!(matches!(verdict, Verdict::Unknown));
    }
}
