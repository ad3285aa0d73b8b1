"""What every table has: typed columns, names for constraints, and the row that it stores."""

from __future__ import annotations

import datetime as dt
import enum
import json
import typing
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.canonical import canonical_bytes
from shared.domain import fields
from shared.domain.rows import Row
from shared.wire.rows import decode, encode

__all__ = [
    "MODELS",
    "Base",
    "Instant",
    "RowModel",
    "TupleOf",
    "db",
    "model_of",
    "reference",
]


def _check_name(constraint: sa.Constraint, table: sa.Table) -> str:
    """Name the check of a choice after its column: two columns can have the same choices."""
    del table
    assert isinstance(constraint, sa.CheckConstraint)
    columns = list(constraint.columns)
    return columns[0].name if columns else str(constraint.name)


NAMES: dict[str, Any] = {
    "constraint_name": _check_name,
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints are dropped by name in migrations, so every engine must give them the same."""


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """A UTC instant to the millisecond, timezone-aware on both engines."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[dt.datetime]:
        """What values are; SQLAlchemy doesn't know it of a type that is made of another."""
        return dt.datetime

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Store UTC; SQLite keeps no zone, so it is taken off there."""
        if value is None:
            return None
        assert value.tzinfo is not None, "instants carry their zone"
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Give UTC back, whatever zone the session of the database has."""
        if value is None:
            return None
        return (
            value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)
        )


class TupleOf(sa.types.TypeDecorator[tuple[Any, ...]]):
    """A tuple of texts, numbers, choices or small dataclasses, as JSON text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, member: type) -> None:
        super().__init__()
        self.member = member

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> Any:
        """Write canonical JSON, so that equal tuples are equal texts."""
        del dialect
        if value is None:
            return None
        plain = value if self.member in {str, int} else [_plain(member) for member in value]
        return canonical_bytes(list(plain)).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the members back as what they were."""
        del dialect
        return None if value is None else tuple(map(self._read(), json.loads(value)))

    def _read(self) -> Callable[[Any], Any]:
        if issubclass(self.member, str | int):
            return self.member
        return lambda member: decode(self.member, member)


def _plain(member: Any) -> Any:
    return member.value if isinstance(member, enum.Enum) else encode(member)


def _texts() -> dict[Any, sa.types.TypeEngine[Any]]:
    """Give the named texts of the domain columns of their greatest length."""
    aliases = (getattr(fields, name) for name in fields.__all__)
    return {
        alias: sa.String(typing.get_args(alias)[1].length_max)
        for alias in aliases
        if typing.get_origin(alias) is typing.Annotated and typing.get_args(alias)[0] is str
    }


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        **_texts(),
        fields.Fen: sa.BigInteger(),
        dt.datetime: Instant(),
        enum.StrEnum: sa.Enum(
            enum.StrEnum,
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda choices: [choice.value for choice in choices],
        ),
    }


# Models derive from Base itself, not from db.Model: type checkers can follow them that way.
db = SQLAlchemy(metadata=Base.metadata)

MODELS: dict[type[Row], type[RowModel]] = {}
"""The model of each domain row; filled as `server.models` is imported."""


class RowModel(Base):
    """A table of rows that phones may hold, with what the server notes about each.

    Attributes:
        ROW: The frozen dataclass of the domain that one record is.
        county_id: Whose partition the row is in; no transaction crosses it.
        revision: Raised by each change; what `base` of an op is compared with.
        changed_by_device: The device whose op made this revision (0: the server itself).
        foreign_revision: The last revision that another device than that one made.
        changed_at: When this revision was made.
    """

    __abstract__ = True
    ROW: ClassVar[type[Row]]

    id: Mapped[fields.Id] = mapped_column(primary_key=True)
    county_id: Mapped[fields.Id] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(sa.CheckConstraint("revision >= 1", name="revision"))
    changed_by_device: Mapped[int]
    foreign_revision: Mapped[int]
    changed_at: Mapped[dt.datetime]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        MODELS[cls.ROW] = cls


RowT = TypeVar("RowT", bound=Row)


def model_of(table: type[Row]) -> type[RowModel]:
    """Return the model that stores rows of *table*."""
    return MODELS[table]


def reference(column: str) -> sa.ForeignKey:
    """Return a foreign key to *column*, checked at commit: an op writes its rows in any order."""
    return sa.ForeignKey(column, deferrable=True, initially="DEFERRED")
