"""The kinds of values that JSON lacks, as marshmallow fields: true truth values, and instants."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma

__all__ = ["INSTANT_MS_END", "Instant", "StrictBoolean", "instant_from_ms", "instant_ms"]

INSTANT_MS_END = 2**43
"""No instant of the wire is that late; it is in the year 2248."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


class StrictBoolean(ma.fields.Boolean):
    """True or false and nothing that marshmallow would read as one ("yes", 1)."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, *args, **kwargs))


class Instant(ma.fields.Field[dt.datetime]):
    """A UTC instant as whole milliseconds since 1970."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int | None:
        return None if value is None else instant_ms(value)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> dt.datetime:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value < INSTANT_MS_END:
            raise self.make_error("invalid", input=value)
        return instant_from_ms(value)


def instant_ms(instant: dt.datetime) -> int:
    """Return milliseconds since 1970 of an instant that carries its zone."""
    return (instant - _EPOCH) // _MILLISECOND


def instant_from_ms(milliseconds: int) -> dt.datetime:
    """Return the UTC instant of milliseconds since 1970."""
    return _EPOCH + dt.timedelta(milliseconds=milliseconds)
