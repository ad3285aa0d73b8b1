"""What hypothesis draws for the fields of rows and arguments: right, nearly right, and junk."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Sequence
from typing import Annotated, Any, cast

from hypothesis import strategies as st

from shared.domain.fields import Text, Whole


class Colour(enum.StrEnum):
    """Equal to its text, and not the same."""

    RED = "red"
    GREEN = "green"


JUNK: list[Any] = [
    *(None, True, False, 0, 1, -1, 4, 3.0, 2.5, 10**6 + 1, 2**43 - 1, 2**43, 2**53, -(2**53)),
    *("", "x", "x" * 41, "x" * 501, "red", "RED", "王", " 13800000000", "13800000000\n", "٣" * 11),
    *("2026-11-23", "2026-02-30", "2026-1-1", "20261123", "2026-W48-1", "2026-11-23\n"),
    *("0000-01-01", "0" * 13, "0" * 14, "I" * 13, b"red", ("x",)),
    *([], [None], ["x", 1], ["x"] * 1001, {}),
    *({"count": 1}, {"count": 1, "other": 2}, [{"count": 1}], [{"count": "1"}], [{}]),
    *(dt.date(2026, 11, 23), Colour.RED),
]  # fmt: skip


WRITABLE = st.characters(
    exclude_categories=("Cc", "Cs"),
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
"""What the house's JSON may hold; the rest is refused before any schema sees it."""


def right_values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values that a field of that type takes, as JSON has them."""
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        (bare,) = (one for one in typing.get_args(hint) if one is not type(None))
        return st.none() | right_values(bare)
    limit: Any = None
    if typing.get_origin(hint) is Annotated:
        hint, limit = typing.get_args(hint)[:2]
    if typing.get_origin(hint) is tuple:
        return st.lists(right_values(typing.get_args(hint)[0]), max_size=3)
    if dataclasses.is_dataclass(hint):
        return right_objects(cast("type", hint))
    return right_scalars(hint, limit)


def right_scalars(hint: type, limit: Any) -> st.SearchStrategy[Any]:
    if issubclass(hint, enum.Enum):
        return st.sampled_from([member.value for member in hint])
    if hint is str:
        return right_texts(limit or Text())
    whole = limit or Whole(-(2**53) + 1, 2**53 - 1)
    return {
        bool: st.booleans(),
        int: st.integers(whole.least, whole.most),
        dt.date: st.dates().map(dt.date.isoformat),
        dt.datetime: st.integers(0, 2**43 - 1),
    }[hint]


def right_texts(text: Text) -> st.SearchStrategy[str]:
    if text.pattern is None:
        return st.text(WRITABLE, min_size=text.length_min, max_size=min(text.length_max, 12))
    return st.from_regex(text.pattern, fullmatch=True).filter(
        lambda value: text.length_min <= len(value) <= text.length_max
    )


@functools.cache
def right_objects(table: type) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that load as *table*, with and without what may be left out."""
    hints = typing.get_type_hints(table, include_extras=True)
    wanted: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for field in dataclasses.fields(table):
        is_wanted = field.default is field.default_factory is dataclasses.MISSING
        (wanted if is_wanted else optional)[field.name] = right_values(hints[field.name])
    return st.fixed_dictionaries(wanted, optional=optional)


@st.composite
def objects(draw: st.DrawFn, table: type, junk: Sequence[Any] = JUNK) -> Any:
    """Draw an object that is nearly right: some members changed, dropped or added."""
    values = draw(right_objects(table))
    for _ in range(draw(st.integers(0, 3))):
        names = [field.name for field in dataclasses.fields(table)]
        name = draw(st.sampled_from([*names, "other"]))
        if draw(st.booleans()):
            values[name] = draw(st.sampled_from(junk))
        else:
            values.pop(name, None)
    return draw(st.just(values) | st.just(values) | st.sampled_from(junk))
