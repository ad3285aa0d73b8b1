"""A value for every field of a dataclass, the same on every run, within the field's limits."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import types
import typing
from typing import Any

from shared.domain.fields import Text, Whole

_PATTERNED = ("0000000000001", "13800000000", "2026-11", "AB12", "0" * 64)


def full(table: type) -> Any:
    """Return a row or arguments with every field set."""
    hints = typing.get_type_hints(table, include_extras=True)
    return table(**{field.name: _value(hints[field.name]) for field in dataclasses.fields(table)})


def _value(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(member for member in typing.get_args(hint) if member is not type(None))
    limit: object = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, limit = typing.get_args(hint)[:2]
    if typing.get_origin(hint) is tuple:
        return (_value(typing.get_args(hint)[0]),)
    if dataclasses.is_dataclass(hint):
        return full(typing.cast("type", hint))
    if issubclass(hint, enum.Enum):
        return next(iter(hint))
    return _plain(hint, limit)


def _plain(hint: type, limit: object) -> Any:
    if hint is str:
        return _text(limit if isinstance(limit, Text) else Text())
    if hint is int:
        return limit.least + 1 if isinstance(limit, Whole) else 1
    plain: dict[type, object] = {
        bool: True,
        dt.date: dt.date(2026, 11, 26),
        dt.datetime: dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC),
    }
    return plain[hint]


def _text(limit: Text) -> str:
    if limit.pattern is None:
        return "西瓜"[: limit.length_max]
    fits = (text for text in _PATTERNED if re.fullmatch(limit.pattern, text))
    return next(text for text in fits if limit.length_min <= len(text) <= limit.length_max)
