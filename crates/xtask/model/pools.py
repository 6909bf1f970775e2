"""What steps are made from: good names and values, and bad ones of every kind."""

IDS = ["d1", "d2", "d3", "d4", "d5", "D1", "+41791234567", "ann@example.com", "ann", "x/y", "a b", "汉字", "é",
       "e\u0301", "100%", "%41", "status", "tags", "aliases", "registration_ids", ".", "..", "a?b#c&d=e",
       'q"\\', "🦀", "L" * 255]
BAD_IDS = ["", "L" * 256, "é" * 128, "a\x01b", "\x7f", "a\u0085b", "nul\0"]
BLANK_IDS = [" ", " d1", "d1 ", "\u200b", "d\u3000", "\u3164x", "\ufeffd1"]
UNKNOWN = ["nobody", "ghost", "d9", " "]
TAGS = ["a", "b", "c", "news", "NEWS", "_", "汉", "々〇", "￥5¥", "a.b|c", "@!#$&*+=", "x" * 40, "汉" * 13]
WIDE_TAGS = ["country:us", "pref-news", "two words", "é", "あ", "t/1", "x" * 41, "汉" * 14, "100%", "🦀",
             "x" * 128]
WIDER_TAGS = ["x" * 129, "x" * 255, "汉" * 85]
BAD_TAGS = ["", "x" * 256, "a\nb", " a", "a\u00ad", "\u2003"]
USERS = ["ann", "bob", "d1", "d2", "汉", "é", "someone@example.com", "7", "U" * 255]
MOBILES = ["1", "+1", "13012345678", "+86-130-1234-5678", "0" * 20]
BAD_MOBILES = ["+", "-1", "1a", "1+", "0" * 21, "１２", "+-", " 1"]
LANGUAGES = ["en", "de-CH", "zh-Hans-CN", "zh_CN.UTF-8", "EN_us", "zh-Hans-CN-u-fw-mon", "en_US@euro", "sr-Latn-RS"]
BAD_LANGUAGES = ["C", "english", "e", "en-", "4", "x-klingon", "日本語"]
EVENTS = ["opened", "bought"]
OTHER_EVENTS = ["Opened", "never declared", "汉" * 85]
BAD_EVENTS = ["", "e" * 256, "a\nb"]
NUMBERS = [1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 17, 18, 19, 21]
FILTERS = ["ios", "android", "winphone", "hmos", "quickapp", "android,ios", "ios,winphone", "ios,ios"]
BAD_FILTERS = ["amiga", "", "ios,", ",", ",ios", "IOS", "all", "unknown", "macos", "chrome", "ios,amiga",
               "android;ios"]
JUNK = [None, True, False, 0, 5, -1, 1.5, "", "x", [], {}, [1], ["x"], [[]], [None], {"1": "t"}, {"add": ["a"]},
        {"x": {}}]
ATTRIBUTES = ["facebook", "", "汉字", "汉字汉", 0, -7, 2**63 - 1, -2**63, 1.5, 1.0, 1e300, True, False, [],
              ["a", 1, 2.5, True]]
LARGE_ATTRIBUTES = ["x" * 9, "x" * 4096, [1, 2, 3], list(range(100)), 2**53 + 1]
BAD_ATTRIBUTES = ["x" * 4097, list(range(101)), None, {}, {"a": 1}, [[1]], [None], [{}], 2**63, 2**64 - 1, -2**63 - 1]
