"""JPush's own Python client against this register: nothing of it is changed but the addresses that it holds as data."""

import logging
import sys
import unittest

import jpush
import requests
from jpush import common

KEY, PLAIN_KEY = "0123456789abcdef01234567", "plain0123456789abcdef012"
SECRET = "fedcba987654321001234567"
ADDRESS = sys.argv.pop(1)

# What is refused here is meant to be.
logging.getLogger("jpush").setLevel(logging.CRITICAL)

# The two layouts of paths that the client knows, of another host.
for zone, devices, below in [("FIRST", "devices/", ""), ("SECOND", "device/", "device/")]:
    common.ZONES[zone] = {
        "DEVICE": f"{ADDRESS}/v3/{devices}",
        "ALIAS": f"{ADDRESS}/v3/{below}aliases/",
        "TAG": f"{ADDRESS}/v3/{below}tags/",
    }


def enrol(device, device_type):
    """A device comes to be where a phone registers, which is not a part of this client."""
    body = {"request": {"application": KEY, "hwid": device, "device_type": device_type}}
    token = {"Authorization": "Token DEV-TOKEN"}
    answer = requests.post(f"{ADDRESS}/json/1.3/registerDevice", json=body, headers=token)
    assert answer.json()["status_code"] == 200, answer.text


def refused(call):
    try:
        call()
    except jpush.JPushFailure as failure:
        return failure.response.status_code, failure.error_code, failure.details
    raise AssertionError("not refused")


class Layout:
    """Every call of the client, in one layout of paths."""

    def setUp(self):
        self.device = jpush.JPush(KEY, SECRET, zone=self.zone).create_device()
        self.one, self.other = f"{self.zone}-1", f"{self.zone}-2"
        enrol(self.one, 1)
        enrol(self.other, 3)
        for device in [self.one, self.other]:
            self.device.set_deviceinfo(device, {"tags": "", "alias": "", "mobile": ""})
        self.alias, self.tag = f"alias_{self.zone}", f"tag_{self.zone}"

    def info(self, device):
        answer = self.device.get_deviceinfo(device)
        self.assertEqual(answer.status_code, 200)
        return answer.payload

    def test_a_device_is_changed_and_looked_up(self):
        self.assertEqual(self.info(self.one), {"tags": [], "alias": None, "mobile": None})
        change = jpush.device_tag(jpush.add("b", "a", "汉字"), jpush.remove("c"))
        change.update(jpush.device_alias(self.alias))
        answer = self.device.set_deviceinfo(self.one, change)
        self.assertEqual((answer.status_code, answer.payload), (200, {}))
        self.device.set_devicemobile(self.one, jpush.device_mobile("13012345678"))
        told = {"tags": ["a", "b", "汉字"], "alias": self.alias, "mobile": "13012345678"}
        self.assertEqual(self.info(self.one), told)
        self.device.set_deviceinfo(self.one, jpush.device_tag(jpush.remove("b")))
        self.assertEqual(self.info(self.one)["tags"], ["a", "汉字"])
        self.device.set_deviceinfo(self.one, jpush.device_tag(""))
        self.device.set_deviceinfo(self.one, jpush.device_alias(""))
        self.device.set_devicemobile(self.one, jpush.device_mobile(""))
        self.assertEqual(self.info(self.one), {"tags": [], "alias": None, "mobile": None})

    def test_tags_are_put_on_devices_listed_asked_and_deleted(self):
        both = jpush.device_regid(jpush.add(self.one, self.other), jpush.remove())
        self.assertEqual(self.device.update_tagusers(self.tag, both).payload, {})
        self.assertIn(self.tag, self.device.get_taglist().payload["tags"])
        exists = lambda device: self.device.check_taguserexist(self.tag, device).payload
        self.assertEqual([exists(self.one), exists(self.other)], [{"result": True}, {"result": True}])
        self.device.update_tagusers(self.tag, jpush.device_regid(jpush.remove(self.one)))
        self.assertEqual(exists(self.one), {"result": False})
        self.device.delete_tag(self.tag, "ios,winphone")
        self.assertEqual(exists(self.other), {"result": True})
        self.device.delete_tag(self.tag)
        self.assertEqual(exists(self.other), {"result": False})
        self.assertNotIn(self.tag, self.device.get_taglist().payload["tags"])

    def test_tags_with_every_character_that_is_allowed_are_reached_in_paths(self):
        tag = "汉_@!$&*+=.|￥"
        self.device.set_deviceinfo(self.one, jpush.device_tag(jpush.add(tag)))
        self.assertEqual(self.device.check_taguserexist(tag, self.one).payload, {"result": True})

    def test_aliases_are_looked_up_and_deleted(self):
        for device in [self.one, self.other]:
            self.device.set_deviceinfo(device, jpush.device_alias(self.alias))
        ids = lambda *platform: self.device.get_aliasuser(self.alias, *platform).payload["registration_ids"]
        self.assertEqual(sorted(ids()), [self.one, self.other])
        self.assertEqual(ids("android"), [self.other])
        self.assertEqual(sorted(ids("android,ios")), [self.one, self.other])
        self.assertEqual(self.device.delete_alias(self.alias, "ios").payload, {})
        self.assertEqual(ids(), [self.other])
        self.device.delete_alias(self.alias)
        self.assertEqual(ids(), [])

    def test_presence_is_told_of_one_and_of_many(self):
        # It has just registered itself, and that counts as being seen.
        online = {"online": True}
        self.assertEqual(self.device.get_device_status(self.one).payload, {self.one: online})
        many = self.device.get_device_status([self.one, "nobody"]).payload
        self.assertEqual(many, {self.one: online, "nobody": None})
        plain = jpush.JPush(PLAIN_KEY, SECRET, zone=self.zone).create_device()
        self.assertEqual(refused(lambda: plain.get_device_status([self.one]))[:2], (403, 2007))

    def test_what_is_wrong_is_an_error_of_the_client_with_code_and_message(self):
        device = self.device
        wrong = [
            (lambda: device.get_deviceinfo("nobody"), 7002, "registration_id"),
            (lambda: device.set_deviceinfo(self.one, jpush.device_tag("tag1")), 7002, "tags"),
            (lambda: device.set_deviceinfo(self.one, jpush.device_alias(jpush.add("a"))), 7002, "alias"),
            (lambda: device.set_deviceinfo(self.one, jpush.device_tag(jpush.add("no-hyphen"))), 7002, "tags.add"),
            (lambda: device.update_tagusers("t", jpush.device_regid("r1")), 7002, "registration_ids"),
            (lambda: device.update_tagusers("t", jpush.device_regid(jpush.add("x", "y"))), 7013, "add[1]"),
            (lambda: device.get_aliasuser("a", "amiga"), 7002, "platform"),
        ]
        for call, code, field in wrong:
            status, told, message = refused(call)
            self.assertEqual((status, told), (400, code))
            self.assertIn(field, message)

    def test_whoever_may_not_is_told_so(self):
        with self.assertRaises(jpush.Unauthorized):
            jpush.JPush(KEY, "0" * 24, zone=self.zone).create_device().get_taglist()
        unknown = jpush.JPush("f" * 24, SECRET, zone=self.zone).create_device()
        self.assertEqual(refused(unknown.get_taglist)[:2], (400, 7008))


class First(Layout, unittest.TestCase):
    zone = "first"


class Second(Layout, unittest.TestCase):
    zone = "second"


unittest.main()
