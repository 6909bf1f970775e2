"""Makes steps by chance: mostly good requests over few names, with every kind of mistake mixed in."""

import base64
import collections
import json
import time

import pools
from wire import Request


class Generator:
    def __init__(self, rng, law):
        self.rng, self.law, self.tokens = rng, law, 0
        self.ids = rng.sample(pools.IDS, rng.choice([4, 7, 7, 16]))
        self.users = rng.sample(pools.USERS, 4) + [rng.choice(self.ids)]
        self.labels = {key: self.some_labels(app.limits["names"]) for key, app in law.apps.items()}
        # Each sequence has leanings of its own: without deletions more is left to meet a limit.
        self.leaning = collections.defaultdict(lambda: rng.choice([0, 0.3, 1, 1, 3]))
        self.apps = rng.sample(sorted(law.apps), rng.choice([1, 1, 2, 2, 3, len(law.apps)]))

    def some_labels(self, names):
        labels = self.rng.sample(pools.TAGS, 5)
        labels += self.rng.sample(pools.WIDE_TAGS, 3) if names != "jpush" else []
        wider = names == "any" or names == "relaxed" and self.chance(0.3)
        return labels + ([self.rng.choice(pools.WIDER_TAGS)] if wider else [])

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, *pools):
        """One of the first pool mostly, of each next one less often."""
        for pool in pools[:-1]:
            if self.chance(0.93):
                return self.rng.choice(pool)
        return self.rng.choice(pools[-1])

    def lean(self, calls):
        weights = [weight * self.leaning[getattr(call, "__name__", call)] for call, weight in calls.items()]
        return self.rng.choices(list(calls), weights if any(weights) else None)[0]

    # Names.

    def id(self):
        return self.pick(self.ids, pools.UNKNOWN, pools.BAD_IDS)

    def known_id(self, app):
        return self.rng.choice(sorted(app.devices)) if app.devices and self.chance(0.9) else self.id()

    def label(self, app):
        kinds = [self.labels[app.key], pools.TAGS + pools.WIDE_TAGS, pools.WIDER_TAGS + pools.BAD_TAGS]
        return self.rng.choice(self.rng.choices(kinds, [92, 4, 4])[0])

    def alias_of(self, app):
        """One name much more than the others, so that it meets its limit."""
        return self.labels[app.key][0] if self.chance(0.7) else self.label(app)

    def labels_of(self, app):
        if self.chance(0.01):
            return [f"t{n:03}" for n in range(self.rng.choice([99, 100, 101, 150]))]
        return [self.label(app) for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3, 4, 5]))]

    def ids_of(self, app):
        if self.chance(0.005):
            return [self.rng.choice(self.ids)] * self.rng.choice([999, 1000, 1001])
        return [self.known_id(app) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3, 4, 5]))]

    # Bytes.

    def encoded(self, text):
        style = self.rng.choice(["needed", "needed", "raw", "all", "lower"])
        out = b""
        for byte in text.encode():
            plain = chr(byte).isalnum() and byte < 128 or byte in b"-._~@+!$*=,|:" or byte > 127 and style == "raw"
            out += bytes([byte]) if plain and style not in ("all", "lower") else b"%%%02X" % byte
        return out.lower() if style == "lower" else out

    def path(self, *segments):
        parts = [segment if isinstance(segment, bytes) else self.encoded(segment) for segment in segments]
        if self.chance(0.01):
            parts[-1] = self.rng.choice([b"%FF", b"%C3%28", b"%zz", b"%", b"\xff", b"%ED%A0%80", b"%C0%AF"])
        slash = b"//" if self.chance(0.03) else b"/"
        return b"/" + slash.join(parts) + (b"/" if self.chance(0.15) else b"")

    def body(self, value):
        if self.chance(0.05):
            value = self.with_junk(value)
        text = json.dumps(value, ensure_ascii=self.chance(0.5), separators=self.rng.choice([(",", ":"), (", ", " : ")]))
        body = text.encode(errors="surrogatepass")
        if self.chance(0.02):
            body = b"\xef\xbb\xbf" + body
        if self.chance(0.03):
            body = self.broken(body)
        return body

    def with_junk(self, value):
        """Something else in one place of a value, or one member more, or one less."""
        if not isinstance(value, (dict, list)) or not value or self.chance(0.25):
            return self.rng.choice(pools.JUNK)
        if isinstance(value, list):
            at = self.rng.randrange(len(value))
            return value[:at] + [self.with_junk(value[at])] + value[at + 1:]
        key = self.rng.choice(sorted(value))
        how = self.rng.random()
        if how < 0.15:
            return {name: kept for name, kept in value.items() if name != key}
        if how < 0.3:
            return {**value, self.rng.choice(["addd", "extra", "Remove", key + "x"]): self.rng.choice(pools.JUNK)}
        return {**value, key: self.with_junk(value[key])}

    def broken(self, body):
        at = self.rng.randrange(len(body) + 1)
        ways = [lambda: b"", lambda: body[:at], lambda: body + b"}", lambda: b"[" + body + b"]", lambda: b"null",
                lambda: body[:at] + b"\xff" + body[at:], lambda: body.replace(b'"a"', b'"\\ud800"', 1),
                lambda: b"\xef\xbb\xbf" + body, lambda: b"NaN", lambda: b'{"a":1e400}',
                lambda: body.replace(b":", b':1e400,"x":', 1), lambda: b" " * 66_000 + body,
                lambda: body[:-1] + b"," + body[1:] if body.startswith(b'{"') else body,
                lambda: b"\n" + body + b"\t", lambda: b"'" + body]
        return self.rng.choice(ways)()

    def request(self, method, target, body, authorization):
        headers = [b"Authorization: " + authorization] if authorization is not None else []
        if self.chance(0.002):
            headers *= 2
        if self.chance(0.1):
            kinds = [b"application/json;charset:utf-8", b"text/plain;charset=UTF-8", b"application/xml", b"nonsense"]
            headers.append(b"Content-Type: " + self.rng.choice(kinds))
        if self.chance(0.02):
            headers += [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"]
        return Request(method, target, tuple(headers), body, body is not None and self.chance(0.1))

    # Steps.

    def opening(self):
        """Devices to begin with, on platforms of all kinds, and at times of one alias."""
        for key in self.apps:
            basic, token = self.credentials(self.law.apps[key])
            share = self.chance(0.3)
            for id in self.ids if self.chance(0.8) else []:
                members = {"application": key, "hwid": id, "device_type": self.rng.choice(pools.NUMBERS)}
                yield Request("POST", b"/json/1.3/registerDevice", token, json.dumps({"request": members}).encode())
                if share:
                    body = json.dumps({"alias": self.labels[key][0]}).encode()
                    yield Request("POST", b"/v3/devices/" + self.plain(id), basic, body)

    def step(self):
        app = self.law.apps[self.rng.choice(self.apps)]
        if self.chance(0.45):
            return self.pushwoosh(app)
        return self.jpush(app)

    def jpush(self, app):
        calls = {self.device: 8, self.update: 30, self.alias: 9, self.unbind: 3, self.delete_alias: 3, self.tags: 2,
                 self.member: 9, self.update_tag: 14, self.delete_tag: 4, self.status: 9, self.nowhere: 1}
        method, target, body = self.lean(calls)(app)
        if self.chance(0.005):
            method = self.rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
        key, secret = app.key, app.secret
        how = self.rng.random()
        if how < 0.004:
            key = self.rng.choice(["", "nobody", "no key", "汉"])
        elif how < 0.010:
            secret = self.rng.choice(["", "wrong", secret + "x", *(other.secret for other in self.law.apps.values()),
                                      *sorted(app.tokens)])
        authorization = b"Basic " + base64.b64encode(f"{key}:{secret}".encode())
        if self.chance(0.005):
            authorization = self.rng.choice([None, b"", b"Basic", b"Basic !!!", b"Token x", b"Bearer x",
                                             authorization + b"\xff"])
        return self.request(method, target, body, authorization)

    def layout(self):
        return [b"v3", b"device"] if self.chance(0.3) else [b"v3"]

    def device_path(self, id):
        return self.path(b"v3", b"device" if self.chance(0.3) else b"devices", id)

    def query(self, path, deletes=False):
        """A filter by platform, or none."""
        pairs = []
        if self.chance(0.4):
            value = self.pick(pools.FILTERS, pools.BAD_FILTERS)
            pairs.append(b"platform=" + value.encode().replace(b",", self.rng.choice([b",", b"%2C", b"%2c"])))
        if self.chance(0.04):
            pairs.append(self.rng.choice([b"Platform=ios", b"platform[]=ios", b"platfrom=ios", b"x=1"]))
        if not deletes and self.chance(0.5):
            pairs.append(self.rng.choice([b"new_format=true", b"new_format=true", b"new_format=false"]))
        self.rng.shuffle(pairs)
        return path + (b"?" + b"&".join(pairs) if pairs else b"")

    def device(self, app):
        return "GET", self.device_path(self.known_id(app)), None

    def update(self, app):
        members = {}
        if self.chance(0.6):
            kind = self.rng.random()
            members["tags"] = "" if kind < 0.05 else None if kind < 0.06 else {}
            if kind >= 0.06:
                for name in ("add", "remove"):
                    if self.chance(0.7):
                        members["tags"][name] = self.labels_of(app)
        if self.chance(0.45):
            members["alias"] = self.rng.choice([*[self.alias_of(app)] * 9, "", None])
        if self.chance(0.2):
            members["mobile"] = self.rng.choice([*pools.MOBILES * 5, *["", None] * 5, *pools.BAD_MOBILES])
        return "POST", self.device_path(self.known_id(app)), self.body(members)

    def alias(self, app):
        return "GET", self.query(self.path(*self.layout(), b"aliases", self.alias_of(app))), None

    def unbind(self, app):
        body = self.body({"registration_ids": {"remove": self.ids_of(app)}})
        return "POST", self.path(*self.layout(), b"aliases", self.alias_of(app)), body

    def delete_alias(self, app):
        return "DELETE", self.query(self.path(*self.layout(), b"aliases", self.alias_of(app)), True), None

    def tags(self, _):
        return "GET", self.path(*self.layout(), b"tags"), None

    def member(self, app):
        return "GET", self.path(*self.layout(), b"tags", self.label(app), b"registration_ids", self.known_id(app)), None

    def update_tag(self, app):
        lists = {name: self.ids_of(app) for name in ("add", "remove") if self.chance(0.7)}
        return "POST", self.path(*self.layout(), b"tags", self.label(app)), self.body({"registration_ids": lists})

    def delete_tag(self, app):
        return "DELETE", self.query(self.path(*self.layout(), b"tags", self.label(app)), True), None

    def status(self, app):
        path = self.path(b"v3", b"device" if self.chance(0.3) else b"devices", b"status")
        return "POST", path, self.body({"registration_ids": self.ids_of(app)})

    def nowhere(self, _):
        paths = [b"/", b"/v3", b"/v3/devices", b"/v3/nothing/d1", b"/v4/devices/d1", b"/v3/tags/t/registration_ids",
                 b"/v3/devices/d1/more", b"/v3/aliases", b"/v3/device/nothing/t"]
        return self.rng.choice(["GET", "POST"]), self.rng.choice(paths), None

    def pushwoosh(self, app):
        makers = {"registerUser": self.user_of, "registerDevice": self.new_device, "applicationOpen": self.opened,
                  "deleteUser": self.deleted, "postEvent": self.event}
        name = self.lean({"registerUser": 20, "registerDevice": 22, "applicationOpen": 6, "unregisterDevice": 4,
                          "deleteDevice": 6, "checkDevice": 8, "deleteUser": 4, "postEvent": 18})
        members = {"application": app.key, **makers.get(name, self.hwid)(app)}
        token = self.rng.choice(sorted(app.tokens))
        how = self.rng.random()
        if how < 0.004:
            members["application"] = self.rng.choice(["", "nobody", "no key", None, 5])
        elif how < 0.010:
            others = [token for other in self.law.apps.values() for token in sorted(other.tokens)]
            token = self.rng.choice(["wrong", token + "x", app.secret, *others])
        authorization = b"Token " + token.encode()
        if self.chance(0.004):
            authorization = self.rng.choice([None, b"", b"Token", b"Basic x", b"Bearer " + token.encode()])
        method, target = "POST", self.path(b"json", b"1.3", name.encode())
        if name == "deleteUser":
            target = self.path(b"api", b"v2", b"device-api", b"deleteUser")
        if self.chance(0.004):
            targets = [b"/json/1.3/nothing", b"/json/1.4/" + name.encode(), b"/api/v2/nothing", b"/json"]
            target = self.rng.choice(targets)
        if self.chance(0.003):
            method = self.rng.choice(["GET", "PUT", "DELETE"])
        body = self.body(members if name == "deleteUser" else {"request": members})
        return self.request(method, target, body, authorization)

    def maybe(self, probability, **members):
        return members if self.chance(probability) else {}

    def new_id(self):
        return self.pick(self.ids, self.ids, pools.BLANK_IDS + pools.BAD_IDS)

    def whole(self, number):
        """A number as the vendors' clients write it."""
        return self.rng.choice([number] * 8 + [str(number), float(number)])

    def user(self):
        return self.pick(self.users, ["", None, 7, -5, 12345, 0], [True, 1.5, [], *pools.BLANK_IDS, *pools.BAD_IDS])

    def device_type(self):
        return self.whole(self.pick(pools.NUMBERS, pools.NUMBERS, [0, 4, 99, -1, 2**40]))

    def zone(self):
        zones = [0, -3600, 25_200, 20_700, -43_200, 50_400]
        return self.pick([self.whole(zone) for zone in zones], [-43_201, 50_401, 2**33, 1.5, "soon", True])

    def user_of(self, _):
        return {"hwid": self.new_id(), **self.maybe(0.8, userId=self.user()), **self.maybe(0.3, tz_offset=self.zone()),
                **self.maybe(0.6, device_type=self.device_type())}

    def new_device(self, app):
        self.tokens += 1
        taken = sorted(device.token for device in app.devices.values() if device.token)
        tokens = [f"token {self.tokens}", "", None, *taken]
        return {"hwid": self.new_id(), "device_type": self.device_type(),
                **self.maybe(0.5, push_token=self.pick(tokens[:1], tokens, ["t" * 4096, "t" * 4097])),
                **self.maybe(0.3, language=self.pick(pools.LANGUAGES, pools.BAD_LANGUAGES, ["", None])),
                **self.maybe(0.3, timezone=self.zone()), **self.maybe(0.3, userId=self.user())}

    def opened(self, app):
        return {**self.new_device(app), **self.maybe(0.5, app_version="1.2.3"), **self.maybe(0.3, os_version="17")}

    def hwid(self, app):
        return {"hwid": self.known_id(app)}

    def deleted(self, app):
        users = sorted({device.user for device in app.devices.values()}) or self.users
        return {"user_id": self.pick(users, self.users, ["ghost", " ", "", None, True, 7, "x" * 256])}

    def attribute(self):
        return self.pick(pools.ATTRIBUTES, pools.LARGE_ATTRIBUTES, pools.BAD_ATTRIBUTES)

    def event(self, app):
        count = self.rng.choice([0, 1, 1, 2, 2, 3, 3, 4]) if self.chance(0.99) else self.rng.choice([100, 101])
        names = ["login", "price", "汉", "n" * 255, *(f"a{n}" for n in range(count))]
        attributes = {name: self.attribute() if count < 99 else 1 for name in self.rng.sample(names, count)}
        now = int(time.time())
        times = [0, 1_435_228_403, now - 60, now + 3_600, now - 80_000, now - 90_000]
        bad = [-1, -5, now + 100_000, 1_435_228_403_000, 2**62, "soon", 1.5, True]
        members = {"event": self.pick(pools.EVENTS, pools.OTHER_EVENTS, pools.BAD_EVENTS), "attributes": attributes,
                   **self.maybe(0.7, hwid=self.known_id(app)), **self.maybe(0.5, userId=self.user()),
                   **self.maybe(0.1, device_type=self.device_type())}
        kind = self.rng.random()
        if kind < 0.5:
            name = "timestampUTC" if kind < 0.35 else "timestampCurrent"
            members[name] = self.pick([self.whole(self.rng.choice(times))], bad)
        return members

    # Questions about everything.

    def audit(self, ids, labels):
        """Reads all that an app shows, of all names that there are or might be."""
        for app in self.law.apps.values():
            known = sorted({*ids, *app.devices})
            basic, token = self.credentials(app)
            if app.key not in self.apps:
                known, names = known[:3], []
            else:
                names = sorted({*labels, *self.labels[app.key], *app.aliases, *app.tags()})
            for id in known:
                yield Request("GET", b"/v3/devices/" + self.plain(id), basic)
                body = json.dumps({"request": {"application": app.key, "hwid": id}}).encode()
                yield Request("POST", b"/json/1.3/checkDevice", token, body)
            most = app.limits["ids_per_presence"] or 1000
            for at in range(0, len(known) if app.presence else 0, most):
                body = json.dumps({"registration_ids": known[at:at + most]}).encode()
                yield Request("POST", b"/v3/devices/status", basic, body)
            for name in names[:40]:
                alias = b"/v3/aliases/" + self.plain(name)
                queries = b"", b"?new_format=true", b"?platform=android", b"?platform=ios,winphone&new_format=true"
                for query in queries if name in app.aliases else queries[:1]:
                    yield Request("GET", alias + query, basic)
                for id in sorted(app.devices)[:3]:
                    path = b"/v3/tags/" + self.plain(name) + b"/registration_ids/" + self.plain(id)
                    yield Request("GET", path, basic)
            yield Request("GET", b"/v3/tags", basic)

    def erasure(self):
        """Deletes every user: who goes with whom shows whose devices they were."""
        for key in self.apps:
            app = self.law.apps[key]
            for user in sorted({device.user for device in app.devices.values()}):
                body = json.dumps({"application": app.key, "user_id": user}).encode()
                yield Request("POST", b"/api/v2/device-api/deleteUser", self.credentials(app)[1], body)

    @staticmethod
    def credentials(app):
        """Headers of the one protocol, and of the other."""
        basic = base64.b64encode(f"{app.key}:{app.secret}".encode())
        return (b"Authorization: Basic " + basic,), (b"Authorization: Token " + sorted(app.tokens)[0].encode(),)

    @staticmethod
    def plain(text):
        return b"".join(b"%%%02X" % byte for byte in text.encode())
