"""An independent model of the register, in step with the service over HTTP.

Written from the rules of the register and of the two protocols, not from the service. Sequences of random requests go
to both; every answer must be one that the model allows, and after each sequence everything that can be read is read.
What a request was refused for is compared by its code, and that it changed nothing by what is read afterwards. On a
difference the sequence is made shorter as long as it still shows one.
"""

import argparse
import collections
import random
import shutil
import signal
import sys
import tempfile
import time

import rules
import service
from generate import Generator
from law import Law
from wire import Connection, Difference, Lost, Request

# How many requests are sent at once: a turn of both processes for each would be most of the time.
BATCH = 24
CONNECTIONS = 3


class Restart:
    """The service ends gently or is killed, and starts again, with these limits of an app from then on."""

    def __init__(self, how, key, limits):
        self.how, self.key, self.limits = how, key, limits

    def __str__(self):
        return f"restart after {self.how.name}, with {self.limits} of app {self.key}"


class Wait:
    """Time passes, so that what was seen is seen no more."""

    def __str__(self):
        return "wait for 1.2 seconds"


class Run:
    """One service and the model beside it, from empty on."""

    def __init__(self, options):
        self.options = options
        self.directory = tempfile.mkdtemp(prefix="rollbook-model-") if options.rocks else None
        self.service = service.Service(options.program, self.directory)
        self.law, self.rng = Law(), random.Random(0)
        self.counts, self.connections, self.done = collections.Counter(), [], 0

    def connect(self):
        address = self.service.start(self.law.apps.values())
        self.connections = [Connection(address) for _ in range(CONNECTIONS)]

    def close(self):
        for connection in self.connections:
            connection.close()
        self.service.close()
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)

    def take(self, steps):
        """Takes steps in order; requests that follow each other go together."""
        batch = []
        for step in steps:
            if isinstance(step, Request) and len(batch) < BATCH:
                batch.append(step)
                continue
            self.exchange(batch)
            batch = [step] if isinstance(step, Request) else []
            if not batch:
                self.special(step)
        self.exchange(batch)

    def exchange(self, requests):
        if not requests:
            return
        connection = self.rng.choice(self.connections)
        since = int(time.time())
        try:
            for request, answer in zip(requests, connection.exchange(requests), strict=True):
                self.compare(request, answer, (since, int(time.time())))
        except Lost as lost:
            raise Difference(f"{lost}\n{self.service.logged()}", Lost) from lost

    def compare(self, request, answer, now):
        self.done += 1
        operation, expected = self.law.answers(request, now)
        try:
            body = answer.json()
        except ValueError as error:
            if any(one.judge is None and answer.status in one.statuses for one in expected):
                return
            raise Difference(f"{request}\n  got {answer}\n  which is no answer: {error}") from error
        self.counts[operation, code_in(body) or answer.status] += 1
        reasons = []
        for one in expected:
            reason = one.judge(body) if one.judge and answer.status in one.statuses else "another status"
            if reason is None:
                if one.change is not None:
                    one.change(body)
                return
            reasons.append(f"{one.what}: {reason}")
        kind = operation, answer.status, expected[0].statuses
        raise Difference(f"{request}\n  got {answer}\n  expected " + "\n        or ".join(reasons), kind)

    def special(self, step):
        self.done += 1
        self.counts["the service", str(step.how.name if isinstance(step, Restart) else "waited for")] += 1
        if isinstance(step, Wait):
            time.sleep(1.2)
            return
        for connection in self.connections:
            connection.close()
        code = self.service.stop(step.how)
        if code:
            raise Difference(f"the service ended with {code}\n{self.service.logged()}")
        if step.how == signal.SIGKILL:
            for app in self.law.apps.values():
                app.forget_heartbeats()
        self.law.set_limits(step.key, step.limits)
        self.connect()

    def audit(self, generator, ids):
        """Compares everything; erases all users at the end, where nothing else shows whose devices are whose."""
        labels = ["a", "news"]
        self.take(list(generator.audit(ids, labels)))
        if self.directory is not None:
            self.exports(generator.apps)
        self.take(list(generator.erasure()))
        self.take(list(generator.audit(ids, labels)))
        if self.directory is not None:
            self.exports(self.law.apps)
            self.service.run("verify")
        if b"panicked" in self.service.logged().encode():
            raise Difference(self.service.logged())

    def exports(self, keys):
        for app in map(self.law.apps.get, keys):
            lines = self.service.export(app.key)
            now = (int(time.time()) - 1, int(time.time()))
            for difference in service.differences(app, lines, now):
                raise Difference(f"export of app {app.key}: {difference}")


def code_in(body):
    """The code that a body brings beside that of HTTP, if it does."""
    error = body.get("error") if isinstance(body, dict) else None
    return error.get("code") if isinstance(error, dict) else body.get("status_code")


def sequence(options, seed):
    """Takes a random sequence of steps; those that it took, and what was different, if anything was."""
    rng = random.Random(seed)
    run = Run(options)
    taken, generator = [], Generator(rng, run.law)
    try:
        run.connect()
        taken += generator.opening()
        run.take(taken)
        # On a disk what comes before and after the steps takes longer than they do.
        for _ in range(rng.randint(10, 60) if options.rocks else rng.randint(2, 30)):
            # Made from what the model has by now, so that they have something to work on.
            steps = [generator.step() for _ in range(rng.randint(1, BATCH))]
            if rng.random() < (0.04 if options.rocks else 0.003):
                steps.append(restart(rng) if options.rocks else Wait())
            taken += steps
            run.take(steps)
        run.audit(generator, generator.ids)
    except Difference as difference:
        # What followed it in its batch was not looked at.
        return taken[:run.done], generator, run, difference
    finally:
        run.close()
    return taken, generator, run, None


def restart(rng):
    limits = rng.choice([{}, {}, {"tags_per_device": 2}, {"tags_per_device": 1000}, {"devices_per_alias": 3}])
    how = rng.choice([signal.SIGTERM, signal.SIGKILL])
    return Restart(how, rng.choice(["few", "0123456789abcdef01234567"]), limits)


def replay(options, generator, steps):
    """What is different when these steps are taken from the start; nothing if all is equal."""
    run = Run(options)
    generator.law = run.law
    try:
        run.connect()
        run.take(steps)
        run.audit(generator, generator.ids)
    except Difference as difference:
        return difference
    finally:
        run.close()
    return None


def shorten(options, generator, steps, difference):
    """The shortest sequence that was found to show a difference, and that difference."""
    ends = time.monotonic() + options.shorten
    size = len(steps)
    while size > 0 and time.monotonic() < ends:
        at = len(steps)
        # From the end: what follows the difference is of no use.
        while at > 0 and time.monotonic() < ends:
            fewer = steps[:max(at - size, 0)] + steps[at:]
            still = replay(options, generator, fewer)
            if still is not None and still.kind == difference.kind:
                steps, difference = fewer, still
            at -= size
        size //= 2
    return steps, difference


def main():
    parser = argparse.ArgumentParser(prog="cargo xtask model", description="Compares the service with a model of it.")
    parser.add_argument("--program", required=True, help="the program `rollbook`")
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--steps", type=int, default=None, help="end after this many steps")
    parser.add_argument("--seed", default=None, help="what the sequences are made from")
    parser.add_argument("--only", type=int, default=None, help="the one sequence of this number")
    parser.add_argument("--rocks", action="store_true", help="on RocksDB, with restarts and exports")
    parser.add_argument("--shorten", type=float, default=120, help="for how many seconds a failure is shortened")
    switches = sorted(rules.SWITCHES)
    parser.add_argument("--with", action="append", default=[], choices=switches, metavar="RULE", dest="rules",
                        help="ask for a rule that is not followed yet: " + ", ".join(switches))
    parser.add_argument("--without", action="append", default=[], choices=switches, metavar="RULE",
                        help="leave a rule out")
    parser.add_argument("--strict", action="store_true", help="ask for all of them")
    options = parser.parse_args()
    rules.OFF.update(options.without)
    rules.OFF.difference_update(rules.SWITCHES if options.strict else options.rules)
    seed = options.seed if options.seed is not None else str(random.SystemRandom().randrange(10**9))
    where = "RocksDB" if options.rocks else "memory"
    print(f"seed {seed}, in {where}" + "".join(f", without {rule}" for rule in sorted(rules.OFF)), flush=True)
    return compare_until(options, seed, time.monotonic())


def compare_until(options, seed, began):
    ends = began + 60 * options.minutes if options.minutes is not None else None
    counts, steps, number, told = collections.Counter(), 0, 0, began
    while (ends is None or time.monotonic() < ends) and (options.steps is None or steps < options.steps):
        at = number if options.only is None else options.only
        taken, generator, run, difference = sequence(options, f"{seed}/{at}")
        steps, number = steps + len(taken), number + 1
        counts += run.counts
        if difference is not None:
            report(options, seed, at, taken, generator, difference)
            return 1
        if options.only is not None or ends is None and options.steps is None:
            break
        if time.monotonic() > told + 30:
            told = time.monotonic()
            print(f"{number} sequences, {steps} steps", flush=True)
    summary(counts, steps, number, time.monotonic() - began)
    return 0


def report(options, seed, at, taken, generator, difference):
    print(f"DIFFERENT in sequence {at} of seed {seed} (again: --seed {seed} --only {at}):\n{difference}", flush=True)
    shortest, difference = shorten(options, generator, taken, difference)
    print(f"\nthe shortest sequence found, {len(shortest)} steps:")
    for n, step in enumerate(shortest, 1):
        print(f"  {n:3} {step}")
    print(f"then:\n{difference}")


def summary(counts, steps, number, seconds):
    by_operation = {}
    for (operation, code), count in sorted(counts.items(), key=str):
        by_operation.setdefault(operation, []).append(f"{code}: {count}")
    for operation, codes in by_operation.items():
        print(f"  {operation:26} {', '.join(codes)}")
    print(f"{number} sequences, {steps} steps, {sum(counts.values())} requests in {seconds:.0f} s: no difference")


if __name__ == "__main__":
    sys.exit(main())
