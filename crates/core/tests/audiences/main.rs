//! Audiences as a caller meets them: the vendor's form, cursors, batches, samples, explanations, saved audiences. One
//! file a subject.

#[cfg(test)]
mod cursors;
#[cfg(test)]
mod jpush;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shown;

#[cfg(test)]
mod shop {
    use rollbook::{App, AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry, TagName};
    use rollbook_testkit::ordered::OrderedStore;

    pub(crate) type TestApp = App<OrderedStore>;

    pub(crate) fn registry() -> Registry<OrderedStore> {
        Registry::builder(OrderedStore::new()).build()
    }

    pub(crate) fn app_in(registry: &Registry<OrderedStore>, key: &str) -> TestApp {
        registry.create_app(&AppKey::new(key).unwrap(), AppSettings::default()).unwrap()
    }

    pub(crate) fn app() -> TestApp {
        app_in(&registry(), "shop")
    }

    pub(crate) fn id(text: &str) -> DeviceId {
        DeviceId::new(text).unwrap()
    }

    pub(crate) fn enrol(app: &TestApp, device: &str, platform: Platform, tags: &[&str]) {
        let tags = tags.iter().map(|tag| TagName::new(*tag).unwrap()).collect();
        app.register(&Registration { tags, ..Registration::new(id(device), platform) }).unwrap();
    }

    pub(crate) fn audience(text: &str) -> Audience {
        text.parse().unwrap()
    }
}
