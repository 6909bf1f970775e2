//! Events: history.

use super::PHONE;
use crate::demo::interview::{Interview, counted, listed};
use crate::demo::{NOW, Stage};
use crate::failure::Failure;
use rollbook::{
    Attribute, DeviceId, Event, EventCode, EventName, EventOrder, EventPosition, EventQuery, EventScope,
    NewEvent, Page, UserId,
};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (bought, phone) = (EventName::new("bought")?, DeviceId::new(PHONE)?);
    let purchase = |secs: i64, price: f64| NewEvent {
        device: Some(phone.clone()),
        attributes: [("item", Attribute::from("a hat")), ("price", price.into())].into_iter().collect(),
        timestamp_utc: Some(NOW.plus(secs)),
        ..NewEvent::new(bought.clone())
    };
    interview.topic("events");

    let event = purchase(-7_200, 20.0);
    interview.refused("post bought before it is declared", || app.post_event(&event))?;
    interview.order("declare bought", || app.declare_event(&bought))?;
    interview.ask(
        "the declared events",
        || app.event_types(),
        |types| listed(types.iter().map(|event_type| &event_type.name)),
    )?;
    let code = |code: &EventCode| format!("code {code}");
    interview.ask("post bought on ann-phone", || app.post_event(&event), code)?;
    interview.ask("post it once more", || app.post_event(&event), code)?;
    let now = NewEvent { user: Some(UserId::new(PHONE)?), ..NewEvent::new(bought.clone()) };
    interview.ask("post bought for its user, now", || app.post_event(&now), code)?;
    let expired = purchase(-40 * 86_400, 5.0);
    interview.ask("post one of forty days ago", || app.post_event(&expired), code)?;
    interview.refused("post one of nobody", || app.post_event(&NewEvent::new(bought.clone())))?;

    let of_device = EventQuery { scope: EventScope::Device(phone.clone()), ..EventQuery::default() };
    interview.ask("the events of ann-phone, newest first", || app.events(&of_device), told)?;
    let of_name = EventQuery {
        scope: EventScope::Name(bought.clone()),
        order: EventOrder::OldestFirst,
        limit: 2,
        ..EventQuery::default()
    };
    let page = interview.ask("the first two named bought", || app.events(&of_name), told)?;
    let of_name = EventQuery { after: page.next, ..of_name };
    interview.ask("those after them", || app.events(&of_name), told)?;
    let of_hour = EventQuery { from: NOW.plus(-3_600), ..EventQuery::default() };
    interview.ask("all of the last hour", || app.events(&of_hour), told)?;
    let erased = |number: &u64| format!("{} erased", counted(*number, "event"));
    interview.ask("erase what is older than thirty days", || app.purge_events(), erased)?;
    Ok(())
}

fn told(page: &Page<Event, EventPosition>) -> String {
    listed(page.items.iter().map(|event| format!("{} {} ({})", event.at, event.name, event.code)))
}
