"""marshmallow schemas made from the frozen dataclasses of the domain.

A row or the arguments of a mutation are described once, by annotations in `shared.domain.fields`.
Error messages are codes (`too-long:40`), which `client.strings` and the server's problems turn
into words.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, TypeVar

import marshmallow as ma
from marshmallow import validate

from shared.canonical import INTEGER_MAX
from shared.domain.fields import Text, Whole
from shared.wire.compiled import DOUBTFUL, Loader, compiled
from shared.wire.scalars import Instant, StrictBoolean, instant_from_ms, instant_ms

__all__ = [
    "Instant",
    "InvalidFieldsError",
    "StrictBoolean",
    "instant_from_ms",
    "instant_ms",
    "load_by_schema",
    "load_dataclass",
    "schema_of",
]

LIST_LENGTH_MAX = 1000
T = TypeVar("T")
_CODES = {
    "required": "required",
    "null": "required",
    "invalid": "wrong-type",
    "type": "wrong-type",
    "too_large": "out-of-range",
    "validator_failed": "invalid",
}
_STRING_CODES = _CODES | {"invalid_utf8": "wrong-type"}
_DATE_CODES = _CODES | {"invalid": "not-a-date", "format": "not-a-date"}
_ENUM_CODES = _CODES | {"unknown": "unknown-choice"}


class InvalidFieldsError(ValueError):
    """Values that a schema refuses.

    Attributes:
        errors: For each field its codes, such as ``{"phone": ["bad-format"]}``.
    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        """Refuse for *errors*."""
        super().__init__(errors)
        self.errors = dict(errors)


@functools.cache
def schema_of(table: type) -> type[ma.Schema]:
    """Return the marshmallow schema of a frozen dataclass; unknown fields are errors."""
    assert dataclasses.is_dataclass(table), table
    hints = typing.get_type_hints(table, include_extras=True)
    fields = {
        field.name: _field_of(hints[field.name], field) for field in dataclasses.fields(table)
    }
    members = typing.cast("dict[str, Any]", fields | {"dataclass": table})
    return type(table.__name__, (_DataclassSchema,), members)


class _DataclassSchema(ma.Schema):
    """Loads into the frozen dataclass that it was made of."""

    dataclass: ClassVar[type]
    error_messages = {  # noqa: RUF012 - marshmallow declares it so
        "unknown": "unknown-field",
        "type": "wrong-type",
    }

    class Meta:
        unknown = ma.RAISE

    @ma.post_load
    def _make(self, values: dict[str, Any], **_kwargs: Any) -> Any:
        # marshmallow loads lists; frozen rows hold tuples.
        return self.dataclass(
            **{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        )


@functools.cache
def _schema_instance(table: type) -> ma.Schema:
    return schema_of(table)()


@functools.cache
def _loader_of(table: type) -> Loader:
    return compiled(_schema_instance(table), table)


def load_dataclass(table: type[T], values: object) -> T:
    """Return the dataclass of *values*, a JSON object.

    Raises:
        InvalidFieldsError: A field is missing, unknown or out of its limits.
    """
    loaded = _loader_of(typing.cast("Hashable", table))(values)
    return load_by_schema(table, values) if loaded is DOUBTFUL else typing.cast("T", loaded)


def load_by_schema(table: type[T], values: object) -> T:
    """Return what `load_dataclass` returns, and raise what it raises, by marshmallow alone."""
    try:
        loaded: T = _schema_instance(typing.cast("Hashable", table)).load(
            typing.cast("Mapping[str, Any]", values)
        )
    except ma.ValidationError as error:
        messages: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise InvalidFieldsError(_flat(messages)) from error
    return loaded


def _field_of(hint: Any, field: dataclasses.Field[Any] | None = None) -> ma.fields.Field[Any]:
    """Return the marshmallow field of a type hint; *field* says whether it may be left out."""
    kwargs: dict[str, Any] = {"error_messages": _CODES}
    if field is None or (
        field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ):
        kwargs["required"] = True
    else:
        # The dataclass fills its own default in.
        kwargs["required"] = False
    hint, optional = _without_none(hint)
    kwargs["allow_none"] = optional
    limit: Text | Whole | None = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, limit = typing.get_args(hint)[:2]
    if typing.get_origin(hint) is tuple:
        (member, _ellipsis) = typing.get_args(hint)
        length = validate.Length(max=LIST_LENGTH_MAX, error=f"too-many:{LIST_LENGTH_MAX}")
        return ma.fields.List(_field_of(member), validate=length, **kwargs)
    if dataclasses.is_dataclass(hint):
        return ma.fields.Nested(schema_of(typing.cast("type", hint)), **kwargs)
    return _scalar_of(hint, limit, kwargs)


def _scalar_of(
    hint: Any, limit: Text | Whole | None, kwargs: dict[str, Any]
) -> ma.fields.Field[Any]:
    if issubclass(hint, enum.Enum):
        return ma.fields.Enum(hint, by_value=True, **(kwargs | {"error_messages": _ENUM_CODES}))
    if hint is bool:
        return StrictBoolean(**kwargs)
    if hint is int:
        whole = limit if isinstance(limit, Whole) else Whole(-INTEGER_MAX, INTEGER_MAX)
        within = validate.Range(
            whole.least, whole.most, error=f"out-of-range:{whole.least}:{whole.most}"
        )
        return ma.fields.Integer(strict=True, validate=within, **kwargs)
    if hint is dt.datetime:
        return Instant(**kwargs)
    if hint is dt.date:
        return ma.fields.Date("iso", **(kwargs | {"error_messages": _DATE_CODES}))
    assert hint is str, hint
    text = limit if isinstance(limit, Text) else Text()
    checks: list[validate.Validator] = [
        validate.Length(max=text.length_max, error=f"too-long:{text.length_max}"),
        validate.Length(min=text.length_min, error=f"too-short:{text.length_min}"),
    ]
    if text.pattern is not None:
        checks.append(validate.Regexp(rf"(?:{text.pattern})\Z", error="bad-format"))
    return ma.fields.String(validate=checks, **(kwargs | {"error_messages": _STRING_CODES}))


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Split ``X | None`` into X and True."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        assert len(members) == 1, hint
        return members[0], True
    return hint, False


def _flat(messages: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """Return nested messages with dotted names: ``ids.3``."""
    flat: dict[str, list[str]] = {}
    for name, below in messages.items():
        path = f"{prefix}{name}"
        if isinstance(below, Mapping):
            flat |= _flat(below, f"{path}.")
        else:
            flat[path] = [str(code) for code in below]
    return flat
