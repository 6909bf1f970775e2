//! Set operations alone: the same lists of devices as tags of an app, and as bitmaps in a map with a list of ids, as
//! one would write it by hand. Measured on published lists, which were not generated for this purpose, and on
//! generated ones.
//!
//! All devices are on one platform, because bitmaps written by hand have no platforms. Both sides are asked all
//! questions of a kind in turns. The result is the median of the turns, divided by the questions or by the ids that
//! were streamed.

use crate::measure::Effort;
use crate::measure::stats::Samples;
use crate::report::Row;
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use rollbook::{App, Audience, TagName};
use rollbook_bench::{Dataset, Failure, Stopwatch, Workload, listed};
use rollbook_store_mem::MemStore;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// Lists that are asked about: as many as a published set has.
const LISTS: usize = 200;

/// Lists of devices by tag.
pub(crate) struct Postings {
    /// The name of the set of lists.
    pub(crate) name: String,
    ids: Vec<Box<str>>,
    lists: Vec<(TagName, RoaringBitmap)>,
}

impl Postings {
    /// Reads the lists at a path, or generates lists for a number of devices.
    pub(crate) fn of(source: &str) -> Result<Self, Failure> {
        match source.parse() {
            Ok(devices) => Self::generated(&Workload::new(devices)?),
            Err(_) => Self::published(&Dataset::read(Path::new(source))?),
        }
    }

    fn generated(workload: &Workload) -> Result<Self, Failure> {
        let mut lists = vec![RoaringBitmap::new(); workload.tags().len()];
        let mut ids = Vec::with_capacity(workload.devices() as usize);
        for device in 0..workload.devices() {
            ids.push(workload.id(device)?.as_str().into());
            for rank in workload.tags_of(device) {
                lists.get_mut(rank as usize).map(|list| list.insert(device));
            }
        }
        Ok(Postings {
            name: "made-up".to_owned(),
            ids,
            lists: workload.tags().iter().cloned().zip(lists).collect(),
        })
    }

    fn published(data: &Dataset) -> Result<Self, Failure> {
        let lists = data.lists.iter().map(|list| list.iter().copied().collect());
        Ok(Postings {
            name: data.name.clone(),
            ids: data.ids(),
            lists: data.tags()?.into_iter().zip(lists).collect(),
        })
    }

    fn app(&self) -> Result<App<MemStore>, Failure> {
        listed(&self.ids, self.lists.iter().map(|(tag, list)| (tag, list.iter())))
    }
}

/// The lists as one would keep them by hand.
struct ByHand {
    ids: Vec<Box<str>>,
    tags: HashMap<String, RoaringBitmap>,
}

impl ByHand {
    fn tag(&self, tag: &TagName) -> Result<&RoaringBitmap, Failure> {
        self.tags.get(tag.as_str()).ok_or_else(|| format!("no tag {tag}").into())
    }
}

/// One kind of question about one list, or about one and the next.
struct Kind {
    name: &'static str,
    unit: &'static str,
    rollbook: fn(&App<MemStore>, &Audience) -> Result<u64, Failure>,
    audience: fn(&TagName, &TagName) -> Audience,
    by_hand: fn(&ByHand, &TagName, &TagName) -> Result<u64, Failure>,
    /// The time is divided by the devices counted instead of by the questions.
    by_device: bool,
    /// The question is about no list, so there is only one of it.
    of_all: bool,
}

/// Reads every id, as a sender does.
fn walked(ids: u64, id: &str) -> u64 {
    black_box(id.as_bytes().last().copied());
    ids + 1
}

fn stream(app: &App<MemStore>, audience: &Audience) -> Result<u64, Failure> {
    let mut ids = 0;
    app.select(audience)?.for_each(|_, id| ids = walked(ids, id))?;
    Ok(ids)
}

fn count(app: &App<MemStore>, audience: &Audience) -> Result<u64, Failure> {
    Ok(app.count(audience)?)
}

fn tag(name: &TagName) -> Audience {
    Audience::Tag(name.clone())
}

const KINDS: &[Kind] = &[
    Kind {
        name: "count",
        unit: "per question",
        rollbook: count,
        audience: |one, _| tag(one),
        by_hand: |hand, one, _| Ok(hand.tag(one)?.len()),
        by_device: false,
        of_all: false,
    },
    Kind {
        name: "and",
        unit: "per question",
        rollbook: count,
        audience: |one, other| tag(one) & tag(other),
        by_hand: |hand, one, other| Ok(hand.tag(one)?.intersection_len(hand.tag(other)?)),
        by_device: false,
        of_all: false,
    },
    Kind {
        name: "or",
        unit: "per question",
        rollbook: count,
        audience: |one, other| tag(one) | tag(other),
        by_hand: |hand, one, other| Ok(hand.tag(one)?.union_len(hand.tag(other)?)),
        by_device: false,
        of_all: false,
    },
    Kind {
        name: "without",
        unit: "per question",
        rollbook: count,
        audience: |one, other| tag(one) & !tag(other),
        by_hand: |hand, one, other| Ok(hand.tag(one)?.difference_len(hand.tag(other)?)),
        by_device: false,
        of_all: false,
    },
    Kind {
        name: "stream",
        unit: "per id",
        rollbook: stream,
        audience: |one, _| tag(one),
        by_hand: |hand, one, _| {
            let ids = hand.tag(one)?.iter().filter_map(|ordinal| hand.ids.get(ordinal as usize));
            Ok(ids.fold(0, |ids, id| walked(ids, id)))
        },
        by_device: true,
        of_all: false,
    },
    Kind {
        name: "stream everybody",
        unit: "per id",
        rollbook: stream,
        audience: |_, _| Audience::All,
        by_hand: |hand, _, _| Ok(hand.ids.iter().fold(0, |ids, id| walked(ids, id))),
        by_device: true,
        of_all: true,
    },
];

/// Asks all questions once. Returns the sum of the results, and the time for each question or device.
fn timed(kind: &Kind, ask: impl Iterator<Item = Result<u64, Failure>>) -> Result<(u64, f64), Failure> {
    let watch = Stopwatch::start();
    let (mut sum, mut questions) = (0, 0_u64);
    for answer in ask {
        sum += answer?;
        questions += 1;
    }
    let each = if kind.by_device { sum } else { questions };
    Ok((sum, watch.nanos() / each.max(1) as f64))
}

/// Returns two rows for each kind of question: Rollbook in memory, and by hand.
pub(crate) fn run(postings: Postings, effort: &Effort) -> Result<Vec<Row>, Failure> {
    let app = postings.app()?;
    let Postings { name, ids, lists } = postings;
    let devices = u32::try_from(ids.len())?;
    let names: Vec<TagName> = lists.iter().map(|(tag, _)| tag.clone()).collect();
    let tags = lists.into_iter().map(|(tag, list)| (tag.as_str().to_owned(), list)).collect();
    let hand = ByHand { ids, tags };
    let mut rows = Vec::new();
    for kind in KINDS {
        let neighbours = names.iter().zip(names.iter().skip(1)).take(LISTS);
        let mut asked: Vec<_> =
            neighbours.map(|(one, other)| (one, other, (kind.audience)(one, other))).collect();
        if kind.of_all {
            asked.truncate(1);
        }
        let (mut ours, mut theirs, mut spent) = (Samples::default(), Samples::default(), Duration::ZERO);
        for round in 0..effort.rounds {
            if spent > effort.budget && ours.len() >= crate::measure::FEWEST {
                break;
            }
            let watch = Stopwatch::start();
            let us = || timed(kind, asked.iter().map(|(_, _, audience)| (kind.rollbook)(&app, audience)));
            let them = || timed(kind, asked.iter().map(|(one, other, _)| (kind.by_hand)(&hand, one, other)));
            let ((our, us), (their, them)) = if round % 2 == 0 {
                let us = us()?;
                (us, them()?)
            } else {
                let them = them()?;
                (us()?, them)
            };
            if our != their {
                return Err(
                    format!("{} of {name}: Rollbook returned {our}, by hand {their}", kind.name).into()
                );
            }
            ours.push(us);
            theirs.push(them);
            spent += watch.read();
        }
        let question = format!("{} of {name}", kind.name);
        rows.push(Row::times(devices, &question, "rollbook-mem", kind.unit, &ours));
        rows.push(Row::times(devices, &question, "by-hand", kind.unit, &theirs));
    }
    Ok(rows)
}
