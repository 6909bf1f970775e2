"""The rules that need no state: platforms, names, numbers, limits, JSON, and the switches."""

import json
import re
import unicodedata

# Rules that were new when the model was written. `--without NAME` leaves one out, `--with NAME` asks for one of those
# that the service does not follow yet, `--strict` for all.
SWITCHES = {
    "application_open": "applicationOpen records a device",
    "bodies_everywhere": "a path with bytes that are no text is refused with a body",
    "device_calls_touch": "a call that a device makes counts as having seen it",
    "erased_events": "the events of a user go with it, whether or not it has a device",
    "event_time": "an event lies between 1970 and a day from now",
    "large_floats": "a float among attributes may be larger than any whole number",
    "shrinking_update": "a change that leaves a device with no more tags than before is accepted above the limit",
    "token_moves": "a push token belongs to one device of an app",
}
OFF = {"token_moves"}


def on(switch):
    assert switch in SWITCHES, switch
    return switch not in OFF


# device_type, the register's own name, and the name that JPush's clients know it by.
PLATFORMS = {
    1: ("ios", "ios"), 2: ("blackberry", None), 3: ("android", "android"), 5: ("windows_phone", "winphone"),
    7: ("macos", None), 8: ("windows", "winphone"), 9: ("amazon", "android"), 10: ("safari", None),
    11: ("chrome", None), 12: ("firefox", None), 17: ("huawei", "android"), 18: ("sms", None),
    19: ("xiaomi", "android"), 21: ("whatsapp", None),
}
NAMES = {number: name for number, (name, _) in PLATFORMS.items()}


def family(platform):
    """What JPush calls a platform of the register; nothing where it has no word for it."""
    return next((family for name, family in PLATFORMS.values() if name == platform), None)


def platforms_of(name):
    """The register's platforms that a filter's name means; nothing for a name that is none."""
    if name in ("hmos", "quickapp"):
        return set()
    return {platform for platform, jpush in PLATFORMS.values() if jpush == name} or None


JPUSH = {
    "names": "jpush", "tags_per_device": 1000, "tags_per_list": 100, "tag_list_bytes": 1000,
    "devices_per_list": 1000, "devices_per_alias": 10, "alias_overflow": "refuse", "ids_per_presence": 1000,
    "online_window_secs": 600, "last_seen_window_secs": 48 * 3600, "attributes_per_event": 100,
    "attribute_bytes": 4096, "attribute_items": 100, "declare_on_first_use": False,
    "event_retention_secs": None,
}
NONE = dict.fromkeys(["tags_per_device", "tags_per_list", "tag_list_bytes", "devices_per_list",
                      "devices_per_alias", "ids_per_presence", "attributes_per_event", "attribute_bytes",
                      "attribute_items"])
PROFILES = {"jpush": JPUSH, "relaxed": {**JPUSH, "names": "relaxed"},
            "unlimited": {**JPUSH, **NONE, "names": "any"}}


def over(count, limit):
    return limit is not None and count > limit


WHITE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(9, 14), *range(0x2000, 0x200B)}
IGNORABLE = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
             (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
             (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
             (0xE0000, 0xE0FFF)]
HAN = [(0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
       (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x20000, 0x2A6DF)]


def within(character, ranges):
    return any(low <= ord(character) <= high for low, high in ranges)


def size(text):
    return len(text.encode())


def is_name(text, most=255):
    """Can this be a name at all? New ones have to be more than that."""
    return 0 < size(text) <= most and not any(unicodedata.category(c) == "Cc" for c in text)


def is_visible(text):
    ends = (text[0], text[-1])
    return not any(ord(c) in WHITE or within(c, IGNORABLE) for c in ends)


def is_new_id(text):
    return is_name(text) and is_visible(text)


def is_new_label(text, limits):
    """May a tag or an alias of this name be added?"""
    if limits["names"] == "jpush":
        plain = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@!#$&*+=.|￥¥")
        return is_name(text, 40) and all(c in plain or within(c, HAN) for c in text)
    return is_name(text, 128 if limits["names"] == "relaxed" else 255) and is_visible(text)


def is_mobile(text):
    digits = "0123456789"
    form = text[0] in digits + "+" and all(c in digits + "-" for c in text[1:]) and len(text) <= 20
    return form and any(c in digits for c in text)


def language(text):
    """The language in its usual case; nothing where it is none."""
    parts = re.split(r"[-_]", re.split(r"[.@]", text)[0])
    kinds = [(r"[A-Za-z]{2,3}", str.lower), (r"[A-Za-z]{4}", str.title), (r"[A-Za-z]{2}|[0-9]{3}", str.upper),
             (r"[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}", str.lower)]
    kept, least = [], 0
    for part in parts:
        if len(part) == 1 and kept:
            break
        kind = next((n for n in range(least, 1 if not kept else 4) if re.fullmatch(kinds[n][0], part)), None)
        if kind is None:
            return None
        kept.append(kinds[kind][1](part))
        least = max(kind, 3) if kind == 3 else kind + 1
    return "-".join(kept) or None


class Malformed(Exception):
    """Not JSON."""


class Doubled(Malformed):
    """A member is there twice."""


class Float(float):
    """A number that was not written as a whole one."""


def no_constant(_):
    raise Malformed


# The members that mean something in some place; all others are ignored, however often they are there.
MEANT = {"tags", "alias", "mobile", "add", "remove", "registration_ids", "request", "application", "user_id"}


def once(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        if any(names.count(name) > 1 for name in MEANT):
            raise Doubled
    return members


# What no rule takes for anything, where it is not ignored.
STRANGE = object()


def is_strange(body):
    """Is there JSON by its grammar that is no value: half a pair of surrogates, a number beyond all?"""
    return re.search(rb"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|[eE]\+?400", body) is not None


def without_strange(value):
    if isinstance(value, dict):
        return {str(without_strange(key)): without_strange(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_strange(inner) for inner in value]
    is_text = not isinstance(value, str) or not any(unicodedata.category(c) == "Cs" for c in value)
    return value if is_text and value != float("inf") else STRANGE


def parse(body):
    """A body as JSON."""
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        value = json.loads(body.decode(), parse_constant=no_constant, parse_float=Float, object_pairs_hook=once)
    except ValueError as error:
        raise Malformed from error
    return without_strange(value) if is_strange(body) else value


BAD = object()


def whole(value):
    """A whole number, however it was sent."""
    if isinstance(value, bool):
        return BAD
    if isinstance(value, int):
        return value
    if isinstance(value, Float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return BAD


def is_attribute(value, limits, inner=False):
    if isinstance(value, str):
        return not over(size(value), limits["attribute_bytes"])
    if isinstance(value, list) and not inner:
        return not over(len(value), limits["attribute_items"]) and all(is_attribute(v, limits, True) for v in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return -2**63 <= value < 2**63
    if isinstance(value, float) and not on("large_floats"):
        return abs(value) < 2**63
    return isinstance(value, (bool, float))
