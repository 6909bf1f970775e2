//! Apps: isolated from each other.

use super::PHONE;
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, listed, yes_or_no};
use crate::failure::Failure;
use rollbook::{
    AppInfo, AppKey, AppSettings, Audience, DeviceId, Limits, Page, Platform, Registration, Secret,
};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let (register, app) = (&stage.register, &stage.app);
    let (shop, bank, phone) = (AppKey::new("shop")?, AppKey::new("bank")?, DeviceId::new(PHONE)?);
    let described = |page: &Page<AppInfo, AppKey>| {
        listed(page.items.iter().map(|app| format!("{} ({:?})", app.key, app.name)))
    };
    interview.topic("apps");

    let settings = AppSettings { name: "A bank".into(), ..AppSettings::default() };
    let other = interview.ask(
        "create an app",
        || register.create_app(&bank, settings.clone()),
        |app| format!("app {}", app.key()),
    )?;
    interview.refused("create it again", || register.create_app(&bank, settings))?;
    interview.refused("look ann-phone up in it", || other.device(&phone))?;
    let same_id = Registration::new(phone.clone(), Platform::Macos);
    interview.ask(
        "register a device ann-phone in it",
        || other.register(&same_id),
        |did| if did.created { "created" } else { "updated" }.into(),
    )?;
    interview.ask(
        "ann-phone in the one and in the other",
        || Ok((app.device(&phone)?, other.device(&phone)?)),
        |(here, there)| format!("{} and {}", here.platform, there.platform),
    )?;
    let count = || other.count(&Audience::All);
    interview.ask("how many devices are in the new app?", count, |count| counted(*count, "device"))?;
    interview.order("rename it", || register.rename_app(&bank, "The bank"))?;
    interview.ask("all apps", || register.apps(None, 10), described)?;
    let secret = Secret::new("the secret of the shop")?;
    let verify = || Ok(app.verify_master_secret(&secret));
    interview.ask("is that the secret of the shop?", verify, |is| yes_or_no(*is))?;
    let verify = || Ok(other.verify_master_secret(&secret));
    interview.ask("and of the bank?", verify, |is| yes_or_no(*is))?;
    let strict = Limits { devices_per_list: Some(1), ..app.limits().clone() };
    interview.order("lower a limit of the shop", || register.set_limits(&shop, &strict))?;
    let app = register.app(&shop)?;
    let two = [phone.clone(), DeviceId::new("lamp")?];
    let tag = rollbook::TagName::new("lit")?;
    interview.refused("put a tag on two devices in one call", || app.update_tag(&tag, &two, &[]))?;
    interview.order("delete the new app", || register.delete_app(&bank))?;
    interview.refused("look it up", || register.app(&bank))?;
    interview.ask(
        "ann-phone is still in the shop",
        || app.device(&phone),
        |device| device.platform.to_string(),
    )?;
    Ok(())
}
