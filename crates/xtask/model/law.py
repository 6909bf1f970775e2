"""The apps of a run, and which face a request belongs to."""

import jpush
import pushwoosh
import rules
from service import BODY_LIMIT
from state import App
from wire import Expected

WINDOWS = {"online_window_secs": 0, "last_seen_window_secs": 1}


def apps():
    """Apps with every kind of limits, small ones among them, so that they are met."""
    few = {"tags_per_device": 3, "tags_per_list": 4, "tag_list_bytes": 24, "devices_per_list": 4,
           "devices_per_alias": 2, "ids_per_presence": 3, "attributes_per_event": 3, "attribute_bytes": 8,
           "attribute_items": 2, "declare_on_first_use": True, "event_retention_secs": 86_400}
    oldest = {"alias_overflow": "evict_oldest", "devices_per_alias": 2, "tags_per_device": 5}
    jpush = rules.PROFILES["jpush"]
    return [
        configured("0123456789abcdef01234567", "plain-secret", {"T-plain", "T-both"}, True, jpush),
        configured("RELAX-00001", "relaxed secret", {"T-both"}, True, rules.PROFILES["relaxed"]),
        configured("unlimited", "unlimited:secret", {"T-unlimited"}, True, rules.PROFILES["unlimited"]),
        configured("oldest_0", "oldest-secret", {"T-oldest"}, False, {**jpush, **oldest}),
        configured("few", "few-secret", {"T-few", "T-both"}, True, {**jpush, **few, **WINDOWS}),
    ]


def configured(key, secret, tokens, presence, limits):
    app = App(key, secret, tokens, presence, {"opened", "bought"}, dict(limits))
    app.configured = {"opened", "bought"}
    return app


class Law:
    def __init__(self):
        self.apps = {app.key: app for app in apps()}

    def answers(self, request, now):
        """What the request asks for, and the answers that may come, one of which must."""
        segments = [segment for segment in request.target.partition(b"?")[0].split(b"/") if segment]
        face = pushwoosh if segments[:1] in ([b"json"], [b"api"]) else jpush
        operation, expected = face.answers(self, request, now)
        unread = []
        if not is_text(request.target):
            # What reads the head may refuse it before anything else is looked at, in the form of its protocol, or in
            # JPush's where it came together with other requests.
            unread = jpush.refusals(jpush.Refused(7002))
            unread += [pushwoosh.refusal(*pushwoosh.MALFORMED)] if face is pushwoosh else []
            unread = unread if rules.on("bodies_everywhere") else [Expected("400", (400,), None)]
            expected = expected + unread
        if rules.is_strange(request.body or b""):
            expected = expected + face.strange()
        if len(request.body or b"") <= BODY_LIMIT:
            return operation, expected
        early = [one for one in expected if set(one.statuses) & {401, 404, 405} or one in unread]
        return operation, early + face.too_large()

    def set_limits(self, key, limits):
        self.apps[key].limits.update(limits)


def is_text(target):
    try:
        target.decode()
    except UnicodeError:
        return False
    return True
