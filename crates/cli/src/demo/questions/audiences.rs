//! Audiences: who a condition selects.

use super::PHONE;
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, grouped, listed, yes_or_no};
use crate::failure::Failure;
use rollbook::{Audience, DeviceId, Error};

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
    interview.refused("how many are in news && (vip || ?", || parse("news && (vip ||"))
}

fn parse(text: &str) -> Result<Audience, Error> {
    Ok(Audience::parse(text)?)
}
