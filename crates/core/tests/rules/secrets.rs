//! Secrets: verified, kept as salted hashes, never shown.

use crate::common::{fixture, key};
use rollbook::store::{DeviceRecord, Operation, Place, Slot};
use rollbook::{
    AppInfo, AppSettings, Command, Credential, DeviceId, Limits, Platform, PushToken, Registration, Secret,
    Version,
};

const MASTER: &str = "hush-master-0123456789";
const TOKEN: &str = "hush-token-0123456789";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn settings() -> AppSettings {
    AppSettings {
        master_secret: Some(secret(MASTER)),
        api_tokens: vec![secret(TOKEN), secret("hush-second")],
        ..AppSettings::default()
    }
}

#[test]
fn the_right_secret_is_right_and_every_other_is_wrong() {
    let f = fixture();
    let app = f.registry.create_app(&key("other"), settings()).unwrap();
    assert!(app.verify_master_secret(&secret(MASTER)));
    assert!(app.verify_api_token(&secret(TOKEN)));
    assert!(app.verify_api_token(&secret("hush-second")));
    for wrong in [TOKEN, "hush", "hush-master-012345678", "hush-master-01234567890", "HUSH-MASTER-0123456789"]
    {
        assert!(!app.verify_master_secret(&secret(wrong)), "{wrong}");
    }
    assert!(!app.verify_api_token(&secret(MASTER)));
    assert_eq!((app.has_master_secret(), app.api_tokens()), (true, 2));
}

#[test]
fn an_app_without_a_secret_has_no_right_one() {
    let f = fixture();
    assert!(!f.app.verify_master_secret(&secret(MASTER)));
    assert!(!f.app.verify_api_token(&secret(TOKEN)));
    assert_eq!((f.app.has_master_secret(), f.app.api_tokens()), (false, 0));
}

#[test]
fn secrets_are_replaced_and_taken_away() {
    let f = fixture();
    f.registry.create_app(&key("other"), settings()).unwrap();
    f.registry.set_master_secret(&key("other"), Some(&secret("hush-new"))).unwrap();
    f.registry.set_api_tokens(&key("other"), &[secret("hush-third")]).unwrap();
    let app = f.registry.app(&key("other")).unwrap();
    assert!(app.verify_master_secret(&secret("hush-new")) && !app.verify_master_secret(&secret(MASTER)));
    assert!(app.verify_api_token(&secret("hush-third")) && !app.verify_api_token(&secret(TOKEN)));
    f.registry.set_master_secret(&key("other"), None).unwrap();
    f.registry.set_api_tokens(&key("other"), &[]).unwrap();
    let app = f.registry.app(&key("other")).unwrap();
    assert!(!app.verify_master_secret(&secret("hush-new")) && !app.verify_api_token(&secret("hush-third")));
}

#[test]
fn a_secret_is_1_to_256_bytes_without_control_characters_and_an_error_does_not_repeat_it() {
    for good in ["a".into(), "a".repeat(255), "a".repeat(256)] {
        assert!(Secret::new(good).is_ok());
    }
    for (bad, message) in [
        (String::new(), "secret: bytes: must be 1 to 256: got 0"),
        ("a".repeat(257), "secret: bytes: must be 1 to 256: got 257"),
        ("hush\n".into(), "secret: characters: must hold no control characters: got one"),
    ] {
        assert_eq!(Secret::new(bad.clone()).unwrap_err().to_string(), message);
        let decoded = serde_json::from_value::<Secret>(bad.into()).unwrap_err();
        assert_eq!(format!("secret: {decoded}"), message);
    }
}

#[test]
fn no_secret_is_in_any_form_that_is_printed_or_written() {
    let f = fixture();
    let app = f.registry.create_app(&key("other"), settings()).unwrap();
    let listed: Vec<AppInfo> = f.registry.apps(None, 10).unwrap().items;
    let kept = Credential::new(&secret(MASTER), [7; 16]);
    let taken = f.registry.create_app(&key("other"), settings()).unwrap_err();
    let too_long = f
        .registry
        .create_app(&key("third"), AppSettings { name: "n".repeat(256), ..settings() })
        .unwrap_err();
    let written = r#"{"master_secret":"hush\u0000hush"}"#;
    let undecoded = serde_json::from_str::<AppSettings>(written).unwrap_err();
    let shown = [
        format!("{:?} {:#?}", settings(), settings()),
        format!("{app:?} {:?} {:?}", f.registry, f.registry.store()),
        format!("{listed:?} {}", serde_json::to_string(&listed).unwrap()),
        format!("{:?} {kept:?} {}", secret(MASTER), serde_json::to_string(&kept).unwrap()),
        format!("{taken} {taken:?} {too_long} {too_long:?} {undecoded} {undecoded:?}"),
    ];
    for text in shown {
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn what_stands_in_the_place_of_a_secret_is_not_told() {
    for (written, kind) in [
        (r#"{"master_secret":4657657}"#, "must be a string: got a number"),
        (r#"{"master_secret":-4657657}"#, "must be a string: got a number"),
        (r#"{"master_secret":4657657.5}"#, "must be a string: got a number"),
        (r#"{"master_secret":true}"#, "must be a string: got a boolean"),
        (r#"{"master_secret":["hush"]}"#, "invalid type: sequence, expected a string"),
        (r#"{"api_tokens":"hush"}"#, "must be a list of strings: got a string"),
        (r#"{"api_tokens":4657657}"#, "must be a list of strings: got a number"),
        (r#"{"api_tokens":["good",4657657]}"#, "must be a string: got a number"),
        (r#"{"api_tokens":{"hush":1}}"#, "invalid type: map, expected a list of strings"),
    ] {
        let refused = serde_json::from_str::<AppSettings>(written).unwrap_err();
        assert!(refused.to_string().starts_with(kind), "{refused}");
        for shown in [refused.to_string(), format!("{refused:?}")] {
            assert!(!shown.contains("hush") && !shown.contains("4657657"), "{shown}");
        }
    }
    let read: AppSettings =
        serde_json::from_str(r#"{"master_secret":"h\u0075sh","api_tokens":["a","b"]}"#).unwrap();
    assert_eq!(read.master_secret.unwrap().expose(), "hush");
    assert_eq!(read.api_tokens.iter().map(Secret::expose).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn no_push_token_is_in_any_debug_form_or_error() {
    let f = fixture();
    let token = PushToken::new("hush-push-token").unwrap();
    let with_token = Registration {
        token: Some(token.clone()),
        ..Registration::new(DeviceId::new("d1").unwrap(), Platform::Ios)
    };
    f.app.register(&with_token).unwrap();
    let command = Command::Register(with_token.clone());
    let failing = [command.clone(), Command::Unregister(DeviceId::new("nobody").unwrap())];
    let record =
        DeviceRecord { token: Some(token.clone()), ..DeviceRecord::new(DeviceId::new("d1").unwrap()) };
    let place = Place { slot: Slot { platform: Platform::Ios, ordinal: 0 }, filled: Version(0) };
    let put = Operation::Put { device: place, record: Box::new(record.clone()) };
    let shown = [
        format!("{token:?} {with_token:?} {command:?} {record:?} {put:?}"),
        format!("{:?}", f.app.device(&DeviceId::new("d1").unwrap()).unwrap()),
        format!("{:?} {:?}", f.registry.store(), f.app),
        format!("{:?}", f.app.batch(&failing).unwrap_err()),
        f.app.batch(&failing).unwrap_err().to_string(),
        PushToken::new("hush\n").unwrap_err().to_string(),
        PushToken::new("hush".repeat(2_000)).unwrap_err().to_string(),
        serde_json::from_str::<PushToken>("\"hush\\u0000\"").unwrap_err().to_string(),
    ];
    for text in shown {
        assert!(!text.contains("hush"), "{text}");
    }
    let number = serde_json::from_str::<PushToken>("4657657").unwrap_err().to_string();
    assert!(number.starts_with("must be a string: got a number"), "{number}");
    let written = serde_json::to_string(&token).unwrap();
    assert_eq!(serde_json::from_str::<PushToken>(&written).unwrap(), token);
}

#[test]
fn equal_secrets_are_kept_as_different_hashes() {
    let bytes = |salt| serde_json::to_string(&Credential::new(&secret(MASTER), salt)).unwrap();
    let hash = |text: String| text[text.find("hash").unwrap()..].to_owned();
    assert_ne!(hash(bytes([1; 16])), hash(bytes([2; 16])));
    assert_eq!(bytes([1; 16]), bytes([1; 16]));
}

#[test]
fn settings_are_read_as_data_with_defaults_and_without_unknown_members() {
    let read: AppSettings =
        serde_json::from_str(r#"{"name":"n","master_secret":"hush","limits":{"names":"relaxed"}}"#).unwrap();
    assert_eq!((read.name.as_str(), read.presence), ("n", false));
    assert_eq!(read.limits, Limits::relaxed());
    assert!(serde_json::from_str::<AppSettings>(r#"{"nmae":"n"}"#).is_err());
    assert!(serde_json::from_str::<AppSettings>(r#"{"limits":{"tags":1}}"#).is_err());
}
