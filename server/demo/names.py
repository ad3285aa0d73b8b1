"""Invented people: names as they are heard in Leizhou, phone numbers that nobody can have."""

from __future__ import annotations

import random

__all__ = ["People"]

_SURNAMES = "陈黄吴林李王梁何郑蔡符邓莫庄柯麦占苏许冯谢曾周罗卢"
_GIVEN = (
    "亚妹", "水生", "秀英", "志强", "丽珍", "家豪", "春梅", "国栋", "玉兰", "海燕", "建明", "月娥",
    "伟雄", "小红", "文武", "桂香", "永福", "嘉欣", "康保", "妃二", "那嫣", "景河", "土养", "妙玲",
    "喆", "堃", "璟", "昇", "垚", "珺", "靖", "娣", "槐", "芬", "孟", "广",
)  # fmt: skip
_RARE = ("𠮷福", "㛃", "𠮷生", "㛃兰")
"""Characters outside what many fonts and old systems hold: 𠮷 takes two units in UTF-16."""

_RARE_EVERY = 60
_SURNAME_SHARE = 0.6  # Villages of one surname are the rule here.
_PHONE_PREFIX = "1990000"


class People:
    """Makes names and numbers, the same ones from the same seed, no number twice."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self._phones = list(range(10_000))
        self._random.shuffle(self._phones)

    def name(self, village: str = "") -> str:
        """Return a name; in a village most people share a surname."""
        self._made += 1
        surname = self._random.choice(_SURNAMES)
        if village and self._random.random() < _SURNAME_SHARE:
            surname = _SURNAMES[sum(map(ord, village)) % len(_SURNAMES)]
        if self._made % _RARE_EVERY == 0:
            return surname + self._random.choice(_RARE)
        return surname + self._random.choice(_GIVEN)

    def phone(self) -> str:
        """Return a number of eleven digits in a block that is assigned to nobody."""
        return f"{_PHONE_PREFIX}{self._phones.pop():04d}"
