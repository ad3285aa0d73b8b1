"""How rows and arguments travel: to JSON and back, and every replicated table by name.

Decoding is written for phones: no schema runs over rows that the server made. It ignores fields
that a newer server added and fills the defaults of those that an older one lacks.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

from shared.canonical import Json
from shared.domain.attachment import Attachment
from shared.domain.care_card import CareCard, CareFollowUp
from shared.domain.customer import Consent, ContactReveal, Customer, CustomerContact
from shared.domain.erasure import Erasure
from shared.domain.harvest import HarvestDate, HarvestDateVersion
from shared.domain.notice import Notice
from shared.domain.people import (
    County,
    Device,
    Leave,
    Outlet,
    Qualification,
    Staff,
    WealthManagerProfile,
)
from shared.domain.points import PointsEntry
from shared.domain.policy import Policy
from shared.domain.referral import Referral
from shared.domain.routing import RouteTrace
from shared.domain.rows import Row
from shared.domain.village import Crop, MarketDay, Round, RoundCover, Village, VillageCrop
from shared.domain.visit import CallAttempt, Visit
from shared.wire.schemas import instant_from_ms, instant_ms

__all__ = ["TABLES", "UnknownTableError", "decode", "decode_row", "encode"]

TABLES: dict[str, type[Row]] = {
    table.TABLE: table
    for table in (
        County,
        Outlet,
        Staff,
        Qualification,
        Leave,
        WealthManagerProfile,
        Device,
        Round,
        RoundCover,
        Village,
        Crop,
        VillageCrop,
        MarketDay,
        Customer,
        CustomerContact,
        Consent,
        HarvestDate,
        HarvestDateVersion,
        Referral,
        RouteTrace,
        Policy,
        CareCard,
        CareFollowUp,
        Visit,
        CallAttempt,
        PointsEntry,
        Notice,
        ContactReveal,
        Attachment,
        Erasure,
    )
}
"""Every table whose rows phones may hold; append-only."""

T = TypeVar("T")
_Convert = Callable[[Any], Any]


class UnknownTableError(ValueError):
    """A table that this version of the app does not know."""


def encode(row: object) -> dict[str, Json]:
    """Return a row or arguments as a JSON object; fields that are None are left out."""
    return {
        name: value if convert is None else convert(value)
        for name, convert in _encoders(cast("Hashable", type(row)))
        if (value := getattr(row, name)) is not None
    }


def decode(table: type[T], values: Mapping[str, Any]) -> T:
    """Return the dataclass of what `encode` made, perhaps on a newer or older version."""
    converters = _decoders(cast("Hashable", table))
    fields = {}
    for name, value in values.items():
        if name in converters:
            convert = converters[name]
            fields[name] = value if convert is None or value is None else convert(value)
    return table(**fields)


def decode_row(table_name: str, values: Mapping[str, Any]) -> Row:
    """Return the row of *table_name*.

    Raises:
        UnknownTableError: A newer server's table; the app keeps such rows for later.
    """
    if table_name not in TABLES:
        raise UnknownTableError(table_name)
    return decode(TABLES[table_name], values)


@functools.cache
def _encoders(table: type) -> list[tuple[str, _Convert | None]]:
    return [(name, _encoder(hint)) for name, hint in _hints(table).items()]


@functools.cache
def _decoders(table: type) -> dict[str, _Convert | None]:
    return {name: _decoder(hint) for name, hint in _hints(table).items()}


def _hints(table: type) -> dict[str, Any]:
    hints = typing.get_type_hints(table)
    return {field.name: _bare(hints[field.name]) for field in dataclasses.fields(table)}


def _bare(hint: Any) -> Any:
    """Return X of ``X | None``."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(member for member in typing.get_args(hint) if member is not type(None))
    return hint


def _encoder(hint: Any) -> _Convert | None:
    if typing.get_origin(hint) is tuple:
        below = _encoder(_bare(typing.get_args(hint)[0]))
        return list if below is None else lambda members: [below(member) for member in members]
    if hint is dt.datetime:
        return instant_ms
    if hint is dt.date:
        return dt.date.isoformat
    if dataclasses.is_dataclass(hint):
        return encode
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return lambda member: member.value
    return None


def _decoder(hint: Any) -> _Convert | None:
    if typing.get_origin(hint) is tuple:
        below = _decoder(_bare(typing.get_args(hint)[0]))
        return tuple if below is None else lambda members: tuple(map(below, members))
    if hint is dt.datetime:
        return instant_from_ms
    if hint is dt.date:
        return dt.date.fromisoformat
    if dataclasses.is_dataclass(hint):
        return functools.partial(decode, cast("type", hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint
    return None
