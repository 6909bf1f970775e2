//! Tags and aliases: names that lead to devices.

use super::{PHONE, TABLET};
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, grouped, listed, yes_or_no};
use crate::failure::Failure;
use rollbook::{
    Alias, DeviceId, DeviceUpdate, Page, Platform, PlatformSet, Set, TagCount, TagName, parse_list,
};

/// How many rows the questions ask for.
const ROWS: usize = 3;

pub(super) fn ask_tags(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (news, staff, mornings) = (TagName::new("news")?, TagName::new("staff")?, TagName::new("mornings")?);
    let (phone, tablet) = (DeviceId::new(PHONE)?, DeviceId::new(TABLET)?);
    let ios = PlatformSet::from(Platform::Ios);
    interview.topic("tags");

    let page = interview.ask("the first three tags", || app.tags(PlatformSet::ALL, None, ROWS), sizes)?;
    let question = "the next three, on ios only";
    interview.ask(question, || app.tags(ios, page.next.as_ref(), ROWS), sizes)?;
    let carriers = |count: &u64| counted(*count, "device");
    interview.ask("how many carry news?", || app.tag_count(&news, PlatformSet::ALL), carriers)?;
    interview.ask("how many of them on ios?", || app.tag_count(&news, ios), carriers)?;
    interview.ask("does ann-phone carry news?", || app.has_tag(&phone, &news), |is| yes_or_no(*is))?;
    let unknown = TagName::new("no_such_tag")?;
    interview.ask("does it carry no_such_tag?", || app.has_tag(&phone, &unknown), |is| yes_or_no(*is))?;
    let page = interview.ask(
        "the first three devices of news",
        || app.tag_devices(&news, PlatformSet::ALL, None, ROWS),
        |page| listed(&page.items),
    )?;
    interview.ask(
        "the next three",
        || app.tag_devices(&news, PlatformSet::ALL, page.next, ROWS),
        |page| listed(&page.items),
    )?;

    let both = [phone.clone(), tablet.clone()];
    interview.order("put mornings on two devices, take staff off one", || {
        app.update_tag(&mornings, &both, &[])?;
        app.update_tag(&staff, &[], &both[..1])
    })?;
    let question = "the devices of mornings";
    let all = || app.tag_devices(&mornings, PlatformSet::ALL, None, ROWS);
    interview.ask(question, all, |page| listed(&page.items))?;
    let strangers = parse_list("add", &["stranger-1", PHONE, "stranger-2"]).map_err(rollbook::Error::from)?;
    interview.refused("put it on strangers too", || app.update_tag(&mornings, &strangers, &[]))?;
    interview.refused("put it on no device", || app.update_tag(&mornings, &[], &[]))?;

    let version = TagName::new("version_10")?;
    interview.order("delete version_10 on ios", || app.delete_tag(&version, ios))?;
    let question = "how many carry it now? (on ios, on all)";
    interview.ask(
        question,
        || Ok((app.tag_count(&version, ios)?, app.tag_count(&version, PlatformSet::ALL)?)),
        |(on_ios, on_all)| format!("{} and {}", grouped(*on_ios), grouped(*on_all)),
    )?;
    interview.order("delete mornings everywhere", || app.delete_tag(&mornings, PlatformSet::ALL))?;
    let question = "does ann-phone carry mornings?";
    interview.ask(question, || app.has_tag(&phone, &mornings), |is| yes_or_no(*is))?;
    Ok(())
}

fn sizes(page: &Page<TagCount, TagName>) -> String {
    listed(page.items.iter().map(|row| format!("{} {}", row.tag, grouped(row.devices))))
}

pub(super) fn ask_aliases(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (ann, phone, tablet) = (Alias::new("ann")?, DeviceId::new(PHONE)?, DeviceId::new(TABLET)?);
    let update = DeviceUpdate { alias: Set::To(ann.clone()), ..DeviceUpdate::default() };
    interview.topic("aliases");

    let question = "set alias ann on ann-tablet, too";
    interview.ask(question, || app.update(&tablet, &update), |_| "done".into())?;
    let on = |platforms| {
        let ann = &ann;
        move || app.alias_devices(ann, platforms)
    };
    interview.ask("the devices of alias ann", on(PlatformSet::ALL), |ids| listed(ids))?;
    let android = PlatformSet::from(Platform::Android);
    interview.ask("those on android", on(android), |ids| listed(ids))?;
    interview.order("unbind ann-phone from it", || app.unbind_alias(&ann, &[phone]))?;
    interview.ask("its devices now", on(PlatformSet::ALL), |ids| listed(ids))?;
    let strangers = [DeviceId::new("stranger-1")?, tablet];
    interview.refused("unbind a stranger", || app.unbind_alias(&ann, &strangers))?;
    interview.order("delete the alias on android", || app.delete_alias(&ann, android))?;
    interview.ask("its devices now", on(PlatformSet::ALL), |ids| listed(ids))?;
    interview.order("delete it everywhere", || app.delete_alias(&ann, PlatformSet::ALL))?;
    interview.ask("its devices now", on(PlatformSet::ALL), |ids| listed(ids))?;
    Ok(())
}
