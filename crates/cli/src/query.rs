//! `rollbook query`: who is in an audience of a file of devices, or of a register in a directory.

use crate::args::Query;
use crate::failure::{Failure, tell};
use crate::load::{Loaded, load};
use crate::output::Output;
use crate::progress::watched;
use crate::record::Input;
use crate::register::{Devices, Register};
use crate::stopwatch::{Stopwatch, readable};
use crate::store::{Access, StoreChoice, register_in};
use rollbook::{AppKey, AppSettings, Audience, DeviceCursor, Limits, Platform, PlatformSet, TagCount};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How many ids are held at once, however many are printed.
const PAGE: usize = 1 << 16;

/// How many tags are read at once while they are counted.
const TAGS: usize = 1 << 12;

/// An audience and the text it was given as.
struct Condition<'a> {
    text: &'a str,
    audience: Audience,
}

pub(crate) fn run(options: &Query) -> Result<(), Failure> {
    // A typing error must not cost a long load.
    let conditions = options.audience.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    match (&options.input, &options.store, options.app.key()) {
        (Some(input), ..) => ask_file(input, &conditions, options),
        (None, Some(store), Some(app)) => {
            let register = register_in(store, Access::reading(options.salvage))?.build();
            let devices = register.app(app)?;
            check(&conditions, devices.limits())?;
            print(&devices, &conditions, options)
        }
        // The command line is refused before.
        (None, ..) => Err(Failure::Usage("--input, or --store and an app: must be given".into())),
    }
}

fn ask_file(path: &Path, conditions: &[Condition<'_>], options: &Query) -> Result<(), Failure> {
    let limits = options.limits.clone();
    check(conditions, &limits)?;
    let input = Input::open(path)?;
    let register = Register::builder(StoreChoice::Memory.open(Access::Create)?).build();
    let devices =
        register.create_app(&AppKey::new("file")?, AppSettings { limits, ..AppSettings::default() })?;
    let watch = Stopwatch::start();
    let loaded = load(input, &devices, options.skip_invalid)?;
    if options.verbose || watched() {
        tell_load(&loaded, watch.elapsed());
    }
    let printed = print(&devices, conditions, options);
    // Also when nobody reads the answers to their end.
    loaded.skipped.tell(loaded.registrations);
    printed
}

fn parse(text: &str) -> Result<Condition<'_>, Failure> {
    let audience = Audience::parse(text).map_err(|error| Failure::Usage(format!("--audience: {error}")))?;
    Ok(Condition { text, audience })
}

fn check(conditions: &[Condition<'_>], limits: &Limits) -> Result<(), Failure> {
    for Condition { audience, .. } in conditions {
        audience.check(limits).map_err(|error| Failure::Usage(format!("--audience: {error}")))?;
    }
    Ok(())
}

fn print(devices: &Devices, conditions: &[Condition<'_>], options: &Query) -> Result<(), Failure> {
    let mut output = Output::new();
    answer(devices, conditions, options, &mut output)?;
    output.finish()
}

fn tell_load(loaded: &Loaded, time: Duration) {
    let Loaded { registrations, devices, .. } = loaded;
    let rate = *registrations as f64 / time.as_secs_f64().max(1e-9);
    tell(&format!(
        "loaded {registrations} lines into {devices} devices in {} ({rate:.0} lines a second)",
        readable(time)
    ));
}

fn answer(
    devices: &Devices,
    conditions: &[Condition<'_>],
    options: &Query,
    output: &mut Output,
) -> Result<(), Failure> {
    // A device that is unknown is refused before anything is printed.
    if let Some(device) = &options.why {
        devices.contains(&Audience::All, device)?;
    }
    for (n, condition) in conditions.iter().enumerate() {
        if options.json {
            answer_json(devices, condition, options, output)?;
        } else {
            if n > 0 {
                output.line(format_args!(""))?;
            }
            answer_text(devices, condition, options, output)?;
        }
    }
    if options.overlap {
        write_overlap(devices, conditions, options.json, output)?;
    }
    match conditions {
        [] => summarize(devices, options, output),
        _ => Ok(()),
    }
}

fn write_overlap(
    devices: &Devices,
    conditions: &[Condition<'_>],
    as_json: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let audiences: Vec<Audience> = conditions.iter().map(|condition| condition.audience.clone()).collect();
    let overlap = devices.overlap(&audiences)?;
    if as_json {
        return output.line(format_args!(r#"{{"overlap":{}}}"#, json_of(&overlap)?));
    }
    output.line(format_args!(""))?;
    output.line(format_args!("in any     {}", overlap.any))?;
    output.line(format_args!("in several {}", overlap.several))
}

fn answer_text(
    devices: &Devices,
    condition: &Condition<'_>,
    options: &Query,
    output: &mut Output,
) -> Result<(), Failure> {
    let limit = options.limit;
    let by_platform = devices.count_by_platform(&condition.audience)?;
    let count: u64 = by_platform.values().sum();
    output.line(format_args!("audience   {}", condition.text))?;
    output.line(format_args!("devices    {count}"))?;
    write_platforms(&by_platform, output)?;
    let mut label = if limit as u64 >= count { "ids" } else { "first ids" };
    each_id(devices, condition, limit, |id| {
        let line = output.line(format_args!("{label:9}  {id}"));
        label = "";
        line
    })?;
    if options.explain {
        write_lines("explained", &devices.explain(&condition.audience)?.to_string(), output)?;
    }
    if let Some(device) = &options.why {
        let reason = devices.why_not(&condition.audience, device)?;
        let reason = reason.map_or_else(|| format!("{device} is in it"), |reason| reason.to_string());
        write_lines("why", &reason, output)?;
    }
    Ok(())
}

fn write_lines(mut label: &str, lines: &str, output: &mut Output) -> Result<(), Failure> {
    for line in lines.lines() {
        output.line(format_args!("{label:9}  {line}"))?;
        label = "";
    }
    Ok(())
}

fn write_platforms(by_platform: &BTreeMap<Platform, u64>, output: &mut Output) -> Result<(), Failure> {
    let mut label = "platforms";
    let widest = by_platform.values().map(|count| count.to_string().len()).max().unwrap_or_default();
    for (platform, count) in by_platform {
        output.line(format_args!("{label:9}  {count:widest$} {platform}"))?;
        label = "";
    }
    Ok(())
}

/// One object on one line, written as it is read: the ids may be millions.
fn answer_json(
    devices: &Devices,
    condition: &Condition<'_>,
    options: &Query,
    output: &mut Output,
) -> Result<(), Failure> {
    let by_platform = devices.count_by_platform(&condition.audience)?;
    let count: u64 = by_platform.values().sum();
    let (text, platforms) = (json(condition.text), json_counts(&by_platform));
    output.write(format_args!(r#"{{"audience":{text},"count":{count},"by_platform":{platforms},"ids":["#))?;
    let mut between = "";
    each_id(devices, condition, options.limit, |id| {
        let written = output.write(format_args!("{between}{}", json(id)));
        between = ",";
        written
    })?;
    output.write(format_args!("]"))?;
    if options.explain {
        let explained = devices.explain(&condition.audience)?;
        output.write(format_args!(r#","explained":{}"#, json_of(&explained.platforms)?))?;
    }
    if let Some(device) = &options.why {
        let reason = devices.why_not(&condition.audience, device)?;
        output.write(format_args!(r#","why_not":{}"#, json_of(&reason)?))?;
    }
    output.line(format_args!("}}"))
}

fn each_id(
    devices: &Devices,
    condition: &Condition<'_>,
    limit: usize,
    mut tell: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut left = limit;
    let mut after: Option<DeviceCursor> = None;
    while left > 0 {
        let page = devices.audience(&condition.audience, after, left.min(PAGE))?;
        left -= page.items.len().min(left);
        for id in &page.items {
            tell(id.as_str())?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn summarize(devices: &Devices, options: &Query, output: &mut Output) -> Result<(), Failure> {
    let by_platform = devices.count_by_platform(&Audience::All)?;
    let count: u64 = by_platform.values().sum();
    let (tags, largest) = count_tags(devices, options.limit)?;
    if options.json {
        let platforms = json_counts(&by_platform);
        let largest: Vec<String> = largest.iter().map(json_tag).collect();
        let largest = largest.join(",");
        return output.line(format_args!(
            r#"{{"devices":{count},"by_platform":{platforms},"tags":{tags},"largest_tags":[{largest}]}}"#
        ));
    }
    output.line(format_args!("devices    {count}"))?;
    write_platforms(&by_platform, output)?;
    output.line(format_args!("tags       {tags}"))?;
    let mut label = if largest.len() as u64 >= tags { "by size" } else { "largest" };
    let widest = largest.first().map(|tag| tag.devices.to_string().len()).unwrap_or_default();
    for TagCount { tag, devices } in &largest {
        output.line(format_args!("{label:9}  {devices:widest$} {tag}"))?;
        label = "";
    }
    Ok(())
}

/// How many tags there are, and the largest of them.
fn count_tags(devices: &Devices, most: usize) -> Result<(u64, Vec<TagCount>), Failure> {
    let (mut tags, mut largest) = (0_u64, Vec::new());
    let mut after = None;
    loop {
        let page = devices.tags(PlatformSet::ALL, after.as_ref(), TAGS)?;
        tags += page.items.len() as u64;
        largest.extend(page.items);
        largest.sort_by(|a: &TagCount, b| b.devices.cmp(&a.devices).then_with(|| a.tag.cmp(&b.tag)));
        largest.truncate(most);
        after = page.next;
        if after.is_none() {
            return Ok((tags, largest));
        }
    }
}

fn json_tag(TagCount { tag, devices }: &TagCount) -> String {
    format!(r#"{{"tag":{},"devices":{devices}}}"#, json(tag.as_str()))
}

fn json_of(value: &impl Serialize) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure::Io { action: "write JSON".into(), source: error.into() };
    serde_json::to_string(value).map_err(failed)
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn json_counts(by_platform: &BTreeMap<Platform, u64>) -> String {
    // In the order of the platforms, not of their names.
    let members: Vec<String> =
        by_platform.iter().map(|(platform, count)| format!("{}:{count}", json(platform.name()))).collect();
    format!("{{{}}}", members.join(","))
}
