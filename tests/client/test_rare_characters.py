"""Which font file a rare name needs: every ideograph of GB18030-2022 has one, common text none."""

from __future__ import annotations

import msgpack  # type: ignore[import-untyped]
import pytest

from client.rare_characters import families, slice_of, wanted_families
from client.web.fonts import (
    first_characters,
    later_characters,
    rare_characters,
    slice_characters,
)

# Implementation level 3: the unified ideographs and extensions A to F as of Unicode 11, and the
# twelve unified ones that stand among the compatibility ideographs.
LEVEL_3 = {
    "unified": range(0x4E00, 0x9FF0),
    "A": range(0x3400, 0x4DB6),
    "B": range(0x20000, 0x2A6D7),
    "C": range(0x2A700, 0x2B735),
    "D": range(0x2B740, 0x2B81E),
    "E": range(0x2B820, 0x2CEA2),
    "F": range(0x2CEB0, 0x2EBE1),
}
AMONG_COMPATIBILITY = "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩"
LEVEL_3_COUNT = 87_887


def test_every_ideograph_of_gb18030_level_3_is_in_a_font_file() -> None:
    """Names of people and places may be made of any of them (GB 18030-2022, level 3)."""
    required = {code for extension in LEVEL_3.values() for code in extension}
    required |= {ord(character) for character in AMONG_COMPATIBILITY}
    assert len(required) == LEVEL_3_COUNT
    covered = first_characters("") | later_characters() | rare_characters()
    covered = covered.union(*slice_characters().values())
    assert required - covered == set()


def test_no_start_waits_for_a_rare_ideograph() -> None:
    """GB18030's extensions stay out of the two files that each start loads."""
    at_start = first_characters("") | later_characters()
    assert at_start.isdisjoint(rare_characters())
    assert all(at_start.isdisjoint(sliced) for sliced in slice_characters().values())


def test_each_slice_holds_the_characters_that_ask_for_it() -> None:
    names = families()
    for number, characters in slice_characters().items():
        assert {slice_of(code) for code in characters} == {number}
        text = chr(min(characters)) + chr(max(characters))
        assert wanted_families(text.encode()) == {names[0], names[number + 1]}


@pytest.mark.parametrize("text", ["陈璟昇、王喆，1990001234", "林堃", "Wu Fang", "★ ✓ 😀 é"])
def test_common_text_asks_for_no_rare_font(text: str) -> None:
    assert wanted_families(text.encode()) == set()


def test_rare_names_ask_wherever_they_stand_in_a_frame() -> None:
    frame = msgpack.packb([3, {"value": "林㛃", "n": 7, "other": ["陈𠮷福", None]}])
    assert wanted_families(frame) == {"LiandongRare", "LiandongMing00"}
    assert wanted_families("林㛃".encode()) == {"LiandongRare"}
