//! SQLite: a file with a write-ahead log, prepared statements, an index for every question, one transaction for a batch of
//! writes.

use crate::block::{Condition, ConditionKind, DeviceFields, TagUpdate, presence_of};
use crate::system::{Called, Direct, Footprint, System};
use rollbook::{Alias, DeviceId, Platform, Presence, Registration, TagName, Timestamp, UserId};
use rollbook_bench::{Failure, NOW, Workload};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tempfile::TempDir;

/// The cache may hold a gigabyte and reads go through a memory map: the machine of a registry has enough memory.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -1000000;
    PRAGMA mmap_size = 30000000000;
    PRAGMA temp_store = MEMORY;
    CREATE TABLE devices (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, platform INTEGER NOT NULL, token TEXT, mobile TEXT,
        language TEXT, utc_offset INTEGER, alias TEXT, user TEXT NOT NULL, last_seen INTEGER
    ) STRICT;
    CREATE TABLE tags (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE tagged (
        device INTEGER NOT NULL, tag INTEGER NOT NULL, PRIMARY KEY (device, tag)
    ) STRICT, WITHOUT ROWID;
";

/// Created after the devices are inserted, which is faster.
const INDEXES: &str = "
    CREATE INDEX by_alias ON devices (alias, id) WHERE alias IS NOT NULL;
    CREATE INDEX by_user ON devices (user, id);
    CREATE INDEX by_platform ON devices (platform);
    CREATE UNIQUE INDEX by_tag ON tagged (tag, device);
    ANALYZE;
";

/// Devices in one transaction while the database is filled.
const BATCH: u32 = 10_000;

const HAS_TAG: &str = "SELECT EXISTS (SELECT 1 FROM tagged WHERE device = devices.number
    AND tag = (SELECT number FROM tags WHERE name = ?2)) FROM devices WHERE id = ?1";
const ALIAS: &str = "SELECT id FROM devices WHERE alias = ?1 ORDER BY id";
const USER: &str = "SELECT id FROM devices WHERE user = ?1 ORDER BY id";
const DEVICE: &str =
    "SELECT number, id, platform, token, mobile, language, utc_offset, alias, user, last_seen
    FROM devices WHERE id = ?1";
const TAGS_OF: &str =
    "SELECT name FROM tagged JOIN tags ON tags.number = tagged.tag WHERE device = ?1 ORDER BY name";
const SEEN: &str = "SELECT last_seen FROM devices WHERE id = ?1";
const TOUCH: &str = "UPDATE devices SET last_seen = max(coalesce(last_seen, ?2), ?2) WHERE id = ?1";
const COUNT: &str = "SELECT count(*) FROM tagged WHERE tag = (SELECT number FROM tags WHERE name = ?1)";
const COUNT_AND: &str = "SELECT count(*) FROM tagged a JOIN tagged b ON a.device = b.device
    WHERE a.tag = (SELECT number FROM tags WHERE name = ?1) AND b.tag = (SELECT number FROM tags WHERE name = ?2)";
const COUNT_ON: &str = "SELECT count(*) FROM tagged JOIN devices ON devices.number = tagged.device
    WHERE tag = (SELECT number FROM tags WHERE name = ?1) AND platform = ?2";
const INSERT: &str = "INSERT INTO devices (id, platform, token, mobile, language, utc_offset, alias, user)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce(?8, ?1)) ON CONFLICT (id) DO NOTHING RETURNING number";
const UPDATE: &str =
    "UPDATE devices SET platform = ?2, token = coalesce(?3, token), mobile = coalesce(?4, mobile),
    language = coalesce(?5, language), utc_offset = coalesce(?6, utc_offset), alias = coalesce(?7, alias),
    user = coalesce(?8, user) WHERE id = ?1 RETURNING number";
const NUMBER: &str = "SELECT number FROM devices WHERE id = ?1";
const REMOVE: &str = "DELETE FROM devices WHERE number = ?1";
const UNTAG_ALL: &str = "DELETE FROM tagged WHERE device = ?1";
const TAG_NUMBER: &str = "SELECT number FROM tags WHERE name = ?1";
const NEW_TAG: &str = "INSERT INTO tags (name) VALUES (?1) RETURNING number";
const TAG: &str = "INSERT OR IGNORE INTO tagged (device, tag) VALUES (?1, ?2)";
const UNTAG: &str = "DELETE FROM tagged WHERE device = ?1 AND tag = ?2";
const DELETE_TAG: &str = "DELETE FROM tagged WHERE tag = ?1";

#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
    dir: TempDir,
}

pub(super) fn build(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    let dir = TempDir::new()?;
    let connection = Connection::open(dir.path().join("register.db"))?;
    connection.execute_batch(SCHEMA)?;
    connection.set_prepared_statement_cache_capacity(64);
    let mut database = Sqlite { connection, dir };
    database.begin()?;
    for device in 0..workload.devices() {
        let registration = workload.registration(device)?;
        database.register(&registration)?;
        if let Some(at) = workload.seen(device, NOW) {
            database.touch(&registration.id, at)?;
        }
        if device % BATCH == BATCH - 1 {
            database.end()?;
            database.begin()?;
        }
    }
    database.end()?;
    database.connection.execute_batch(INDEXES)?;
    Ok(vec![Box::new(Called(database))])
}

impl Sqlite {
    fn number(&self, id: &DeviceId) -> Result<i64, Failure> {
        let mut find = self.connection.prepare_cached(NUMBER)?;
        let found = find.query_row([id.as_str()], |row| row.get(0)).optional()?;
        found.ok_or_else(|| format!("unknown device {id}").into())
    }

    fn tag_number(&self, tag: &TagName) -> Result<Option<i64>, Failure> {
        let mut find = self.connection.prepare_cached(TAG_NUMBER)?;
        Ok(find.query_row([tag.as_str()], |row| row.get(0)).optional()?)
    }

    fn tag_number_or_new(&self, tag: &TagName) -> Result<i64, Failure> {
        if let Some(number) = self.tag_number(tag)? {
            return Ok(number);
        }
        Ok(self.connection.prepare_cached(NEW_TAG)?.query_row([tag.as_str()], |row| row.get(0))?)
    }

    fn texts(&self, sql: &str, of: &str) -> Result<Vec<String>, Failure> {
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map([of], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn one(&self, sql: &str, params: impl rusqlite::Params) -> Result<u64, Failure> {
        let count: i64 = self.connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
        Ok(u64::try_from(count)?)
    }

    fn tag(&self, sql: &str, devices: &[i64], tag: i64) -> Result<(), Failure> {
        let mut change = self.connection.prepare_cached(sql)?;
        for device in devices {
            change.execute(params![device, tag])?;
        }
        Ok(())
    }
}

impl Direct for Sqlite {
    type Ids = Vec<String>;
    type Device = DeviceFields;

    const NAME: &'static str = "sqlite";

    fn has_tag(&mut self, device: &DeviceId, tag: &TagName) -> Result<bool, Failure> {
        let mut ask = self.connection.prepare_cached(HAS_TAG)?;
        let found = ask.query_row([device.as_str(), tag.as_str()], |row| row.get(0)).optional()?;
        found.ok_or_else(|| format!("unknown device {device}").into())
    }

    fn alias_devices(&mut self, alias: &Alias) -> Result<Vec<String>, Failure> {
        self.texts(ALIAS, alias.as_str())
    }

    fn user_devices(&mut self, user: &UserId) -> Result<Vec<String>, Failure> {
        self.texts(USER, user.as_str())
    }

    fn device(&mut self, id: &DeviceId) -> Result<DeviceFields, Failure> {
        let fields = |row: &Row<'_>| -> Result<(i64, u8, DeviceFields), rusqlite::Error> {
            let fields = DeviceFields {
                id: row.get(1)?,
                token: row.get(3)?,
                mobile: row.get(4)?,
                language: row.get(5)?,
                utc_offset: row.get(6)?,
                alias: row.get(7)?,
                user: row.get(8)?,
                last_seen: row.get(9)?,
                ..DeviceFields::default()
            };
            Ok((row.get(0)?, row.get(2)?, fields))
        };
        let (number, platform, mut device) =
            self.connection.prepare_cached(DEVICE)?.query_row([id.as_str()], fields)?;
        device.platform = Platform::from_number(platform).map_or("", Platform::name).to_owned();
        let mut tags = self.connection.prepare_cached(TAGS_OF)?;
        device.tags = tags.query_map([number], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(device)
    }

    fn presence(&mut self, id: &DeviceId) -> Result<Option<Presence>, Failure> {
        let mut ask = self.connection.prepare_cached(SEEN)?;
        let seen: Option<Option<i64>> = ask.query_row([id.as_str()], |row| row.get(0)).optional()?;
        Ok(seen.map(|seen| presence_of(NOW, seen.map(Timestamp::from_secs))))
    }

    fn count(&mut self, condition: &Condition) -> Result<u64, Failure> {
        let tag = |tag: &TagName| self.one(COUNT, [tag.as_str()]);
        let both = |one: &TagName, other: &TagName| self.one(COUNT_AND, [one.as_str(), other.as_str()]);
        Ok(match &condition.kind {
            ConditionKind::Tag(one) => tag(one)?,
            ConditionKind::And(one, other) => both(one, other)?,
            ConditionKind::Or(one, other) => tag(one)? + tag(other)? - both(one, other)?,
            ConditionKind::Without(one, other) => tag(one)? - both(one, other)?,
            ConditionKind::On(one, platform) => {
                self.one(COUNT_ON, params![one.as_str(), platform.number()])?
            }
        })
    }

    fn touch(&mut self, id: &DeviceId, at: Timestamp) -> Result<(), Failure> {
        self.connection.prepare_cached(TOUCH)?.execute(params![id.as_str(), at.secs()])?;
        Ok(())
    }

    fn register(&mut self, new: &Registration) -> Result<bool, Failure> {
        let fields = params![
            new.id.as_str(),
            new.platform.number(),
            new.token.as_ref().map(|token| token.as_str()),
            new.mobile.as_ref().map(|mobile| mobile.as_str()),
            new.language.as_ref().map(|language| language.as_str()),
            new.utc_offset.map(|offset| offset.secs()),
            new.alias.as_ref().map(|alias| alias.as_str()),
            new.user.as_ref().map(|user| user.as_str()),
        ];
        let inserted: Option<i64> =
            self.connection.prepare_cached(INSERT)?.query_row(fields, |row| row.get(0)).optional()?;
        let number = match inserted {
            Some(number) => number,
            None => self.connection.prepare_cached(UPDATE)?.query_row(fields, |row| row.get(0))?,
        };
        for tag in &new.tags {
            let tag = self.tag_number_or_new(tag)?;
            self.tag(TAG, &[number], tag)?;
        }
        Ok(inserted.is_some())
    }

    fn remove(&mut self, id: &DeviceId) -> Result<(), Failure> {
        let number = self.number(id)?;
        self.connection.prepare_cached(UNTAG_ALL)?.execute([number])?;
        self.connection.prepare_cached(REMOVE)?.execute([number])?;
        Ok(())
    }

    fn add_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        let number = self.number(id)?;
        let tag = self.tag_number_or_new(tag)?;
        self.tag(TAG, &[number], tag)
    }

    fn remove_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        let number = self.number(id)?;
        self.tag_number(tag)?.map_or(Ok(()), |tag| self.tag(UNTAG, &[number], tag))
    }

    fn update_tag(&mut self, update: &TagUpdate) -> Result<(), Failure> {
        let numbers = |ids: &[DeviceId]| ids.iter().map(|id| self.number(id)).collect::<Result<Vec<_>, _>>();
        let (remove, add) = (numbers(&update.remove)?, numbers(&update.add)?);
        let tag = self.tag_number_or_new(&update.tag)?;
        self.tag(UNTAG, &remove, tag)?;
        self.tag(TAG, &add, tag)
    }

    fn delete_tag(&mut self, tag: &TagName) -> Result<(), Failure> {
        if let Some(tag) = self.tag_number(tag)? {
            self.connection.prepare_cached(DELETE_TAG)?.execute([tag])?;
        }
        Ok(())
    }

    fn ids(ids: Vec<String>) -> Vec<String> {
        ids
    }

    fn fields(device: DeviceFields) -> DeviceFields {
        device
    }

    /// The file, after the log is merged into it. SQLite allocates C memory, which is not counted.
    fn footprint(&mut self) -> Result<Footprint, Failure> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let mut disk = 0;
        for entry in std::fs::read_dir(self.dir.path())? {
            disk += entry?.metadata()?.len();
        }
        Ok(Footprint { disk: Some(disk), ..Footprint::default() })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.connection.execute_batch("BEGIN")?)
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }
}
