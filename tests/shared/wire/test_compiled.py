"""The fast way through a schema and marshmallow's own say the same of everything."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import validate

from shared.domain.fields import Count, Name, Phone, Text, Whole
from shared.wire.compiled import DOUBTFUL, compiled
from shared.wire.envelope import ClockReading
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import TABLES
from shared.wire.schemas import InvalidFieldsError, load_by_schema, load_dataclass, schema_of
from tests.shared.wire.drawn import JUNK, Colour, objects, right_objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """What is nested."""

    count: Count
    note: Annotated[str, Text(0, 5)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Every kind of field that a row or an argument has, wanted and optional."""

    name: Name
    phone: Phone | None = None
    count: Annotated[int, Whole(-3, 3)] = 0
    whole: int | None = None
    flag: bool
    on: dt.date
    until: dt.date | None = None
    at: dt.datetime | None = None
    colour: Colour
    shade: Colour | None = None
    names: tuple[Name, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    days: tuple[dt.date, ...] = ()


LOADED = sorted(
    {Everything, ClockReading, *TABLES.values(), *(one.args for one in MUTATIONS.values())},
    key=lambda table: table.__name__,
)


def said_of(load: Any, table: type, values: Any) -> Any:
    """Return what came out, with the types of all fields: a StrEnum equals its text."""
    try:
        loaded = load(table, values)
    except InvalidFieldsError as error:
        return error.errors
    return loaded, [type(getattr(loaded, one.name)) for one in dataclasses.fields(loaded)]


@given(st.data())
@settings(max_examples=250)
def test_both_ways_give_the_same_of_nearly_right_objects(data: st.DataObject) -> None:
    table = data.draw(st.just(Everything) | st.sampled_from(LOADED))
    values = data.draw(objects(table))
    assert said_of(load_dataclass, table, values) == said_of(load_by_schema, table, values)


@given(st.data())
@settings(max_examples=150)
def test_what_is_right_takes_the_fast_way(data: st.DataObject) -> None:
    table = data.draw(st.just(Everything) | st.sampled_from(LOADED))
    values = data.draw(right_objects(table))
    load = compiled(schema_of(table)(), cast("Any", table))
    assert load(values) == load_by_schema(cast("Any", table), values)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Everything)])
def test_each_field_judges_each_oddity_as_marshmallow_does(name: str, junk: Any) -> None:
    values = {"name": "王", "flag": True, "on": "2026-11-23", "colour": "red", name: junk}
    assert said_of(load_dataclass, Everything, values) == said_of(
        load_by_schema, Everything, values
    )


class _Lenient(ma.Schema):
    name = ma.fields.String(required=True)

    class Meta:
        unknown = ma.EXCLUDE


def _schema(**members: Any) -> ma.Schema:
    return ma.Schema.from_dict(members)()


@pytest.mark.parametrize(
    "schema",
    [
        _Lenient(),
        _schema(name=ma.fields.String(data_key="title")),
        _schema(name=ma.fields.String(load_default="x")),
        _schema(name=ma.fields.String(validate=validate.OneOf(["x"]))),
        _schema(name=ma.fields.Integer()),
        _schema(name=ma.fields.Integer(strict=True, validate=validate.ContainsOnly([1]))),
        _schema(name=ma.fields.Date("%d.%m.%Y")),
        _schema(name=ma.fields.Email()),
        _schema(name=ma.fields.List(ma.fields.String())),
        _schema(name=ma.fields.Nested(_Lenient)),
    ],
)  # fmt: skip
def test_a_schema_with_anything_else_is_left_to_marshmallow(schema: ma.Schema) -> None:
    load = compiled(schema, dict)
    tried: list[Any] = ["x", 1, "2026-11-23", ["x"], {}]
    assert all(load({"name": value}) is DOUBTFUL for value in tried)


def test_every_mutation_has_a_fast_way() -> None:
    loaders = [compiled(schema_of(one.args)(), one.args) for one in MUTATIONS.values()]
    assert len({cast("Hashable", load.__qualname__) for load in loaders}) == 1
    assert "_object" in loaders[0].__qualname__
