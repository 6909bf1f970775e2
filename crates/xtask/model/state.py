"""What an app holds, and what each operation makes of it. Nothing here knows of a protocol."""

from dataclasses import dataclass, field

import rules
from rules import on, over

NEVER = None


@dataclass(slots=True)
class Device:
    platform: str
    user: str
    tags: set = field(default_factory=set)
    token: str | None = None
    mobile: str | None = None
    language: str | None = None
    offset: int | None = None
    alias: str | None = None
    # When it was seen: the earliest and the latest second that it can have been, or NEVER.
    seen: tuple | None = NEVER
    # A kill may lose the last heartbeats: then it may as well have been seen earlier, or never.
    seen_is_certain: bool = True


@dataclass(slots=True)
class Event:
    name: str
    attributes: dict
    device: str | None
    user: str | None
    # The earliest and the latest second that it can be of.
    at: tuple


class App:
    def __init__(self, key, secret, tokens, presence, events, limits):
        self.key, self.secret, self.tokens, self.presence = key, secret, tokens, presence
        self.declared = set(events)
        self.limits = limits
        self.devices, self.events, self.codes = {}, [], set()
        # The devices of each alias, the one that was bound first in front.
        self.aliases = {}

    # Questions.

    def of_platforms(self, ids, platforms):
        return [id for id in ids if platforms is None or self.devices[id].platform in platforms]

    def carriers(self, alias, platforms=None):
        return self.of_platforms(self.aliases.get(alias, ()), platforms)

    def tags(self, platforms=None):
        return {tag for id in self.of_platforms(self.devices, platforms) for tag in self.devices[id].tags}

    def alias_is_full(self, alias, id):
        carriers = self.carriers(alias)
        # A device that carries it already keeps it, also above a limit that was lowered since.
        grows = id not in carriers
        return grows and self.limits["alias_overflow"] == "refuse" and over(len(carriers) + 1, self.limits["devices_per_alias"])

    def too_many_tags(self, id, after):
        before = self.devices[id].tags
        grows = len(after) > len(before) or not on("shrinking_update") and after - before
        return grows and over(len(after), self.limits["tags_per_device"])

    # Changes.

    def register(self, id, platform, now, token=None, language=None, offset=None, user=None):
        device = self.devices.get(id)
        if device is None:
            device = self.devices[id] = Device(platform or "unknown", id)
        if platform is not None:
            device.platform = platform
        if token is not None:
            if on("token_moves"):
                for other in self.devices.values():
                    other.token = None if other.token == token else other.token
            device.token = token
        device.language = device.language if language is None else language
        device.offset = device.offset if offset is None else offset
        device.user = device.user if user is None else user
        self.touch(id, now)

    def touch(self, id, now):
        device = self.devices.get(id)
        if device is not None and on("device_calls_touch"):
            device.seen, device.seen_is_certain = now, True

    def remove(self, id):
        if id in self.devices:
            self.set_alias(id, None)
            del self.devices[id]

    def set_alias(self, id, alias):
        device = self.devices[id]
        if device.alias == alias:
            return
        if device.alias is not None:
            carriers = self.aliases[device.alias]
            carriers.remove(id)
            if not carriers:
                del self.aliases[device.alias]
        device.alias = alias
        if alias is not None:
            carriers = self.aliases.setdefault(alias, [])
            if self.limits["alias_overflow"] == "evict_oldest":
                while over(len(carriers) + 1, self.limits["devices_per_alias"]):
                    self.devices[carriers.pop(0)].alias = None
            carriers.append(id)

    def delete_tag(self, tag, platforms):
        for id in self.of_platforms(self.devices, platforms):
            self.devices[id].tags.discard(tag)

    def delete_user(self, user):
        gone = {id for id, device in self.devices.items() if device.user == user}
        if gone or on("erased_events"):
            self.events = [e for e in self.events if e.user != user and e.device not in gone]
        for id in gone:
            self.remove(id)

    def forget_heartbeats(self):
        """After a kill: what was seen in the last seconds may be lost."""
        for device in self.devices.values():
            device.seen_is_certain = False

    def kept_events(self, now):
        """The events that must be there, and those that may be there still: retention is by the second."""
        kept = self.limits["event_retention_secs"]
        if kept is None:
            return self.events, []
        sure = [e for e in self.events if e.at[0] >= now[1] - kept]
        maybe = [e for e in self.events if e.at[1] >= now[0] - kept and e not in sure]
        return sure, maybe


def presence(device, limits, now):
    """What may be said of when a device was seen: pairs of online and the seconds that may be shown."""
    may = []
    if device.seen is NEVER or not device.seen_is_certain:
        may.append((False, NEVER))
    if device.seen is not NEVER:
        low, high = device.seen if device.seen_is_certain else (0, device.seen[1])
        least, most = max(now[0] - high, 0), now[1] - low
        if least <= limits["online_window_secs"]:
            may.append((True, NEVER))
        if most > limits["online_window_secs"] and least <= limits["last_seen_window_secs"]:
            may.append((False, (low, high)))
        if most > max(limits["online_window_secs"], limits["last_seen_window_secs"]):
            may.append((False, NEVER))
    return may
