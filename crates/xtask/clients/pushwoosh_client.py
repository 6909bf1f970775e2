"""Pushwoosh's Python client against this register: only scheme, host and headers are set, as the client foresees.

The client knows the calls of devices. Those of users are written beside them in the same way."""

import json
import sys
import unittest

from pypushwoosh import constants
from pypushwoosh.client import PushwooshClient
from pypushwoosh.command import BaseDeviceCommand, RegisterDeviceCommand, SetTagsCommand, UnregisterDeviceCommand

KEY = "0123456789abcdef01234567"
SCHEME, HOST = sys.argv.pop(1).split("://")
DONE = {"status_code": 200, "status_message": "OK", "response": None}


class CheckDevice(BaseDeviceCommand):
    command_name = "checkDevice"


class DeleteDevice(BaseDeviceCommand):
    command_name = "deleteDevice"


class OfUser(BaseDeviceCommand):
    def __init__(self, hwid, **members):
        BaseDeviceCommand.__init__(self, KEY, hwid)
        self.members = members

    def compile(self):
        self._command.update(self.members)
        BaseDeviceCommand.compile(self)


class RegisterUser(OfUser):
    command_name = "registerUser"


class PostEvent(OfUser):
    command_name = "postEvent"


class DeleteUser(OfUser):
    """The one call whose members are not enclosed."""

    command_name = "deleteUser"

    def render(self):
        return json.dumps({"application": KEY, **self.members})


def client(token="DEV-TOKEN"):
    made = PushwooshClient(timeout=30)
    made.scheme, made.hostname = SCHEME, HOST
    made.headers = dict(made.headers, Authorization=f"Token {token}")
    return made


class Pushwoosh(unittest.TestCase):
    def exists(self, hwid):
        answer = client().invoke(CheckDevice(KEY, hwid))
        self.assertEqual(answer["status_code"], 200)
        return answer["response"]

    def test_a_device_lives_through_its_calls(self):
        register = RegisterDeviceCommand(KEY, "h1", constants.PLATFORM_ANDROID, "push-token", "en", 3600)
        self.assertEqual(client().invoke(register), DONE)
        self.assertEqual(self.exists("h1"), {"exist": True, "push_token_exist": True})
        self.assertEqual(client().invoke(UnregisterDeviceCommand(KEY, "h1")), DONE)
        self.assertEqual(self.exists("h1"), {"exist": True, "push_token_exist": False})
        self.assertEqual(client().invoke(DeleteDevice(KEY, "h1")), DONE)
        self.assertEqual(self.exists("h1"), {"exist": False, "push_token_exist": False})
        # A client that tries again after it heard nothing must not meet an error.
        self.assertEqual(client().invoke(DeleteDevice(KEY, "h1")), DONE)
        self.assertEqual(client().invoke(UnregisterDeviceCommand(KEY, "h1")), DONE)
        self.assertEqual(self.exists("h1"), {"exist": False, "push_token_exist": False})

    def test_a_device_of_every_platform_that_the_client_names(self):
        for platform in constants.PLATFORMS:
            answer = client().invoke(RegisterDeviceCommand(KEY, f"p{platform}", platform, "token"))
            # Asha and Bada are of the past, and in no table of the vendor's any more.
            retired = platform in [constants.PLATFORM_ASHA, constants.PLATFORM_BADA]
            self.assertEqual(answer["status_code"], 210 if retired else 200, answer)

    def test_a_user_is_registered_posts_events_and_is_deleted(self):
        self.assertEqual(client().invoke(RegisterUser("h2", userId="ann", tz_offset=-3600, device_type=3)), DONE)
        event = {"event": "activityCompleted", "attributes": {"login": "facebook", "tries": 2}}
        codes = {client().invoke(PostEvent("h2", userId="ann", **event))["response"]["code"] for _ in range(2)}
        self.assertEqual(len(codes), 2)
        self.assertTrue(all(len(code) == 11 and code[5] == "-" for code in codes), codes)
        users = client()
        users.endpoint, users.version = "api", "v2/device-api"
        for _ in range(2):
            self.assertEqual(users.invoke(DeleteUser(None, user_id="ann")), DONE)
            self.assertEqual(self.exists("h2"), {"exist": False, "push_token_exist": False})

    def test_what_is_wrong_is_an_answer_that_the_client_reads(self):
        for command, code in [
            (UnregisterDeviceCommand("XXXXX-XXXXX", "h1"), 210),
            (RegisterDeviceCommand(KEY, "h3", 99, "token"), 210),
            (PostEvent("h3", event="undeclared", attributes={}), 210),
            (SetTagsCommand(KEY, "h1", {"a": 1}), 404),
        ]:
            answer = client().invoke(command)
            self.assertEqual((answer["status_code"], answer["response"]), (code, None), answer)
            self.assertNotEqual(answer["status_message"], "OK")
        self.assertEqual(client("wrong").invoke(UnregisterDeviceCommand(KEY, "h1"))["status_code"], 401)


unittest.main()
