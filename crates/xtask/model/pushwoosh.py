"""Pushwoosh's calls: which answers may come to a request, and what each does to the model."""

import re

import rules
from rules import BAD, on, over
from state import Event
from wire import Expected, exactly

DONE = {"status_code": 200, "status_message": "OK", "response": None}
DAY = 86_400


class Refused(Exception):
    """One of these is the answer: what HTTP says, and what the body says."""

    def __init__(self, *codes):
        self.codes = codes


ARGUMENT, MALFORMED, STRANGER = (200, 210), (400, None), (401, 401)


def refusal(status, code):
    def judge(got):
        if not isinstance(got, dict) or got.keys() != DONE.keys() or got["response"] is not None:
            return "the shape of an answer"
        if type(got["status_code"]) is not int or got["status_code"] == 200 or code not in (None, got["status_code"]):
            return "another status_code"
        good = isinstance(got["status_message"], str) and got["status_message"] not in ("", "OK")
        return None if good else "a status_message that says why"
    return Expected(f"{status}, status_code {code or 'of an error'}", (status,), judge)


def answers(law, request, now):
    """The operation that a request is, and the answers that may come."""
    operation = "pushwoosh, nothing"
    try:
        call = route([s for s in request.target.partition(b"?")[0].split(b"/") if s])
        if request.method != "POST":
            raise Refused((405, None))
        operation = f"pushwoosh, {call.__name__}"
        return operation, call(authorized(law, request, call is Call.deleteUser, now))
    except Refused as refused:
        return operation, [refusal(*code) for code in refused.codes]


def route(segments):
    match segments:
        case [b"json", b"1.3", name] if name in CALLS and (name != b"applicationOpen" or on("application_open")):
            return CALLS[name]
        case [b"api", b"v2", b"device-api", b"deleteUser"]:
            return Call.deleteUser
    raise Refused((404, None))


def authorized(law, request, is_flat, now):
    """The call, if the token is good for the app that the body names."""
    headers = (header.partition(b":") for header in request.headers)
    values = [value.strip() for name, _, value in headers if name.lower() == b"authorization"]
    scheme, _, token = (values or [b""])[0].partition(b" ")
    if len(values) > 1 or scheme.lower() != b"token" or not token.strip():
        raise Refused(STRANGER)
    try:
        members = rules.parse(request.body or b"")
    except rules.Doubled:
        raise Refused(MALFORMED, ARGUMENT) from None
    except rules.Malformed:
        raise Refused(MALFORMED) from None
    if not is_flat:
        members = members.get("request") if isinstance(members, dict) else None
    key = members.get("application") if isinstance(members, dict) else None
    app = law.apps.get(key) if isinstance(key, str) else None
    if app is None:
        raise Refused(ARGUMENT)
    if token.strip().decode() not in app.tokens:
        raise Refused(STRANGER)
    return Call(law, app, members, now)


def done(change, response=None):
    return exactly({**DONE, "response": response}, lambda _: change())


def strange():
    return [refusal(*MALFORMED), refusal(*ARGUMENT)]


def too_large():
    return [refusal(400, None), refusal(413, None), refusal(*ARGUMENT)]


class Call:
    """Each method is a call. Empty texts count as absent."""

    def __init__(self, law, app, members, now):
        self.law, self.app, self.members, self.now = law, app, members, now

    def text(self, member, rule=rules.is_name):
        value = self.members.get(member)
        if value in (None, ""):
            return None
        if not isinstance(value, str) or not rule(value):
            raise Refused(ARGUMENT)
        return value

    def hwid(self):
        hwid = self.text("hwid")
        if hwid is None:
            raise Refused(ARGUMENT)
        return hwid

    def new_hwid(self):
        hwid = self.hwid()
        if hwid not in self.app.devices and not rules.is_new_id(hwid):
            raise Refused(ARGUMENT)
        return hwid

    def user(self, member, rule=rules.is_new_id):
        value = self.members.get(member)
        if type(value) is int:
            return str(value)
        return self.text(member, rule)

    def number(self, member):
        value = self.members.get(member)
        value = None if value in (None, "") else rules.whole(value)
        if value is BAD:
            raise Refused(ARGUMENT)
        return value

    def platform(self):
        number = self.number("device_type")
        if number is not None and number not in rules.NAMES:
            raise Refused(ARGUMENT)
        return rules.NAMES.get(number)

    def registerUser(self):
        id, user, platform, offset = self.new_hwid(), self.user("userId"), self.platform(), self.number("tz_offset")
        if offset is not None and not -43_200 <= offset <= 50_400:
            raise Refused(ARGUMENT)
        return [done(lambda: self.app.register(id, platform, self.now, offset=offset, user=user or id))]

    def registerDevice(self, opens=False):
        id, user, platform = self.new_hwid(), self.user("userId"), self.platform()
        if platform is None and not opens:
            raise Refused(ARGUMENT)
        token = self.text("push_token", lambda text: rules.is_name(text, 4096))
        language, offset, junk = self.droppable()
        if opens and id in self.app.devices:
            user = None
        register = done(lambda: self.app.register(id, platform, self.now, token, language, offset, user))
        # Of another type than a language or a zone has: dropped, or refused.
        return [register, refusal(*ARGUMENT)] if junk else [register]

    def droppable(self):
        """Language and zone, without what is wrong with them; and whether one is of a type that it never has."""
        language, zone = self.members.get("language"), self.members.get("timezone")
        language = None if language == "" else language
        offset = None if zone in (None, "") else rules.whole(zone)
        junk = offset is BAD or not isinstance(language, (str, type(None)))
        tag = rules.language(language) if isinstance(language, str) else None
        if offset is BAD or offset is not None and not -43_200 <= offset <= 50_400:
            offset = None
        return tag, offset, junk

    def applicationOpen(self):
        """Records a device that is unknown; one that is known stays its user's."""
        return self.registerDevice(opens=True)

    def unregisterDevice(self):
        id = self.hwid()

        def change():
            if id in self.app.devices:
                self.app.devices[id].token = None
        return [done(change)]

    def deleteDevice(self):
        id = self.hwid()
        return [done(lambda: self.app.remove(id))]

    def checkDevice(self):
        device = self.app.devices.get(self.hwid())
        has_token = device is not None and device.token is not None
        return [exactly({**DONE, "response": {"exist": device is not None, "push_token_exist": has_token}})]

    def deleteUser(self):
        user = self.user("user_id", rules.is_name)
        if user is None:
            raise Refused(ARGUMENT)
        return [done(lambda: self.app.delete_user(user))]

    def postEvent(self):
        app, event, hwid, user = self.app, self.text("event"), self.text("hwid"), self.user("userId", rules.is_name)
        attributes, limits = self.members.get("attributes"), self.app.limits
        good = isinstance(attributes, dict) and not over(len(attributes), limits["attributes_per_event"])
        good = good and all(0 < rules.size(name) <= 255 for name in attributes)
        if event is None or not good or not all(rules.is_attribute(v, limits) for v in attributes.values()):
            raise Refused(ARGUMENT)
        utc, current = self.number("timestampUTC"), self.number("timestampCurrent")
        self.platform()
        known = hwid in app.devices or any(device.user == user for device in app.devices.values())
        if not known or event not in app.declared and not limits["declare_on_first_use"]:
            raise Refused(ARGUMENT)
        at = self.now
        if utc is not None:
            at = (utc, utc)
        elif current is not None:
            offset = app.devices[hwid].offset if hwid in app.devices else None
            at = (current - (offset or 0),) * 2
        if on("event_time") and not (0 <= at[0] and at[1] <= self.now[1] + DAY):
            raise Refused(ARGUMENT)

        def change(body):
            app.declared.add(event)
            app.codes.add(body["response"]["code"])
            app.events.append(Event(event, attributes, hwid, user, at))
            if hwid is not None:
                app.touch(hwid, self.now)

        def judge(got):
            response = got.get("response") if isinstance(got, dict) else None
            code = response.get("code") if isinstance(response, dict) else None
            if not isinstance(code, str) or not re.fullmatch(r"[0-9A-F]{5}-[0-9A-F]{5}", code):
                return "a code of the form XXXXX-XXXXX"
            if got != {**DONE, "response": {"code": code}}:
                return "the shape of an answer"
            return "the code of another event" if code in app.codes else None
        posted = Expected("200 with a code", (200,), judge, change)
        names = [name for name in (hwid, user) if name is not None and name not in app.devices]
        # Names that no device or user can have, beside one that is known.
        return [posted] if all(map(rules.is_new_id, names)) else [posted, refusal(*ARGUMENT)]


CALLS = {call.__name__.encode(): call for call in (
    Call.registerUser, Call.registerDevice, Call.applicationOpen, Call.unregisterDevice, Call.deleteDevice,
    Call.checkDevice, Call.postEvent)}
