//! Changes that take more than one command and must be atomic: scripts that the server runs.
//!
//! A device is a hash `d:<id>`, small enough for the compact encoding: `p` platform, `u` user, `a` alias, `s` last seen
//! and other fields by a letter, and an empty field `t:<tag>` for each tag. The other direction is a set of ids for each
//! tag `t:`, alias `a:`, user `u:` and platform `p:`.

use redis::{Connection, RedisResult, cmd};

const REGISTER: &str = "
local d = 'd:' .. ARGV[1]
local old = redis.call('HMGET', d, 'p', 'u', 'a')
local new = not old[1]
local set = {}
for i = 2, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  local sort = field == 'p' and 1 or field == 'u' and 2 or field == 'a' and 3
  if sort then
    if old[sort] ~= value then
      if old[sort] then redis.call('SREM', field .. ':' .. old[sort], ARGV[1]) end
      redis.call('SADD', field .. ':' .. value, ARGV[1])
    end
  elseif string.sub(field, 1, 2) == 't:' then
    redis.call('SADD', field, ARGV[1])
  end
  set[#set + 1] = field
  set[#set + 1] = value
end
redis.call('HSET', d, unpack(set))
return new and 1 or 0";

const REMOVE: &str = "
local d = 'd:' .. ARGV[1]
local fields = redis.call('HGETALL', d)
if #fields == 0 then return redis.error_reply('unknown device') end
for i = 1, #fields, 2 do
  local field, value = fields[i], fields[i + 1]
  if field == 'p' or field == 'u' or field == 'a' then redis.call('SREM', field .. ':' .. value, ARGV[1])
  elseif string.sub(field, 1, 2) == 't:' then redis.call('SREM', field, ARGV[1]) end
end
redis.call('DEL', d)
return 1";

const UPDATE_TAG: &str = "
local tag, adds = ARGV[1], tonumber(ARGV[2])
for i = 3, #ARGV do
  if redis.call('EXISTS', 'd:' .. ARGV[i]) == 0 then return redis.error_reply('unknown device ' .. ARGV[i]) end
end
for i = adds + 3, #ARGV do
  redis.call('SREM', tag, ARGV[i])
  redis.call('HDEL', 'd:' .. ARGV[i], tag)
end
for i = 3, adds + 2 do
  redis.call('SADD', tag, ARGV[i])
  redis.call('HSET', 'd:' .. ARGV[i], tag, '')
end
return 1";

const DELETE_TAG: &str = "
for _, id in ipairs(redis.call('SMEMBERS', ARGV[1])) do redis.call('HDEL', 'd:' .. id, ARGV[1]) end
return redis.call('UNLINK', ARGV[1])";

const TOUCH: &str = "
local d = 'd:' .. ARGV[1]
local old = redis.call('HMGET', d, 'p', 's')
if not old[1] then return redis.error_reply('unknown device') end
if not old[2] or tonumber(old[2]) < tonumber(ARGV[2]) then redis.call('HSET', d, 's', ARGV[2]) end
return 1";

/// The digests by which the server finds the scripts.
#[derive(Debug, Clone)]
pub(super) struct Scripts {
    pub(super) register: String,
    pub(super) remove: String,
    pub(super) update_tag: String,
    pub(super) delete_tag: String,
    pub(super) touch: String,
}

impl Scripts {
    pub(super) fn load(connection: &mut Connection) -> RedisResult<Self> {
        let mut load = |script: &str| cmd("SCRIPT").arg("LOAD").arg(script).query(connection);
        Ok(Scripts {
            register: load(REGISTER)?,
            remove: load(REMOVE)?,
            update_tag: load(UPDATE_TAG)?,
            delete_tag: load(DELETE_TAG)?,
            touch: load(TOUCH)?,
        })
    }
}
