//! Every question as commands, and what the replies mean.

use super::client::{Commands, Reply};
use super::scripts::Scripts;
use crate::block::{Answer, Block, Condition, ConditionKind, TagUpdate, Told, judged};
use rollbook::{Alias, Command, DeviceId, Registration, TagName, Timestamp, UserId};
use rollbook_bench::{Failure, NOW};

/// A question out of a block.
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

/// The questions of a block.
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

fn key(kind: &str, name: &str) -> String {
    let mut key = String::with_capacity(kind.len() + name.len());
    key.push_str(kind);
    key.push_str(name);
    key
}

fn tag_key(tag: &TagName) -> String {
    key("t:", tag.as_str())
}

impl Question<'_> {
    /// How many commands it takes.
    pub(super) const fn commands(&self) -> usize {
        match self {
            Question::Count(Condition { kind: ConditionKind::Or(..), .. }) => 3,
            Question::Count(Condition { kind: ConditionKind::Without(..), .. }) => 2,
            _ => 1,
        }
    }

    pub(super) fn push(&self, scripts: &Scripts, out: &mut Commands) {
        match self {
            Question::HasTag(id, tag) => {
                out.push(["HEXISTS", &key("d:", id.as_str()), &tag_key(tag)]);
            }
            Question::Alias(alias) => out.push(["SMEMBERS", &key("a:", alias.as_str())]),
            Question::User(user) => out.push(["SMEMBERS", &key("u:", user.as_str())]),
            Question::Device(id) => out.push(["HGETALL", &key("d:", id.as_str())]),
            Question::Presence(id) => out.push(["HMGET", &key("d:", id.as_str()), "p", "s"]),
            Question::Count(condition) => count(&condition.kind, out),
            Question::Touch(id, at) => {
                out.push(["EVALSHA", &scripts.touch, "0", id.as_str(), &at.secs().to_string()]);
            }
            Question::Register(new) => register(new, &scripts.register, out),
            Question::Remove(id) => out.push(["EVALSHA", &scripts.remove, "0", id.as_str()]),
            Question::Tag(id, tag, add) => {
                let adds = if *add { "1" } else { "0" };
                out.push(["EVALSHA", &scripts.update_tag, "0", &tag_key(tag), adds, id.as_str()]);
            }
            Question::UpdateTag(update) => {
                let (tag, adds) = (tag_key(&update.tag), update.add.len().to_string());
                let mut arguments = vec!["EVALSHA", &scripts.update_tag, "0", &tag, &adds];
                arguments.extend(update.add.iter().chain(&update.remove).map(DeviceId::as_str));
                out.push(arguments);
            }
            Question::DeleteTag(tag) => out.push(["EVALSHA", &scripts.delete_tag, "0", &tag_key(tag)]),
        }
    }

    /// What its replies say.
    pub(super) fn answer(&self, mut replies: Vec<Reply>) -> Result<Answer, Failure> {
        if let Question::Count(condition) = self {
            let numbers = replies.iter().map(Reply::integer).collect::<Result<Vec<_>, _>>()?;
            return counted(&condition.kind, &numbers);
        }
        let reply = replies.pop().ok_or("Redis did not answer")?;
        Ok(match self {
            Question::HasTag(..) | Question::Register(_) => Answer::Is(reply.integer()? == 1),
            Question::Alias(_) | Question::User(_) => {
                let mut ids: Vec<String> = reply.many()?.into_iter().filter_map(Reply::text).collect();
                ids.sort_unstable();
                Answer::Ids(ids)
            }
            Question::Device(id) => Answer::Device(Box::new(told(id, reply)?)),
            Question::Presence(_) => {
                let mut fields = reply.many()?.into_iter().map(Reply::text);
                let known = fields.next().flatten().is_some();
                let seen = fields.next().flatten().map(|secs| secs.parse()).transpose()?;
                Answer::Presence(known.then(|| judged(NOW, seen.map(Timestamp::from_secs))))
            }
            _ => Answer::Done,
        })
    }
}

fn count(kind: &ConditionKind, out: &mut Commands) {
    let intersection = |one: &str, other: &str, out: &mut Commands| out.push(["SINTERCARD", "2", one, other]);
    match kind {
        ConditionKind::Tag(tag) => out.push(["SCARD", &tag_key(tag)]),
        ConditionKind::And(one, other) => intersection(&tag_key(one), &tag_key(other), out),
        ConditionKind::On(tag, platform) => intersection(&tag_key(tag), &key("p:", platform.name()), out),
        ConditionKind::Without(one, other) => {
            out.push(["SCARD", &tag_key(one)]);
            intersection(&tag_key(one), &tag_key(other), out);
        }
        ConditionKind::Or(one, other) => {
            out.push(["SCARD", &tag_key(one)]);
            out.push(["SCARD", &tag_key(other)]);
            intersection(&tag_key(one), &tag_key(other), out);
        }
    }
}

fn counted(kind: &ConditionKind, numbers: &[i64]) -> Result<Answer, Failure> {
    let count = match (kind, numbers) {
        (ConditionKind::Or(..), [one, other, both]) => one + other - both,
        (ConditionKind::Without(..), [one, both]) => one - both,
        (ConditionKind::Tag(_) | ConditionKind::And(..) | ConditionKind::On(..), [count]) => *count,
        _ => return Err("Redis did not answer every command".into()),
    };
    Ok(Answer::Count(u64::try_from(count)?))
}

fn register(new: &Registration, script: &str, out: &mut Commands) {
    let tags: Vec<String> = new.tags.iter().map(tag_key).collect();
    let offset = new.utc_offset.map(|offset| offset.secs().to_string());
    let user = new.user.as_ref().map_or(new.id.as_str(), |user| user.as_str());
    let mut arguments = vec!["EVALSHA", script, "0", new.id.as_str(), "p", new.platform.name(), "u", user];
    let fields = [
        ("a", new.alias.as_ref().map(|alias| alias.as_str())),
        ("k", new.token.as_ref().map(|token| token.as_str())),
        ("m", new.mobile.as_ref().map(|mobile| mobile.as_str())),
        ("l", new.language.as_ref().map(|language| language.as_str())),
        ("o", offset.as_deref()),
    ];
    for (field, value) in fields {
        arguments.extend(value.map(|value| [field, value]).into_iter().flatten());
    }
    arguments.extend(tags.iter().flat_map(|tag| [tag.as_str(), ""]));
    out.push(arguments);
}

fn told(id: &DeviceId, reply: Reply) -> Result<Told, Failure> {
    let mut told = Told { id: id.as_str().to_owned(), ..Told::default() };
    let mut fields = reply.many()?.into_iter().filter_map(Reply::text);
    while let (Some(field), Some(value)) = (fields.next(), fields.next()) {
        match field.as_str() {
            "p" => told.platform = value,
            "u" => told.user = value,
            "a" => told.alias = Some(value),
            "k" => told.token = Some(value),
            "m" => told.mobile = Some(value),
            "l" => told.language = Some(value),
            "o" => told.utc_offset = Some(value.parse()?),
            "s" => told.last_seen = Some(value.parse()?),
            tag => told.tags.extend(tag.strip_prefix("t:").map(str::to_owned)),
        }
    }
    told.tags.sort_unstable();
    Ok(told)
}
