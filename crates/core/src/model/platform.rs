//! The kinds of devices: the one table of platforms with their vendors' names and numbers.

use crate::violation::{Rule, Violation, shown};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

macro_rules! platforms {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $device_type:expr, $jpush:expr;)*) => {
        /// The kind of a device. Its number is stable, because stores keep it.
        ///
        /// ```
        /// use rollbook::Platform;
        /// assert_eq!(Platform::from_device_type(3).unwrap(), Platform::Android);
        /// assert_eq!(Platform::from_name("winphone").unwrap(), Platform::WindowsPhone);
        /// assert!(Platform::from_name("amiga").is_err());
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "&'static str")]
        #[repr(u8)]
        pub enum Platform {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Platform {
            /// Every platform, in the order of their numbers.
            pub const ALL: [Platform; 17] = [$(Platform::$variant,)*];

            /// Returns the register's own name for the platform.
            ///
            /// ```
            /// assert_eq!(rollbook::Platform::WindowsPhone.name(), "windows_phone");
            /// ```
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Platform::$variant => $name,)* }
            }

            /// Returns Pushwoosh's `device_type`, if it has one.
            ///
            /// ```
            /// use rollbook::Platform;
            /// assert_eq!((Platform::Android.device_type(), Platform::Harmony.device_type()), (Some(3), None));
            /// ```
            #[must_use]
            pub const fn device_type(self) -> Option<u8> {
                match self { $(Platform::$variant => $device_type,)* }
            }

            /// Returns JPush's name, if it has one. JPush calls every Android phone `android`, whatever its vendor, and
            /// all Windows `winphone`; [`PlatformSet::from_jpush_name`] is the reverse.
            ///
            /// ```
            /// use rollbook::Platform;
            /// assert_eq!((Platform::Harmony.jpush_name(), Platform::Macos.jpush_name()), (Some("hmos"), None));
            /// assert_eq!(Platform::Huawei.jpush_name(), Some("android"));
            /// ```
            #[must_use]
            pub const fn jpush_name(self) -> Option<&'static str> {
                match self { $(Platform::$variant => $jpush,)* }
            }
        }
    };
}

platforms! {
    /// The platform of devices for which none was given. Only queries without a platform filter select them.
    Unknown = 0, "unknown", None, None;
    /// iOS.
    Ios = 1, "ios", Some(1), Some("ios");
    /// Android.
    Android = 2, "android", Some(3), Some("android");
    /// Windows Phone; `winphone` in JPush.
    WindowsPhone = 3, "windows_phone", Some(5), Some("winphone");
    /// macOS.
    Macos = 4, "macos", Some(7), None;
    /// Windows; `winphone` in JPush.
    Windows = 5, "windows", Some(8), Some("winphone");
    /// Amazon devices; `android` in JPush.
    Amazon = 6, "amazon", Some(9), Some("android");
    /// Web push in Safari.
    Safari = 7, "safari", Some(10), None;
    /// Web push in Chrome.
    Chrome = 8, "chrome", Some(11), None;
    /// Web push in Firefox.
    Firefox = 9, "firefox", Some(12), None;
    /// Huawei devices; `android` in JPush.
    Huawei = 10, "huawei", Some(17), Some("android");
    /// Text messages.
    Sms = 11, "sms", Some(18), None;
    /// Xiaomi devices; `android` in JPush.
    Xiaomi = 12, "xiaomi", Some(19), Some("android");
    /// WhatsApp.
    Whatsapp = 13, "whatsapp", Some(21), None;
    /// HarmonyOS; `hmos` in JPush.
    Harmony = 14, "harmony", None, Some("hmos");
    /// Quick apps.
    Quickapp = 15, "quickapp", None, Some("quickapp");
    /// BlackBerry.
    Blackberry = 16, "blackberry", Some(2), None;
}

impl Platform {
    /// The number of platforms.
    pub const COUNT: usize = Self::ALL.len();

    /// Returns the stable number, which is below [`Platform::COUNT`].
    ///
    /// ```
    /// use rollbook::Platform;
    /// for platform in Platform::ALL {
    ///     assert_eq!(Platform::from_number(platform.number()), Some(platform));
    /// }
    /// ```
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the platform of a stable number.
    ///
    /// ```
    /// use rollbook::Platform;
    /// assert_eq!(Platform::from_number(2), Some(Platform::Android));
    /// assert_eq!(Platform::from_number(200), None);
    /// ```
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Returns the platform of a name: the register's own name, or JPush's. A JPush name of several platforms is read
    /// as the platform that it is named after: `android` as Android, `winphone` as Windows Phone.
    ///
    /// ```
    /// use rollbook::Platform;
    /// assert_eq!(Platform::from_name("windows_phone"), Platform::from_name("winphone"));
    /// assert!(Platform::from_name("amiga").unwrap_err().limit().contains("ios"));
    /// ```
    ///
    /// # Errors
    /// An unknown name is a violation of the field `platform`.
    pub fn from_name(name: &str) -> Result<Self, Violation> {
        // The first match is the right one for a JPush name of several platforms: the platform named after it has the
        // lowest number.
        Self::ALL.into_iter().find(|p| p.name() == name || p.jpush_name() == Some(name)).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|p| p.name()).collect();
            Violation::new(
                "platform",
                Rule::Known,
                format!("must be one of {}", names.join(" ")),
                shown(name),
            )
        })
    }

    /// Returns the platform of a Pushwoosh `device_type`.
    ///
    /// ```
    /// use rollbook::Platform;
    /// assert_eq!(Platform::from_device_type(3).unwrap(), Platform::Android);
    /// assert!(Platform::from_device_type(99).is_err());
    /// ```
    ///
    /// # Errors
    /// An unknown number is a violation of the field `device_type`.
    pub fn from_device_type(number: i64) -> Result<Self, Violation> {
        Self::ALL.into_iter().find(|p| p.device_type().map(i64::from) == Some(number)).ok_or_else(|| {
            let numbers: Vec<String> =
                Self::ALL.iter().filter_map(|p| p.device_type()).map(|n| n.to_string()).collect();
            Violation::new(
                "device_type",
                Rule::Known,
                format!("must be one of {}", numbers.join(" ")),
                number,
            )
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Platform {
    type Error = Violation;
    fn try_from(name: String) -> Result<Self, Violation> {
        Self::from_name(&name)
    }
}

impl From<Platform> for &'static str {
    fn from(platform: Platform) -> Self {
        platform.name()
    }
}

/// A set of platforms: the filter of an operation, or the scope of a deletion.
///
/// [`PlatformSet::ALL`] contains every platform including [`Platform::Unknown`]; it means "no filter".
///
/// ```
/// use rollbook::{Platform, PlatformSet};
/// let set = PlatformSet::of(&[Platform::Ios, Platform::Android]);
/// assert!(set.contains(Platform::Ios) && !set.contains(Platform::Unknown));
/// assert_eq!(set.iter().count(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlatformSet(u32);

impl PlatformSet {
    /// Every platform.
    pub const ALL: PlatformSet = PlatformSet((1 << Platform::COUNT) - 1);
    /// No platform.
    pub const NONE: PlatformSet = PlatformSet(0);

    /// Creates the set of these platforms.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let phones = PlatformSet::of(&[Platform::Ios, Platform::Android]);
    /// assert!(phones.contains(Platform::Ios) && !phones.complement().contains(Platform::Ios));
    /// assert_eq!(phones.with(Platform::Harmony).iter().count(), 3);
    /// ```
    #[must_use]
    pub fn of(platforms: &[Platform]) -> Self {
        platforms.iter().fold(Self::NONE, |set, &p| set.with(p))
    }

    /// Returns the platforms that JPush means by a name: every platform with this [`jpush_name`](Platform::jpush_name).
    /// The register's own `harmony` and `windows_phone` are understood too.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let phones = [Platform::Android, Platform::Amazon, Platform::Huawei, Platform::Xiaomi];
    /// assert_eq!(PlatformSet::from_jpush_name("android")?, PlatformSet::of(&phones));
    /// assert!(PlatformSet::from_jpush_name("macos").is_err());
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// A name that JPush does not have is a violation of the field `platform`.
    pub fn from_jpush_name(name: &str) -> Result<Self, Violation> {
        let known = match name {
            "harmony" => "hmos",
            "windows_phone" => "winphone",
            other => other,
        };
        let set: Self = Platform::ALL.into_iter().filter(|p| p.jpush_name() == Some(known)).collect();
        if set.is_empty() {
            let limit = "must be one of ios android winphone hmos quickapp";
            return Err(Violation::new("platform", Rule::Known, limit, shown(name)));
        }
        Ok(set)
    }

    /// Returns this set with one more platform.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let phones = PlatformSet::NONE.with(Platform::Ios).with(Platform::Android);
    /// assert_eq!(phones, PlatformSet::of(&[Platform::Android, Platform::Ios]));
    /// ```
    #[must_use]
    pub const fn with(self, platform: Platform) -> Self {
        PlatformSet(self.0 | 1 << platform.number())
    }

    /// Returns whether the platform is in the set.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let phones = PlatformSet::of(&[Platform::Ios, Platform::Android]);
    /// assert!(phones.contains(Platform::Ios) && !phones.contains(Platform::Macos));
    /// ```
    #[must_use]
    pub const fn contains(self, platform: Platform) -> bool {
        self.0 & 1 << platform.number() != 0
    }

    /// Returns whether the set is empty.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// assert!(PlatformSet::NONE.is_empty());
    /// assert!(!PlatformSet::from(Platform::Ios).is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the intersection of both sets.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let (apple, phones) = (
    ///     PlatformSet::of(&[Platform::Ios, Platform::Macos]),
    ///     PlatformSet::of(&[Platform::Ios, Platform::Android]),
    /// );
    /// assert_eq!(apple.and(phones), Platform::Ios.into());
    /// assert_eq!(apple.or(phones).iter().count(), 3);
    /// assert!(apple.and(Platform::Sms.into()).is_empty());
    /// ```
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        PlatformSet(self.0 & other.0)
    }

    /// Returns the union of both sets.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let (apple, phones) = (
    ///     PlatformSet::of(&[Platform::Ios, Platform::Macos]),
    ///     PlatformSet::of(&[Platform::Ios, Platform::Android]),
    /// );
    /// assert_eq!(apple.or(phones), apple.with(Platform::Android));
    /// ```
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        PlatformSet(self.0 | other.0)
    }

    /// Returns every platform that is not in this set.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let others = PlatformSet::of(&[Platform::Ios, Platform::Android]).complement();
    /// assert!(others.contains(Platform::Unknown) && !others.contains(Platform::Ios));
    /// assert_eq!(PlatformSet::NONE.complement(), PlatformSet::ALL);
    /// ```
    #[must_use]
    pub const fn complement(self) -> Self {
        PlatformSet(!self.0 & Self::ALL.0)
    }

    /// Returns the platforms of the set, in the order of their numbers.
    ///
    /// ```
    /// use rollbook::{Platform, PlatformSet};
    /// let phones = PlatformSet::of(&[Platform::Android, Platform::Ios]);
    /// assert!(phones.iter().eq([Platform::Ios, Platform::Android]));
    /// ```
    pub fn iter(self) -> impl Iterator<Item = Platform> {
        Platform::ALL.into_iter().filter(move |&p| self.contains(p))
    }
}

impl fmt::Debug for PlatformSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Platform::name)).finish()
    }
}

impl From<Platform> for PlatformSet {
    fn from(platform: Platform) -> Self {
        Self::NONE.with(platform)
    }
}

impl FromIterator<Platform> for PlatformSet {
    fn from_iter<I: IntoIterator<Item = Platform>>(platforms: I) -> Self {
        platforms.into_iter().fold(Self::NONE, PlatformSet::with)
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Platform::from_name(&Cow::<'_, str>::deserialize(from)?).map_err(Violation::in_decoding)
    }
}

impl Serialize for PlatformSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PlatformSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Platform>::deserialize(deserializer)?.into_iter().collect())
    }
}
