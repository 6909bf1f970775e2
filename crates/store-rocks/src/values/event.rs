//! An event of the log. Its time and number are in the key.

use super::start;
use crate::bytes::{Cursor, Decoded, Malformed, put_text, put_varint};
use rollbook::store::EventRecord;
use rollbook::{Attribute, Attributes, DeviceId, EventName, Scalar, Timestamp, UserId};

const DEVICE: u8 = 1;
const USER: u8 = 2;

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const INTEGER: u8 = 2;
const FLOAT: u8 = 3;
const TEXT: u8 = 4;
const LIST: u8 = 5;

pub(crate) fn encode_event(event: &EventRecord) -> Vec<u8> {
    let EventRecord { at: _, name, device, user, attributes } = event;
    let mut out = start();
    out.push(if device.is_some() { DEVICE } else { 0 } | if user.is_some() { USER } else { 0 });
    put_text(&mut out, name.as_str());
    device.iter().for_each(|id| put_text(&mut out, id.as_str()));
    user.iter().for_each(|id| put_text(&mut out, id.as_str()));
    put_varint(&mut out, attributes.iter().count() as u64);
    for (name, value) in attributes.iter() {
        put_text(&mut out, name);
        match value {
            Attribute::One(scalar) => put_scalar(&mut out, scalar),
            Attribute::List(list) => {
                out.push(LIST);
                put_varint(&mut out, list.len() as u64);
                list.iter().for_each(|scalar| put_scalar(&mut out, scalar));
            }
        }
    }
    out
}

fn put_scalar(out: &mut Vec<u8>, scalar: &Scalar) {
    match scalar {
        Scalar::Bool(truth) => out.push(if *truth { TRUE } else { FALSE }),
        Scalar::Integer(number) => {
            out.push(INTEGER);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Scalar::Float(number) => {
            out.push(FLOAT);
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        Scalar::Text(text) => {
            out.push(TEXT);
            put_text(out, text);
        }
    }
}

pub(crate) fn decode_event(at: Timestamp, value: &[u8]) -> Decoded<EventRecord> {
    let mut cursor = Cursor::value(value)?;
    let owners = cursor.u8()?;
    if owners & !(DEVICE | USER) != 0 {
        return Err(Malformed("unknown owners of an event"));
    }
    let name = EventName::new(cursor.text()?).map_err(|_| Malformed("the name of an event"))?;
    let mut text = |flag: u8| (owners & flag != 0).then(|| cursor.text()).transpose();
    let (device, user) = (text(DEVICE)?, text(USER)?);
    let mut attributes = Attributes::new();
    for _ in 0..cursor.varint()? {
        let name = cursor.text()?;
        let value = match cursor.u8()? {
            LIST => {
                let mut list = Vec::new();
                for _ in 0..cursor.varint()? {
                    let kind = cursor.u8()?;
                    list.push(scalar(kind, &mut cursor)?);
                }
                Attribute::List(list)
            }
            kind => Attribute::One(scalar(kind, &mut cursor)?),
        };
        attributes.insert(name, value);
    }
    cursor.end()?;
    Ok(EventRecord {
        at,
        name,
        device: device.map(DeviceId::new).transpose().map_err(|_| Malformed("the device of an event"))?,
        user: user.map(UserId::new).transpose().map_err(|_| Malformed("the user of an event"))?,
        attributes,
    })
}

fn scalar(kind: u8, cursor: &mut Cursor<'_>) -> Decoded<Scalar> {
    Ok(match kind {
        FALSE => Scalar::Bool(false),
        TRUE => Scalar::Bool(true),
        INTEGER => Scalar::Integer(cursor.i64()?),
        FLOAT => Scalar::Float(f64::from_bits(cursor.u64()?)),
        TEXT => Scalar::Text(cursor.text()?.to_owned()),
        _ => return Err(Malformed("an unknown kind of attribute")),
    })
}
