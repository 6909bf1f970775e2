//! Every question as commands, and what the replies mean.

use super::scripts::Scripts;
use crate::block::{Answer, Block, Condition, ConditionKind, DeviceFields, TagUpdate, presence_of};
use redis::{FromRedisValue, Pipeline, Value, from_redis_value};
use rollbook::{Alias, Command, DeviceId, Registration, TagName, Timestamp, UserId};
use rollbook_bench::{Failure, NOW};

/// One question of a block.
pub(super) enum Question<'a> {
    HasTag(&'a DeviceId, &'a TagName),
    Alias(&'a Alias),
    User(&'a UserId),
    Device(&'a DeviceId),
    Presence(&'a DeviceId),
    Count(&'a Condition),
    Touch(&'a DeviceId, Timestamp),
    Register(&'a Registration),
    Remove(&'a DeviceId),
    Tag(&'a DeviceId, &'a TagName, bool),
    UpdateTag(&'a TagUpdate),
    DeleteTag(&'a TagName),
}

/// Returns the questions of a block.
pub(super) fn questions(block: &Block) -> Vec<Question<'_>> {
    match block {
        Block::HasTag(asks) => asks.iter().map(|(id, tag)| Question::HasTag(id, tag)).collect(),
        Block::AliasDevices(asks) => asks.iter().map(Question::Alias).collect(),
        Block::UserDevices(asks) => asks.iter().map(Question::User).collect(),
        Block::Device(asks) => asks.iter().map(Question::Device).collect(),
        Block::Presence(asks) => asks.iter().map(Question::Presence).collect(),
        Block::Count(asks) => asks.iter().map(Question::Count).collect(),
        Block::Touch(asks) => asks.iter().map(|(id, at)| Question::Touch(id, *at)).collect(),
        Block::Register(asks) => asks.iter().map(Question::Register).collect(),
        Block::RegisterMany(asks) => asks.iter().flatten().filter_map(registration).collect(),
        Block::Remove(asks) => asks.iter().map(Question::Remove).collect(),
        Block::AddTag(asks) => asks.iter().map(|(id, tag)| Question::Tag(id, tag, true)).collect(),
        Block::RemoveTag(asks) => asks.iter().map(|(id, tag)| Question::Tag(id, tag, false)).collect(),
        Block::UpdateTag(asks) => asks.iter().map(Question::UpdateTag).collect(),
        Block::DeleteTag(asks) => asks.iter().map(Question::DeleteTag).collect(),
    }
}

fn registration(command: &Command) -> Option<Question<'_>> {
    match command {
        Command::Register(new) => Some(Question::Register(new)),
        _ => None,
    }
}

fn device_key(id: &DeviceId) -> String {
    ["d:", id.as_str()].concat()
}

fn tag_key(tag: &TagName) -> String {
    ["t:", tag.as_str()].concat()
}

impl Question<'_> {
    /// Adds the commands of the question.
    pub(super) fn push(&self, scripts: &Scripts, out: &mut Pipeline) {
        match self {
            Question::HasTag(id, tag) => out.cmd("HEXISTS").arg(device_key(id)).arg(tag_key(tag)),
            Question::Alias(alias) => out.cmd("SMEMBERS").arg(["a:", alias.as_str()].concat()),
            Question::User(user) => out.cmd("SMEMBERS").arg(["u:", user.as_str()].concat()),
            Question::Device(id) => out.cmd("HGETALL").arg(device_key(id)),
            Question::Presence(id) => out.cmd("HMGET").arg(device_key(id)).arg("p").arg("s"),
            Question::Count(condition) => count(&condition.kind, out),
            Question::Touch(id, at) => script(&scripts.touch, out).arg(id.as_str()).arg(at.secs()),
            Question::Register(new) => register(new, script(&scripts.register, out)),
            Question::Remove(id) => script(&scripts.remove, out).arg(id.as_str()),
            Question::Tag(id, tag, add) => {
                script(&scripts.update_tag, out).arg(tag_key(tag)).arg(u8::from(*add)).arg(id.as_str())
            }
            Question::UpdateTag(TagUpdate { tag, add, remove }) => {
                let out = script(&scripts.update_tag, out).arg(tag_key(tag)).arg(add.len());
                add.iter().chain(remove).fold(out, |out, id| out.arg(id.as_str()))
            }
            Question::DeleteTag(tag) => script(&scripts.delete_tag, out).arg(tag_key(tag)),
        };
    }

    /// Takes the replies to the commands of the question and returns what they say.
    pub(super) fn answer(&self, replies: &mut impl Iterator<Item = Value>) -> Result<Answer, Failure> {
        Ok(match self {
            Question::HasTag(..) | Question::Register(_) => Answer::Is(reply(replies)?),
            Question::Alias(_) | Question::User(_) => {
                let mut ids: Vec<String> = reply(replies)?;
                ids.sort_unstable();
                Answer::Ids(ids)
            }
            Question::Device(id) => Answer::Device(Box::new(fields(id, reply(replies)?)?)),
            Question::Presence(_) => {
                let (platform, seen): (Option<String>, Option<i64>) = reply(replies)?;
                Answer::Presence(platform.map(|_| presence_of(NOW, seen.map(Timestamp::from_secs))))
            }
            Question::Count(condition) => {
                let mut next = || reply::<i64>(replies);
                let count = match condition.kind {
                    ConditionKind::Or(..) => next()? + next()? - next()?,
                    ConditionKind::Without(..) => next()? - next()?,
                    ConditionKind::Tag(_) | ConditionKind::And(..) | ConditionKind::On(..) => next()?,
                };
                Answer::Count(u64::try_from(count)?)
            }
            Question::Touch(..)
            | Question::Remove(_)
            | Question::Tag(..)
            | Question::UpdateTag(_)
            | Question::DeleteTag(_) => reply::<Value>(replies).map(|_| Answer::Done)?,
        })
    }
}

fn reply<T: FromRedisValue>(replies: &mut impl Iterator<Item = Value>) -> Result<T, Failure> {
    Ok(from_redis_value(replies.next().ok_or("Redis did not reply to every command")?)?)
}

/// A script gets its keys as arguments: there is only one server.
fn script<'p>(digest: &str, out: &'p mut Pipeline) -> &'p mut Pipeline {
    out.cmd("EVALSHA").arg(digest).arg(0)
}

/// Redis counts sets and intersections only; unions and differences are derived from those.
fn count<'p>(kind: &ConditionKind, out: &'p mut Pipeline) -> &'p mut Pipeline {
    let both =
        |out: &'p mut Pipeline, one: String, other: String| out.cmd("SINTERCARD").arg(2).arg(one).arg(other);
    match kind {
        ConditionKind::Tag(tag) => out.cmd("SCARD").arg(tag_key(tag)),
        ConditionKind::And(one, other) => both(out, tag_key(one), tag_key(other)),
        ConditionKind::On(tag, platform) => both(out, tag_key(tag), ["p:", platform.name()].concat()),
        ConditionKind::Without(one, other) => {
            both(out.cmd("SCARD").arg(tag_key(one)), tag_key(one), tag_key(other))
        }
        ConditionKind::Or(one, other) => {
            let out = out.cmd("SCARD").arg(tag_key(one)).cmd("SCARD").arg(tag_key(other));
            both(out, tag_key(one), tag_key(other))
        }
    }
}

fn register<'p>(new: &Registration, out: &'p mut Pipeline) -> &'p mut Pipeline {
    let offset = new.utc_offset.map(|offset| offset.secs().to_string());
    let user = new.user.as_ref().map_or(new.id.as_str(), |user| user.as_str());
    let fields = [
        ("p", Some(new.platform.name())),
        ("u", Some(user)),
        ("a", new.alias.as_ref().map(|alias| alias.as_str())),
        ("k", new.token.as_ref().map(|token| token.as_str())),
        ("m", new.mobile.as_ref().map(|mobile| mobile.as_str())),
        ("l", new.language.as_ref().map(|language| language.as_str())),
        ("o", offset.as_deref()),
    ];
    let mut out = out.arg(new.id.as_str());
    for (field, value) in fields {
        if let Some(value) = value {
            out = out.arg(field).arg(value);
        }
    }
    new.tags.iter().fold(out, |out, tag| out.arg(tag_key(tag)).arg(""))
}

fn fields(id: &DeviceId, hash: Vec<(String, String)>) -> Result<DeviceFields, Failure> {
    let mut device = DeviceFields { id: id.as_str().to_owned(), ..DeviceFields::default() };
    for (field, value) in hash {
        match field.as_str() {
            "p" => device.platform = value,
            "u" => device.user = value,
            "a" => device.alias = Some(value),
            "k" => device.token = Some(value),
            "m" => device.mobile = Some(value),
            "l" => device.language = Some(value),
            "o" => device.utc_offset = Some(value.parse()?),
            "s" => device.last_seen = Some(value.parse()?),
            tag => device.tags.extend(tag.strip_prefix("t:").map(str::to_owned)),
        }
    }
    device.tags.sort_unstable();
    Ok(device)
}
