"""Schemas made of the domain's dataclasses refuse what the annotations forbid, by codes."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.fields import Count, Id, Name
from shared.domain.referral import Interest, SubmitReferral
from shared.domain.visit import ScheduleVisit
from shared.wire.schemas import InvalidFieldsError, instant_from_ms, instant_ms, load_dataclass

SUBMITTED: dict[str, Any] = {
    "id": "0000000000001",
    "kind": "farmer",
    "source": "village",
    "need": "deposit",
    "interest": "high",
    "mode": "information",
    "consent": True,
    "customer_name": "王叔",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A member of a nested list."""

    rule: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Every kind of field that rows have."""

    id: Id
    at: dt.datetime
    on: dt.date
    names: tuple[Name, ...] = ()
    nested: tuple[Nested, ...] = ()
    flag: bool = False


def test_load_fills_the_defaults_of_what_was_left_out() -> None:
    submitted = load_dataclass(SubmitReferral, SUBMITTED)

    assert submitted.interest is Interest.HIGH
    assert submitted.phone is None
    assert submitted.cues == ()


def test_load_makes_tuples_and_instants() -> None:
    sample = load_dataclass(
        Sample,
        {
            "id": "0000000000001",
            "at": 1_700_000_000_123,
            "on": "2026-11-23",
            "names": ["王"],
            "nested": [{"rule": 3}],
        },
    )

    assert sample.at == dt.datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=dt.UTC)
    assert sample.on == dt.date(2026, 11, 23)
    assert sample.names == ("王",)
    assert sample.nested == (Nested(rule=3),)


@pytest.mark.parametrize(
    ("field", "value", "codes"),
    [
        ("id", "short", ["too-short:13", "bad-format"]),
        ("id", "000000000000I", ["bad-format"]),
        ("customer_name", "", ["too-short:1"]),
        ("customer_name", "王" * 41, ["too-long:40"]),
        ("customer_name", 7, ["wrong-type"]),
        ("customer_name", None, ["required"]),
        ("phone", "138-0000", ["bad-format"]),
        ("need", "gold", ["unknown-choice"]),
        ("need", ["deposit"], ["unknown-choice"]),
        ("consent", 1, ["wrong-type"]),
        ("consent", "true", ["wrong-type"]),
        ("cues", "big house", ["wrong-type"]),
        ("cues", [1], None),
        ("surprise", 1, ["unknown-field"]),
    ],
)
def test_load_names_the_field_and_the_code(
    field: str, value: object, codes: list[str] | None
) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        load_dataclass(SubmitReferral, SUBMITTED | {field: value})

    if codes is None:
        assert refused.value.errors == {"cues.0": ["wrong-type"]}
    else:
        assert refused.value.errors == {field: codes}


@pytest.mark.parametrize("value", [-1, True, 2**43, "1700000000000", 1.5])
def test_load_refuses_an_instant_that_is_no_count_of_milliseconds(value: object) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        load_dataclass(Sample, {"id": "0000000000001", "at": value, "on": "2026-11-23"})

    assert refused.value.errors == {"at": ["wrong-type"]}


@pytest.mark.parametrize("value", ["2026-13-01", "tomorrow", 20261123, "2026-11-23T00:00"])
def test_load_refuses_a_day_that_is_no_day(value: object) -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        load_dataclass(ScheduleVisit, {"id": "0000000000001", "planned_on": value})

    assert refused.value.errors == {"planned_on": ["not-a-date"]}


@pytest.mark.parametrize("value", [[], "x", None, 3])
def test_load_refuses_what_is_no_object(value: object) -> None:
    with pytest.raises(InvalidFieldsError):
        load_dataclass(SubmitReferral, value)


def test_load_refuses_more_than_a_thousand_members() -> None:
    with pytest.raises(InvalidFieldsError) as refused:
        load_dataclass(SubmitReferral, SUBMITTED | {"cues": ["x"] * 1001})

    assert refused.value.errors == {"cues": ["too-many:1000"]}


def test_instants_survive_their_milliseconds() -> None:
    instant = dt.datetime(2026, 11, 23, 7, 0, 0, 1000, tzinfo=dt.UTC)

    assert instant_from_ms(instant_ms(instant)) == instant
