"""A person is found by what one remembers of them."""

from __future__ import annotations

import pytest

from client.search import finds
from tools.pinyin_initials import MODULE, initials_module


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("阿婆", "王阿婆"),
        ("wap", "王阿婆"),
        ("AP", "王阿婆"),
        ("zs", "曾四"),
        ("cs", "曾四"),
        ("qs", "覃四"),
        ("ts", "覃四"),
        ("龙门 wap", "龙门 王阿婆"),
        ("lm wap", "龙门 王阿婆"),
        ("li", "Li Hua"),
        ("", "王阿婆"),
    ],
)
def test_name_is_found(typed: str, text: str) -> None:
    assert finds(typed, [text])


@pytest.mark.parametrize(
    ("typed", "text"),
    [("wp", "王阿婆"), ("apw", "王阿婆"), ("王婆", "王阿婆"), ("lm wap", "东坑 王阿婆")],
)
def test_other_name_is_not_found(typed: str, text: str) -> None:
    assert not finds(typed, [text])


def test_number_is_found_by_its_end_only() -> None:
    assert finds("5678", ["王阿婆"], ["13812345678"])
    assert not finds("1381", ["王阿婆"], ["13812345678"])


def test_parts_may_be_found_in_different_places() -> None:
    assert finds("wap 78", ["王阿婆", "东坑村"], ["13812345678"])
    assert finds("dk ap", ["王阿婆", "东坑村"])


def test_table_is_what_the_tool_writes() -> None:
    assert MODULE.read_text(encoding="utf-8") == initials_module()
