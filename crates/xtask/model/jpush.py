"""JPush's Device API v3: which answers may come to a request, and what each does to the model."""

import base64
import binascii
import datetime
import re

import rules
from rules import BAD, over
from state import NEVER, presence
from wire import Expected, exactly, same

STATUS = {2007: 403, 7001: 401, 7002: 400, 7004: 401, 7008: 400, 7013: 400, 7015: 400}
HERE = datetime.timezone(datetime.timedelta(hours=8))


class Refused(Exception):
    """One of these codes is the answer."""

    def __init__(self, *codes, status=None, unknown=()):
        self.codes, self.status, self.unknown = codes, status, set(unknown)


def refusals(refused):
    return [refusal(code, refused.status or STATUS[code], refused.unknown) for code in refused.codes]


def refusal(code, status, unknown):
    def judge(got):
        error = got.get("error") if isinstance(got, dict) and len(got) == 1 else None
        least = {"code", "message"}
        if not isinstance(error, dict) or not least <= error.keys() <= least | {"illegal_rids"}:
            return "the shape of an error"
        message, listed = error["message"], error.get("illegal_rids")
        if type(error["code"]) is not int or error["code"] != code:
            return "another code"
        if not isinstance(message, str) or not message or "\n" in message:
            return "a message of one line"
        expected = unknown if code == 7013 else set()
        if set(listed or ()) != expected or listed == []:
            return f"illegal_rids must be {sorted(expected)}"
        return None
    return Expected(f"{status}, code {code}", (status,), judge)


def answers(law, request, now):
    """The operation that a request is, and the answers that may come."""
    path, _, query = request.target.partition(b"?")
    operation = "jpush, nothing"
    try:
        methods, names = route([s for s in path.split(b"/") if s])
        if request.method not in methods:
            raise Refused(7010, status=405)
        operation = f"jpush, {methods[request.method].__name__}"
        call = Call(law, authorize(law, request.headers), query, request.body or b"", now)
        return operation, methods[request.method](call, *map(decoded, names))
    except Refused as refused:
        return operation, refusals(refused)


def strange():
    return refusals(Refused(7002))


def too_large():
    return [refusal(7002, status, ()) for status in (400, 413)]


def route(segments):
    """The operations at a path by their methods, and the names in it."""
    match segments:
        case [b"v3", b"devices" | b"device", b"status"]:
            return {"POST": Call.status}, []
        case [b"v3", b"device", b"tags" | b"aliases" as kind, *rest] | [b"v3", b"tags" | b"aliases" as kind, *rest]:
            pass
        case [b"v3", b"devices" | b"device", id]:
            return {"GET": Call.device, "POST": Call.update}, [id]
        case _:
            raise Refused(7010, status=404)
    match kind, *rest:
        case [b"aliases", alias]:
            return {"GET": Call.alias, "POST": Call.unbind, "DELETE": Call.delete_alias}, [alias]
        case [b"tags"]:
            return {"GET": Call.tags}, []
        case [b"tags", tag]:
            return {"POST": Call.update_tag, "DELETE": Call.delete_tag}, [tag]
        case [b"tags", tag, b"registration_ids", id]:
            return {"GET": Call.member}, [tag, id]
    raise Refused(7010, status=404)


def authorize(law, headers):
    pairs = (header.partition(b":") for header in headers)
    values = [value.strip() for name, _, value in pairs if name.lower() == b"authorization"]
    if len(values) > 1:
        raise Refused(7001)
    scheme, _, encoded = (values or [b""])[0].partition(b" ")
    try:
        key, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        key = secret = ""
    if scheme.lower() != b"basic" or not key or not secret:
        raise Refused(7001)
    app = law.apps.get(key)
    if app is None:
        raise Refused(7008)
    if app.secret != secret:
        raise Refused(7004)
    return app


def decoded(segment):
    if re.search(rb"%(?![0-9A-Fa-f]{2})", segment):
        return None
    raw = re.sub(rb"%(..)", lambda found: bytes([int(found[1], 16)]), segment)
    try:
        return raw.decode()
    except UnicodeError:
        return None


def name(text):
    """A name in a path, for a question or a removal: anything that can be a name."""
    if text is None or not rules.is_name(text):
        raise Refused(7002)
    return text


def parameters(query):
    return [tuple(pair.partition(b"=")[::2]) for pair in query.split(b"&") if pair]


def date(second, form="%Y-%m-%d %H:%M:%S"):
    return datetime.datetime.fromtimestamp(second, HERE).strftime(form)


def dates(seen, form="%Y-%m-%d %H:%M:%S"):
    """Every form of the seconds in a span; of a long one, whatever it is."""
    low, high = seen
    return None if high - low > 60 else {date(second, form) for second in range(low, high + 1)}


class Call:
    def __init__(self, law, app, query, body, now):
        self.law, self.app, self.query, self.body, self.now = law, app, query, body, now

    # What requests are made of.

    def members(self):
        try:
            value = rules.parse(self.body)
        except rules.Malformed:
            raise Refused(7002) from None
        if not isinstance(value, dict):
            raise Refused(7002)
        return value

    def platforms(self):
        values = [value for key, value in parameters(self.query) if key == b"platform"]
        if not values:
            return None
        found = set()
        for value in values:
            for part in (decoded(value) or "?").split(","):
                platforms = rules.platforms_of(part)
                if platforms is None:
                    raise Refused(7002)
                found |= platforms
        return found

    def check_deletion(self):
        if any(key != b"platform" for key, _ in parameters(self.query)):
            raise Refused(7002)

    def lists(self, value, most, most_bytes=None):
        """The lists `add` and `remove`; None for one that is not given."""
        if not isinstance(value, dict) or not value.keys() <= {"add", "remove"}:
            raise Refused(7002)
        for texts in (value.get("add"), value.get("remove")):
            if texts is None:
                continue
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise Refused(7002)
            if over(len(texts), most) or over(sum(map(rules.size, texts)), most_bytes):
                raise Refused(7002)
        return value.get("add"), value.get("remove")

    def known(self, id):
        if name(id) not in self.app.devices:
            raise Refused(7002)
        return self.app.devices[id]

    # The operations.

    def device(self, id):
        device = self.known(id)
        return [exactly({"tags": sorted(device.tags), "alias": device.alias, "mobile": device.mobile})]

    def update(self, id):
        app, members = self.app, self.members()
        tags, alias, mobile = (members.get(member) for member in ("tags", "alias", "mobile"))
        add = remove = ()
        if tags is not None and tags != "":
            limits = app.limits
            add, remove = self.lists(tags, limits["tags_per_list"], limits["tag_list_bytes"])
            add, remove = add or (), remove or ()
            if not all(rules.is_new_label(t, limits) for t in add) or not all(map(rules.is_name, remove)):
                raise Refused(7002)
        for text, rule in ((alias, lambda t: rules.is_new_label(t, app.limits)), (mobile, rules.is_mobile)):
            if text is not None and not (isinstance(text, str) and (text == "" or rule(text))):
                raise Refused(7002)
        device = self.known(id)
        after = set() if tags == "" else device.tags - set(remove) | set(add)
        faults = [7002] if app.too_many_tags(id, after) else []
        faults += [7015] if alias and app.alias_is_full(alias, id) else []
        if faults:
            raise Refused(*faults)

        def change(_):
            device.tags = after
            if alias is not None:
                app.set_alias(id, alias or None)
            if mobile is not None:
                device.mobile = mobile or None
        return [exactly({}, change)]

    def alias(self, alias):
        carriers = self.app.carriers(name(alias), self.platforms())
        many, by_id = min(len(carriers), 10), {id: self.app.devices[id] for id in carriers}
        form = [value for key, value in parameters(self.query) if key == b"new_format"]

        def plain(got):
            ids = got.get("registration_ids") if isinstance(got, dict) and len(got) == 1 else None
            good = isinstance(ids, list) and len(ids) == many == len(set(ids)) and set(ids) <= by_id.keys()
            return None if good else f"{many} of {sorted(by_id)}"

        def full(got):
            data = got.get("data") if isinstance(got, dict) and len(got) == 1 else None
            if not isinstance(data, list) or not many == len(data) == len({item["registration_id"] for item in data}):
                return f"{many} devices"
            for item in data:
                device = by_id.get(item["registration_id"])
                if device is None or item.get("platform") != rules.family(device.platform):
                    return f"a device or its platform: {item}"
                shown = item.get("last_online_date")
                may = [NEVER] if device.seen is NEVER or not device.seen_is_certain else []
                may += [] if device.seen is NEVER else sorted(dates(device.seen, "%Y-%m-%d") or [shown])
                if shown not in may or not item.keys() <= {"registration_id", "platform", "last_online_date"}:
                    return f"seen {device.seen}: {item}"
            return None

        judge = full if b"true" in form else plain
        return [Expected(f"200, {many} of {sorted(by_id)}", (200,), judge)]

    def unbind(self, alias):
        alias, lists = name(alias), self.members().get("registration_ids")
        add, remove = self.lists(lists, self.app.limits["devices_per_list"])
        if remove is None or add or not all(map(rules.is_name, remove)):
            raise Refused(7002, 7013)
        self.check_known(remove)
        carriers = [id for id in remove if self.app.devices[id].alias == alias]
        return [exactly({}, lambda _: [self.app.set_alias(id, None) for id in carriers])]

    def delete_alias(self, alias):
        self.check_deletion()
        carriers = self.app.carriers(name(alias), self.platforms())
        return [exactly({}, lambda _: [self.app.set_alias(id, None) for id in carriers])]

    def tags(self):
        """All of them where there are few; of more, how they are cut is by platform or by family."""
        whole, families = self.app.tags(), {}
        for platform in {device.platform for device in self.app.devices.values()}:
            families.setdefault(rules.family(platform), set()).add(platform)
        cut = [sorted(self.app.tags(platforms)) for family, platforms in families.items() if family]
        least = {tag for tags in cut for tag in tags[:100]} if len(whole) > 100 else whole
        each = [sorted(self.app.tags({platform})) for platforms in families.values() for platform in platforms]
        most = {tag for tags in each for tag in tags[:100]}

        def judge(got):
            tags = got.get("tags") if isinstance(got, dict) and len(got) == 1 else None
            if not isinstance(tags, list) or tags != sorted(set(tags)):
                return "tags in their order, each once"
            return None if least <= set(tags) <= most else f"tags {sorted(most)}"
        return [Expected(f"200 {sorted(most)}", (200,), judge)]

    def member(self, tag, id):
        return [exactly({"result": name(tag) in self.known(id).tags})]

    def check_known(self, *lists):
        unknown = {id for ids in lists for id in ids if id not in self.app.devices}
        if unknown:
            raise Refused(7013, unknown=unknown)

    def update_tag(self, tag):
        app, lists = self.app, self.members().get("registration_ids")
        add, remove = self.lists(lists, app.limits["devices_per_list"])
        if add is None and remove is None:
            raise Refused(7002)
        given, add, remove = add or remove, add or (), remove or ()
        if not (rules.is_new_label(tag or "", app.limits) if add else rules.is_name(tag or "")):
            raise Refused(7002)
        if not all(map(rules.is_name, (*add, *remove))):
            # Names that no device can have are of no device as well.
            raise Refused(7002, 7013, unknown={id for id in (*add, *remove) if id not in app.devices})
        full = {id for id in add if id in app.devices and app.too_many_tags(id, app.devices[id].tags | {tag})}
        unknown = {id for id in (*add, *remove) if id not in app.devices}
        if full or unknown:
            raise Refused(7013, unknown=unknown)

        def change(_):
            for id in remove:
                app.devices[id].tags.discard(tag)
            for id in add:
                app.devices[id].tags.add(tag)
        done = exactly({}, change)
        # Lists that are there and empty are given, or are not.
        return [done] if given else [done, *refusals(Refused(7002))]

    def delete_tag(self, tag):
        self.check_deletion()
        platforms = self.platforms()
        return [exactly({}, lambda _, tag=name(tag): self.app.delete_tag(tag, platforms))]

    def status(self):
        app = self.app
        if not app.presence:
            raise Refused(2007, 7002) if self.asked() is BAD else Refused(2007)
        ids = self.asked()
        if ids is BAD or not ids or over(len(ids), app.limits["ids_per_presence"]):
            raise Refused(7002)
        return [Expected(f"200, of {ids}", (200,), lambda got: self.judge_status(ids, got))]

    def asked(self):
        try:
            ids = self.members().get("registration_ids")
        except Refused:
            return BAD
        return ids if isinstance(ids, list) and all(isinstance(id, str) for id in ids) else BAD

    def judge_status(self, ids, got):
        if not isinstance(got, dict) or got.keys() != set(ids):
            return "every id once"
        for id, said in got.items():
            device = self.app.devices.get(id)
            if device is None:
                if said is not None:
                    return f"{id!r} is unknown"
                continue
            may = presence(device, self.app.limits, self.now)
            bodies = [(span, {"online": online}) for online, span in may]
            good = any(said == body if span is NEVER else self.shows(said, body, span) for span, body in bodies)
            if not good or type(said["online"]) is not bool:
                return f"{id!r}, seen {device.seen}, certainly {device.seen_is_certain}, now {self.now}: {may}"
        return None

    @staticmethod
    def shows(said, body, span):
        may = dates(span)
        shown = said.get("last_online_time")
        return shown is not None and same(said, {**body, "last_online_time": shown}) and (may is None or shown in may)
