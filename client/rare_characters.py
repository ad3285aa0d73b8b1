"""Which ideographs only rare names need, and which of the web app's font files has them.

The app brings these files when such a character is first seen or typed (`client.device`), and the
build makes one file for each slice (`client.web.fonts`): both must cut at the same places.
"""

from __future__ import annotations

import re

__all__ = ["BEYOND_BASIC", "EXTENSION_A", "RARE_FAMILY", "families", "slice_of", "wanted_families"]

EXTENSION_A = range(0x3400, 0x4DB6)

# Extensions B to F as far as GB18030-2022's implementation level 3 goes.
BEYOND_BASIC = (
    range(0x20000, 0x2A6D7),
    range(0x2A700, 0x2B735),
    range(0x2B740, 0x2B81E),
    range(0x2B820, 0x2CEA2),
    range(0x2CEB0, 0x2EBE1),
)

PLANE_2 = 0x20000
SLICE_BITS = 12  # 4,096 code points: some 2 MB of outlines.

RARE_FAMILY = "LiandongRare"
SLICE_FAMILY = "LiandongMing{:02}"

# In UTF-8: U+3400 to U+4DBF, and the planes that hold ideographs.
_RARE_A = re.compile(rb"\xe3[\x90-\xbf][\x80-\xbf]|\xe4[\x80-\xb6][\x80-\xbf]")
_PLANE_2 = re.compile(rb"\xf0[\xa0-\xae][\x80-\xbf][\x80-\xbf]")


def slice_of(code_point: int) -> int:
    """Return the number of the font file that has an ideograph beyond the basic plane."""
    return (code_point - PLANE_2) >> SLICE_BITS


def families() -> tuple[str, ...]:
    """Return the families of all rare fonts, in the order in which they are looked into."""
    last = slice_of(BEYOND_BASIC[-1][-1])
    return (RARE_FAMILY, *(SLICE_FAMILY.format(number) for number in range(last + 1)))


def wanted_families(text: bytes) -> set[str]:
    """Return the families that the rare ideographs in *text* need; it is UTF-8, or holds some."""
    beyond = {slice_of(ord(found.decode())) for found in _PLANE_2.findall(text)}
    wanted = {SLICE_FAMILY.format(number) for number in beyond}
    return wanted | {RARE_FAMILY} if wanted or _RARE_A.search(text) else wanted
