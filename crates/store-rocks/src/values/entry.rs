//! Catalogue entries: the version of the commit that wrote them, then their content.
//!
//! An app's record is JSON: it is read once per app and written only when an operator changes the app, it grows with
//! every new limit, and the credentials in it can only be read out by a serializer.

use super::start;
use crate::bytes::{Cursor, Decoded, Malformed, put_text};
use rollbook::store::{Deleted, Deletion, Entry};
use rollbook::{AppId, AppKey, EventName, EventSeq, EventType, OnUserChange, Timestamp, UserId, Version};

const APP: u8 = 1;
const NEXT_APP: u8 = 2;
const EVENT_TYPE: u8 = 3;
const USER_DELETION: u8 = 4;
const APP_DELETION: u8 = 5;
const SIGN_OUT: u8 = 6;

/// Returns the bytes of an entry, or `None` if its record cannot be written as JSON.
pub(crate) fn encode_entry(entry: &Entry, version: Version) -> Option<Vec<u8>> {
    let mut out = start();
    out.extend_from_slice(&version.0.to_le_bytes());
    match entry {
        Entry::App(app) => {
            out.push(APP);
            serde_json::to_writer(&mut out, app).ok()?;
        }
        Entry::NextApp(id) => {
            out.push(NEXT_APP);
            out.extend_from_slice(&id.0.to_le_bytes());
        }
        Entry::EventType(EventType { name, declared_at }) => {
            out.push(EVENT_TYPE);
            out.extend_from_slice(&declared_at.secs().to_le_bytes());
            put_text(&mut out, name.as_str());
        }
        Entry::Deletion(Deletion { number, of: Deleted::User { user, through } }) => {
            out.push(USER_DELETION);
            out.extend_from_slice(&number.to_le_bytes());
            out.extend_from_slice(&through.0.to_le_bytes());
            put_text(&mut out, user.as_str());
        }
        Entry::Deletion(Deletion { number, of: Deleted::SignOut { user, clears } }) => {
            out.push(SIGN_OUT);
            out.extend_from_slice(&number.to_le_bytes());
            out.push(match clears {
                OnUserChange::Keep => 0,
                OnUserChange::ClearAlias => 1,
                OnUserChange::ClearAliasAndTags => 2,
            });
            put_text(&mut out, user.as_str());
        }
        Entry::Deletion(Deletion { number, of: Deleted::App { key, id } }) => {
            out.push(APP_DELETION);
            out.extend_from_slice(&number.to_le_bytes());
            out.extend_from_slice(&id.0.to_le_bytes());
            put_text(&mut out, key.as_str());
        }
    }
    Some(out)
}

pub(crate) fn decode_entry(value: &[u8]) -> Decoded<(Entry, Version)> {
    let mut cursor = Cursor::value(value)?;
    let version = Version(cursor.u64()?);
    let entry = match cursor.u8()? {
        APP => {
            let app = serde_json::from_slice(cursor.rest());
            Entry::App(app.map_err(|_| Malformed("the record of an app"))?)
        }
        NEXT_APP => Entry::NextApp(AppId(cursor.u32()?)),
        EVENT_TYPE => {
            let declared_at = Timestamp::from_secs(cursor.i64()?);
            let name = EventName::new(cursor.text()?).map_err(|_| Malformed("the name of an event type"))?;
            Entry::EventType(EventType { name, declared_at })
        }
        USER_DELETION => {
            let (number, through) = (cursor.u64()?, EventSeq(cursor.u64()?));
            let user = UserId::new(cursor.text()?).map_err(|_| Malformed("the user of a deletion"))?;
            Entry::Deletion(Deletion { number, of: Deleted::User { user, through } })
        }
        SIGN_OUT => {
            let number = cursor.u64()?;
            let clears = match cursor.u8()? {
                0 => OnUserChange::Keep,
                1 => OnUserChange::ClearAlias,
                2 => OnUserChange::ClearAliasAndTags,
                _ => return Err(Malformed("what a device loses that is signed out")),
            };
            let user = UserId::new(cursor.text()?).map_err(|_| Malformed("the user who is signed out"))?;
            Entry::Deletion(Deletion { number, of: Deleted::SignOut { user, clears } })
        }
        APP_DELETION => {
            let (number, id) = (cursor.u64()?, AppId(cursor.u32()?));
            let key = AppKey::new(cursor.text()?).map_err(|_| Malformed("the app of a deletion"))?;
            Entry::Deletion(Deletion { number, of: Deleted::App { key, id } })
        }
        _ => return Err(Malformed("an unknown kind of entry")),
    };
    cursor.end()?;
    Ok((entry, version))
}
