"""The fast way through a schema: most of what arrives is right, and need not be explained.

A schema is taken apart once, into one small function for each field. They say yes to what
marshmallow would load just so, and to nothing else; whatever is doubtful goes to marshmallow, which
loads it, or says what is wrong with it. That both give the same is tested with invented values.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import marshmallow as ma
from marshmallow import fields, validate

from shared.wire.scalars import INSTANT_MS_END, Instant, StrictBoolean, instant_from_ms

__all__ = ["DOUBTFUL", "Loader", "compiled"]

DOUBTFUL: Final = object()
"""What a loader returns of a value that marshmallow has to look at."""

T = TypeVar("T")
Loader: TypeAlias = Callable[[Any], Any]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _UnknownError(Exception):
    """A field that only marshmallow can read."""


def compiled(schema: ma.Schema, make: Callable[..., Any]) -> Loader:
    """Return what loads a JSON object as *schema* does, or returns `DOUBTFUL`.

    Args:
        schema: One whose unknown members are errors; its hooks do nothing but call *make*.
        make: Makes the result of the loaded fields, lists as tuples.
    """
    try:
        return _object(schema, make)
    except _UnknownError:
        return _doubt


def _doubt(value: Any) -> Any:
    del value
    return DOUBTFUL


def _object(schema: ma.Schema, make: Callable[..., Any]) -> Loader:
    if schema.unknown != ma.RAISE or schema.partial or schema.many:
        raise _UnknownError
    loaders = {name: _field(field) for name, field in schema.load_fields.items()}
    required = frozenset(name for name, field in schema.load_fields.items() if field.required)

    def load(values: Any) -> Any:
        if type(values) is not dict or not required <= values.keys():
            return DOUBTFUL
        loaded = {}
        for name, value in values.items():
            loader = loaders.get(name)
            if loader is None:
                return DOUBTFUL
            found = loader(value)
            if found is DOUBTFUL:
                return DOUBTFUL
            loaded[name] = found
        return make(**loaded)

    return load


def _field(field: ma.fields.Field[Any]) -> Loader:
    plain = (
        field.data_key is None
        and field.attribute is None
        and field.load_default is ma.missing
        and not field.pre_load
        and not field.post_load
        and not field.dump_only
    )
    compile_kind = _KINDS.get(type(field))
    if not plain or compile_kind is None:
        raise _UnknownError
    load = compile_kind(field)
    return _or_none(load) if field.allow_none else load


def _or_none(load: Loader) -> Loader:
    return lambda value: None if value is None else load(value)


def _string(field: fields.String) -> Loader:
    least, most = 0, None
    pattern: re.Pattern[str] | None = None
    for check in field.validators:
        if type(check) is validate.Length and check.equal is None:
            least = max(least, check.min or 0)
            most = _smaller(most, check.max)
        elif type(check) is validate.Regexp and pattern is None:
            assert isinstance(check.regex.pattern, str), "texts are matched by texts"
            pattern = check.regex
        else:
            raise _UnknownError
    return _text(least, most, pattern)


def _text(least: int, most: int | None, pattern: re.Pattern[str] | None) -> Loader:
    def load(value: Any) -> Any:
        if type(value) is not str or len(value) < least:
            return DOUBTFUL
        if most is not None and len(value) > most:
            return DOUBTFUL
        return value if pattern is None or pattern.match(value) else DOUBTFUL

    return load


def _integer(field: fields.Integer) -> Loader:
    check = _only_check(field, validate.Range)
    if not field.strict or not check.min_inclusive or not check.max_inclusive:
        raise _UnknownError
    least, most = check.min, check.max
    if least is None or most is None:
        raise _UnknownError
    return lambda value: value if type(value) is int and least <= value <= most else DOUBTFUL


def _boolean(field: StrictBoolean) -> Loader:
    _demand_no_checks(field)
    return lambda value: value if type(value) is bool else DOUBTFUL


def _instant(field: Instant) -> Loader:
    _demand_no_checks(field)
    return lambda value: (
        instant_from_ms(value) if type(value) is int and 0 <= value < INSTANT_MS_END else DOUBTFUL
    )


def _day(field: fields.Date) -> Loader:
    _demand_no_checks(field)
    if field.format != "iso":
        raise _UnknownError

    def load(value: Any) -> Any:
        if type(value) is not str or _DAY.fullmatch(value) is None:
            return DOUBTFUL
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return DOUBTFUL

    return load


def _choice(field: fields.Enum[Any]) -> Loader:
    _demand_no_checks(field)
    members = {member.value: member for member in field.enum}
    if not field.by_value or not all(type(value) is str for value in members):
        raise _UnknownError
    return lambda value: members.get(value, DOUBTFUL) if type(value) is str else DOUBTFUL


def _list(field: fields.List[Any]) -> Loader:
    check = _only_check(field, validate.Length)
    if check.min is not None or check.equal is not None:
        raise _UnknownError
    most, load_member = check.max, _field(field.inner)

    def load(value: Any) -> Any:
        if type(value) is not list or (most is not None and len(value) > most):
            return DOUBTFUL
        members = tuple(map(load_member, value))
        return DOUBTFUL if DOUBTFUL in members else members

    return load


def _nested(field: fields.Nested) -> Loader:
    _demand_no_checks(field)
    schema = field.schema
    make = getattr(schema, "dataclass", None)
    if make is None or field.unknown is not None:
        raise _UnknownError
    return _object(schema, make)


def _only_check(field: ma.fields.Field[Any], kind: type[T]) -> T:
    if len(field.validators) != 1 or type(field.validators[0]) is not kind:
        raise _UnknownError
    return field.validators[0]


def _demand_no_checks(field: ma.fields.Field[Any]) -> None:
    if field.validators:
        raise _UnknownError


def _smaller(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else min(one, other)


_KINDS: dict[type, Callable[[Any], Loader]] = {
    fields.String: _string,
    fields.Integer: _integer,
    StrictBoolean: _boolean,
    Instant: _instant,
    fields.Date: _day,
    fields.Enum: _choice,
    fields.List: _list,
    fields.Nested: _nested,
}
