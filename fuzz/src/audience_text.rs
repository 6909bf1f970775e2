//! A condition as text: every way to evaluate it gives the same result, and an error points into the text.

use rollbook::{
    Alias, Audience, Command, DeviceId, Limits, Platform, Registration, TagName, UserId, Violation,
};
use rollbook_store_mem::MemStore;
use rollbook_testkit::audiences::Scene;
use std::sync::OnceLock;

/// Reads the text as a condition and evaluates it on a small register.
pub fn run(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Audience::parse(text) {
        Ok(audience) => answers(&audience),
        Err(error) => {
            assert!(error.text().get(..error.offset()).is_some(), "{error:?} is not at a place in the text");
            assert!(!error.to_string().is_empty() && !error.expected().is_empty());
        }
    }
}

/// Asserts that every evaluation of the condition agrees with testing each device by itself.
pub(crate) fn answers(audience: &Audience) {
    if audience.check(&Limits::default()).is_ok()
        && let Err(wrong) = scene().check(MemStore::new(), std::slice::from_ref(audience))
    {
        panic!("{wrong}");
    }
}

/// A register with a few devices whose names random conditions often contain.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| match (0..12).map(registration).collect::<Result<Vec<_>, _>>() {
        Ok(registrations) => Scene::of(registrations.into_iter().map(Command::Register).collect()),
        Err(violation) => panic!("{violation}"),
    })
}

fn registration(n: usize) -> Result<Registration, Violation> {
    let platforms = [Platform::Ios, Platform::Android, Platform::Unknown];
    let tags = ["a", "b", "c", "news"].into_iter().enumerate().filter(|(bit, _)| n >> bit & 1 == 1);
    Ok(Registration {
        tags: tags.map(|(_, tag)| TagName::new(tag)).collect::<Result<_, _>>()?,
        alias: if n.is_multiple_of(3) { Some(Alias::new("x")?) } else { None },
        user: Some(UserId::new(if n < 6 { "u" } else { "v" })?),
        ..Registration::new(
            DeviceId::new(format!("d{n}"))?,
            platforms.get(n % 3).copied().unwrap_or(Platform::Unknown),
        )
    })
}
