"""The program on a port of its own: started, ended, killed, started again, and asked for its exports."""

import json
import os
import signal
import subprocess
import tempfile

from wire import Difference, readable


def configuration(apps):
    """The configuration of apps, with a limit for bodies that a test can reach and no wait for strangers."""
    lines = ['listen = "127.0.0.1:0"', "[faces]", f"body_limit = {BODY_LIMIT}", "stranger_millis = 1"]
    for app in apps:
        lines += ["[[apps]]", f'key = "{app.key}"', f'master_secret = "{app.secret}"']
        lines += [f"api_tokens = {json.dumps(sorted(app.tokens))}", f"presence = {json.dumps(app.presence)}"]
        lines += [f"events = {json.dumps(sorted(app.configured))}", "[apps.limits]"]
        for name, value in app.limits.items():
            lines.append(f"{name} = {json.dumps('none' if value is None else value)}")
    return "\n".join(lines) + "\n"


# Small, so that bodies beyond it cost little.
BODY_LIMIT = 65_536


class Service:
    def __init__(self, program, directory):
        """A directory keeps the register; without one it is in memory."""
        self.program, self.directory, self.process = program, directory, None
        self.files = tempfile.TemporaryDirectory(prefix="rollbook-model-")
        self.log = open(os.path.join(self.files.name, "log"), "w+b")

    def start(self, apps):
        path = os.path.join(self.files.name, "rollbook.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(configuration(apps))
        store = "memory" if self.directory is None else f"rocksdb:{self.directory}"
        command = [self.program, "serve", "--config", path, "--store", store]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode().strip()
        start = "listening on http://"
        if not line.startswith(start):
            raise Difference(f"the service did not start: {line!r}\n{self.logged()}")
        host, port = line.removeprefix(start).rsplit(":", 1)
        return host, int(port)

    def stop(self, how=signal.SIGKILL):
        """Its exit code; nothing where it was killed."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.send_signal(how)
        code = process.wait(timeout=60)
        process.stdout.close()
        return code if how != signal.SIGKILL else None

    def close(self):
        self.stop()
        self.log.close()
        self.files.cleanup()

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-4000:]

    def run(self, *words):
        command = [self.program, *words, "--store", f"rocksdb:{self.directory}"]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
        if done.returncode != 0:
            raise Difference(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def export(self, key):
        return [json.loads(line) for line in self.run("export", "--app", key).splitlines()]


def differences(app, lines, now):
    """What of an export is not as the model has it."""
    kinds = {"rollbook": [], "id": [], "event_type": [], "alias_order": [], "event": [], "end": []}
    for line in lines:
        kinds[next(kind for kind in kinds if kind in line)].append(line)
    yield from differences_of_devices(app, kinds["id"])
    declared = {line["event_type"] for line in kinds["event_type"]}
    if declared != app.declared:
        yield f"declared events {sorted(declared)}, not {sorted(app.declared)}"
    if app.limits["alias_overflow"] == "evict_oldest":
        for order in kinds["alias_order"]:
            expected = app.carriers(order["alias_order"])
            if order["devices"] != expected:
                yield f"order of {order['alias_order']!r}: {order['devices']}, not {expected}"
    yield from differences_of_events(app, kinds["event"], now)


def differences_of_devices(app, lines):
    found = {}
    for line in lines:
        found.setdefault(line["id"], {**line, "tags": []})["tags"] += line.get("tags", [])
    if found.keys() != app.devices.keys():
        yield f"devices {sorted(found)}, not {sorted(app.devices)}"
    for id, device in app.devices.items():
        line = dict(found.get(id, {}))
        seen = line.pop("last_seen", None)
        expected = {"id": id, "platform": device.platform, "tags": sorted(device.tags), "alias": device.alias,
                    "user": None if device.user == id else device.user, "token": device.token,
                    "mobile": device.mobile, "language": device.language, "utc_offset": device.offset}
        if line and line != {name: value for name, value in expected.items() if value is not None}:
            yield f"device {line}, not {expected}"
        low, high = device.seen or (None, None)
        low = low if device.seen_is_certain else 0
        may_be_none = device.seen is None or not device.seen_is_certain
        if line and not (may_be_none if seen is None else device.seen and low <= seen <= high):
            yield f"device {id!r} seen {seen}, not {device.seen}"


def differences_of_events(app, lines, now):
    """Each event that must be there has a line of its own, and each line is of an event that may be there."""
    sure, maybe = app.kept_events(now)

    def named(name, device, user, attributes):
        return json.dumps([name, device, user, attributes], sort_keys=True)

    waiting = {}
    for line in lines:
        key = named(line["event"], line.get("device"), line.get("user"), line["attributes"])
        waiting.setdefault(key, []).append(line["at"])
    # The narrowest spans first: they have the fewest lines to choose from.
    by_span = sorted(sure, key=lambda event: (event.at[1] - event.at[0], event.at)) + maybe
    for n, event in enumerate(by_span):
        times = waiting.get(named(event.name, event.device, event.user, event.attributes), [])
        at = next((at for at in sorted(times) if event.at[0] <= at <= event.at[1]), None)
        if at is not None:
            times.remove(at)
        elif n < len(sure):
            yield readable(f"event is missing: {event}")
    for key, times in waiting.items():
        if times:
            yield readable(f"event is not expected: {key} at {times}")
