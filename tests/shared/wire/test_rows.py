"""Rows and arguments survive the wire, from older and newer versions too."""

import dataclasses
import datetime as dt
import types
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.canonical import canonical_bytes, parse_json
from shared.domain.customer import Customer, CustomerKind
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import TABLES, UnknownTableError, decode, decode_row, encode
from shared.wire.schemas import load_dataclass

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf"]), max_size=20)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of a field's values, by its type alone (limits are the schemas' matter)."""
    if typing.get_origin(hint) is tuple:
        member = typing.get_args(hint)[0]
        return st.lists(values_of(member), max_size=3).map(tuple)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        members = typing.get_args(hint)
        return st.one_of(
            *(st.none() if member is type(None) else values_of(member) for member in members)
        )
    if dataclasses.is_dataclass(hint):
        return rows_of(typing.cast("type", hint))
    if hint is dt.datetime:
        return st.integers(0, 2**42).map(
            lambda ms: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=ms)
        )
    plain = {str: TEXT, int: st.integers(-(2**40), 2**40)}
    return plain[hint] if hint in plain else st.from_type(hint)


def rows_of(table: type) -> st.SearchStrategy[Any]:
    """Return a strategy of a table's rows."""
    hints = typing.get_type_hints(table)
    return st.builds(
        table, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(table)}
    )


@pytest.mark.parametrize("table", sorted(TABLES))
def test_row_survives_the_wire(table: str) -> None:
    @settings(max_examples=20)
    @given(rows_of(TABLES[table]))
    def survives(row: Any) -> None:
        sent = canonical_bytes(encode(row))
        assert decode_row(table, typing.cast("dict[str, Any]", parse_json(sent))) == row

    survives()


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_arguments_survive_the_wire(name: str) -> None:
    @settings(max_examples=20)
    @given(rows_of(MUTATIONS[name].args))
    def survives(args: Any) -> None:
        sent = canonical_bytes(encode(args))
        received = typing.cast("dict[str, Any]", parse_json(sent))
        assert decode(MUTATIONS[name].args, received) == args

    survives()


def test_decode_ignores_what_a_newer_server_added_and_fills_what_an_older_one_lacks() -> None:
    customer = decode(
        Customer,
        {
            "id": "0000000000001",
            "outlet_id": "0000000000002",
            "name": "王叔",
            "kind": "farmer",
            "halo": 1,
        },
    )

    assert customer == Customer(
        id="0000000000001", outlet_id="0000000000002", name="王叔", kind=CustomerKind.FARMER
    )


def test_encode_leaves_out_what_is_none() -> None:
    customer = Customer(
        id="0000000000001", outlet_id="0000000000002", name="王叔", kind=CustomerKind.FARMER
    )

    assert encode(customer) == {
        "id": "0000000000001",
        "outlet_id": "0000000000002",
        "name": "王叔",
        "kind": "farmer",
        "cues": [],
    }


def test_decode_row_refuses_a_table_that_it_does_not_know() -> None:
    with pytest.raises(UnknownTableError):
        decode_row("horoscope", {})


def test_table_rows_pass_their_own_schema() -> None:
    """What the server may store in a row, the schema of that row accepts."""
    customer = Customer(
        id="0000000000001", outlet_id="0000000000002", name="王叔", kind=CustomerKind.FARMER
    )

    assert load_dataclass(Customer, encode(customer)) == customer
