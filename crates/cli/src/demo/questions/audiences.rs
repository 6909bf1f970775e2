//! Audiences: the devices that a condition selects.

use super::PHONE;
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, grouped, listed, yes_or_no};
use crate::failure::Failure;
use rollbook::{Audience, DeviceId, Error, ExplainedPart, SavedAudiences};

const CONDITION: &str = "news && (ios_beta || vip) && !muted";

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    interview.topic("audiences");

    for text in [
        "all()",
        "news",
        CONDITION,
        "sports && platform(ios, android)",
        "!(news || sports) && city_000",
        "alias(person_0000001) || user(ann-phone)",
        "tag(staff) && !device(device-0000001)",
    ] {
        let question = format!("how many are in {text} ?");
        interview.ask(&question, || app.count(&parse(text)?), |count| counted(*count, "device"))?;
    }
    let condition = parse(CONDITION)?;
    interview.ask(
        "the third one, by platform",
        || app.count_by_platform(&condition),
        |counts| listed(counts.iter().map(|(platform, count)| format!("{platform} {}", grouped(*count)))),
    )?;
    let first = || app.audience(&condition, None, 3);
    let page = interview.ask("its first three devices", first, |page| listed(&page.items))?;
    let next = || app.audience(&condition, page.next, 3);
    interview.ask("the next three", next, |page| listed(&page.items))?;
    let all = || {
        let (mut devices, mut pages, mut after) = (0, 0_u64, None);
        loop {
            let page = app.audience(&condition, after, 1_000)?;
            devices += page.items.len() as u64;
            pages += 1;
            after = page.next;
            if after.is_none() {
                return Ok((devices, pages));
            }
        }
    };
    interview.ask("all of them, a thousand a page", all, |(devices, pages)| {
        format!("{} on {}", counted(*devices, "device"), counted(*pages, "page"))
    })?;
    let phone = DeviceId::new(PHONE)?;
    interview.ask("is ann-phone in it?", || app.contains(&condition, &phone), |is| yes_or_no(*is))?;
    let other = parse("vip && !muted")?;
    interview.ask("is it in vip && !muted ?", || app.contains(&other, &phone), |is| yes_or_no(*is))?;
    interview.refused("how many are in news && (vip || ?", || parse("news && (vip ||"))?;
    ask_more(stage, interview, &condition, &phone)
}

/// Shows how an audience is made, and what a sender asks about it.
fn ask_more(
    stage: &Stage,
    interview: &mut Interview,
    condition: &Audience,
    phone: &DeviceId,
) -> Result<(), Failure> {
    let app = &stage.app;
    let explained = || app.explain(condition);
    interview.ask("explain the third one, on its first platform", explained, |explained| {
        let part = |part: &ExplainedPart| format!("{} {}", grouped(part.devices), part.label);
        match explained.platforms.first() {
            Some((platform, whole)) => {
                format!("{platform}: {} of {}", part(whole), listed(whole.members.iter().map(part)))
            }
            None => listed::<&str>([]),
        }
    })?;
    let why_not = || {
        let failed = app.why_not(condition, phone)?.map_or_else(Vec::new, |reason| reason.because);
        Ok(failed.iter().map(|part| format!("not {}", part.part)).collect::<Vec<_>>())
    };
    interview.ask("why is ann-phone not in it?", why_not, |failed| listed(failed))?;
    let audiences = [parse("news")?, parse("vip")?, parse("sports")?];
    let [news, ..] = &audiences;
    interview.ask(
        "how do news, vip and sports overlap?",
        || app.overlap(&audiences),
        |overlap| {
            format!("{} in any, {} in several", counted(overlap.any, "device"), grouped(overlap.several))
        },
    )?;
    interview.ask("three of news by chance", || app.sample(news, 3, 1), |devices| listed(devices))?;
    let mut saved = SavedAudiences::new();
    for name in ["news", "vip", "!muted"] {
        saved.insert(name, parse(name)?).map_err(Error::from)?;
    }
    let matching = || Ok(listed(app.matching(&saved, phone)?));
    interview.ask("which of three saved audiences is ann-phone in?", matching, String::clone)?;
    let streamed = || {
        let mut bytes = 0_u64;
        app.select(condition)?.for_each(|_, id| bytes += id.len() as u64)?;
        Ok(bytes)
    };
    interview.ask("stream the ids of the third one", streamed, |bytes| counted(*bytes, "byte"))?;
    let delivered = || {
        let (mut devices, mut number, mut batches) = (0_u64, 0_u64, app.batches(condition, 500, None)?);
        while let Some(batch) = batches.next_batch()? {
            devices += batch.devices.len() as u64;
            number += 1;
        }
        Ok((devices, number))
    };
    interview.ask("batches of 500 of one platform for delivery", delivered, |(devices, number)| {
        format!(
            "{} in {}",
            counted(*devices, "device"),
            if *number == 1 { "1 batch".into() } else { format!("{} batches", grouped(*number)) }
        )
    })?;
    Ok(())
}

fn parse(text: &str) -> Result<Audience, Error> {
    Ok(Audience::parse(text)?)
}
