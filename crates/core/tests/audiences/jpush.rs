//! JPush's object form on a register.

use crate::shop::{app, enrol, id};
use rollbook::{Audience, DeviceId, JpushAudience, Platform};

fn selected(json: &str) -> Vec<DeviceId> {
    let app = app();
    // Every combination of the six tags of the vendor's example, on two platforms.
    for bits in 0..64_u32 {
        let tags: Vec<String> =
            (0..6).filter(|n| bits >> n & 1 == 1).map(|n| format!("t{}", n + 1)).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let platform = if bits % 3 == 0 { Platform::Ios } else { Platform::Android };
        enrol(&app, &format!("d{bits}"), platform, &tags);
    }
    let form: JpushAudience = serde_json::from_str(json).unwrap();
    let mut ids = app.select(&Audience::try_from(form).unwrap()).unwrap().ids().unwrap();
    ids.sort();
    ids
}

fn those(holds: impl Fn(&dyn Fn(u32) -> bool, u32) -> bool) -> Vec<DeviceId> {
    let mut ids: Vec<DeviceId> = (0..64_u32)
        .filter(|bits| holds(&|tag| bits >> (tag - 1) & 1 == 1, *bits))
        .map(|bits| id(&format!("d{bits}")))
        .collect();
    ids.sort();
    ids
}

#[test]
fn the_vendors_worked_example_selects_what_the_vendor_says() {
    let example = r#"{"tag":["t1","t2"],"tag_and":["t3","t4"],"tag_not":["t5","t6"]}"#;
    let expected = those(|has, _| (has(1) || has(2)) && (has(3) && has(4)) && !(has(5) || has(6)));
    assert_eq!(expected.len(), 3);
    assert_eq!(selected(example), expected);
}

#[test]
fn platform_all_and_the_text_all_are_every_device() {
    assert_eq!(selected(r#""all""#).len(), 64);
    assert_eq!(selected(r#"{"platform":"all"}"#).len(), 64);
    assert_eq!(selected(r#"{"platform":["ios"]}"#), those(|_, bits| bits % 3 == 0));
    assert_eq!(
        selected(r#"{"tag_not":["t1"],"platform":["android"]}"#),
        those(|has, bits| !has(1) && bits % 3 != 0)
    );
}

#[test]
fn an_error_names_the_member_the_index_the_rule_the_limit_and_the_value() {
    let form: JpushAudience =
        serde_json::from_str(r#"{"registration_id":["ok",""],"platform":["amiga"]}"#).unwrap();
    let error = rollbook::Error::from(Audience::try_from(&form).unwrap_err());
    assert_eq!(error.kind(), rollbook::ErrorKind::Argument);
    let text = error.to_string();
    assert!(
        text.starts_with("registration_id[1]: bytes: must be 1 to 255: got 0 (\"\"); platform[0]: known: "),
        "{text}"
    );
    assert!(text.ends_with("got \"amiga\""), "{text}");
}
