"""Whatever a phone sends, by accident or on purpose: an answer in words, and nothing broken.

`pytest tests/server/test_fuzz.py --hypothesis-profile=night` draws a great many more.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.ledger.check import check_ledger
from shared.canonical import MalformedJsonError, canonical_bytes, parse_json
from shared.ids import make_id
from shared.wire.envelope import SYNC_PATH, OpState
from shared.wire.mutations import MUTATIONS
from tests.server.field_county import COLLEAGUES_VILLAGE, MELON, ROUND, VILLAGE
from tests.server.permission_county import PEOPLE, RestoredCounty, World, days_after
from tests.server.phone import Phone
from tests.shared.wire.drawn import JUNK, objects, right_objects

pytestmark = pytest.mark.server

OPS = 6
EXAMPLES = settings().max_examples * 3 // 10  # 30, and 1,500 a night.
STATES = {OpState.OK, OpState.REJECTED, OpState.DEFERRED}
"""Not parked: that is an exception that nobody foresaw."""


NEAR = ("postman", "manager", "head", "admin")
LEADS = ("routed", "accepted", "handed over", "met", "succeeded", "paid", "unassigned", "held")
VISITS = ("proposed", "scheduled", "begun")
SALES = ("sale", "later sale")
POINTS = ("pending", "approved", "reversal")
KINDS = {
    "referral": LEADS,
    "harvest_date": SALES,
    "care_card": ("card",),
    "visit": VISITS,
    "points": POINTS,
    "reversal": POINTS,
    "attachment": ("photo",),
    "customer": ("customer",),
}
"""What an `id` is most likely the id of, by a part of the mutation's or the field's name."""
OTHERS = {
    "village_id": [VILLAGE.id, COLLEAGUES_VILLAGE.id],
    "crop_id": [MELON.id],
    "round_id": [ROUND.id],
    **dict.fromkeys(
        ("staff_id", "owner_id", "wealth_manager_id", "in_person_id", "backup_id", "helper_id"),
        sorted(one.id for one in PEOPLE.values()),
    ),
}


def is_sendable(value: object) -> bool:
    """Say whether a request that holds that value is JSON of the house."""
    try:
        parse_json(canonical_bytes(value))
    except (TypeError, MalformedJsonError):
        return False
    return True


SENDABLE = [one for one in JUNK if is_sendable(one)]


def likely_person(name: str) -> st.SearchStrategy[str]:
    """Return who may come to ask for that: mostly somebody of a post that may."""
    able = [one for one in PEOPLE if MUTATIONS[name].roles.intersection(PEOPLE[one].roles)]
    near = [one for one in able if one in NEAR]
    return st.sampled_from(near or able) | st.sampled_from(able) | st.sampled_from(sorted(PEOPLE))


@st.composite
def likely_args(draw: st.DrawFn, name: str, world: World, made: list[str]) -> dict[str, Any]:
    """Draw right arguments that are, mostly, about objects and days that exist.

    *made* are ids that this run has made, the last one not used yet.
    """
    args = MUTATIONS[name].args
    hints = typing.get_type_hints(args)
    values = draw(right_objects(args))
    for field in dataclasses.fields(args):
        if values.get(field.name) is None:
            continue
        noun = field.name.removesuffix("s").removesuffix("_id") if field.name != "id" else ""
        if hints[field.name] in {dt.date, dt.date | None}:
            values[field.name] = days_after(draw(st.integers(-10, 40))).isoformat()
        elif field.name in {"id", "ids"} or field.name.endswith(("_id", "_ids")):
            kinds = [kind for kind in KINDS if kind in (noun or name)]
            likely = [world[one] for kind in kinds for one in KINDS[kind]]
            likely += OTHERS.get(field.name.removesuffix("s"), [])
            one = st.sampled_from(likely or made) | st.sampled_from(made) | st.just(made[-1])
            values[field.name] = draw(
                one if field.name.endswith("id") else st.lists(one, max_size=3)
            )
    return values


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_no_operation_is_beyond_the_rules(restored_county: RestoredCounty, data: Any) -> None:
    """What anybody asks for, right in form, is taken, refused in words, or waits."""
    county = restored_county
    county.begin_again()
    made: list[str] = []
    phones: dict[str, Phone] = {}
    for _ in range(OPS):
        name = data.draw(st.sampled_from(sorted(MUTATIONS)))
        person = data.draw(likely_person(name))
        phone = phones.get(person) or phones.setdefault(person, county.phone(person))
        made.append(make_id(phone.device, phone.seq + 1, 0))
        values = data.draw(likely_args(name, county.world, made))
        result = answer_to(phone, {"name": name, "args": values})
        assert result["state"] in STATES, (name, values, result)
    with county.server.session() as session:
        assert check_ledger(session).faults == ()


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_no_arguments_are_beyond_the_schemas(restored_county: RestoredCounty, data: Any) -> None:
    phone = restored_county.phone("postman")
    name = data.draw(st.sampled_from(sorted(MUTATIONS)))
    values = data.draw(objects(MUTATIONS[name].args, SENDABLE))
    restored_county.begin_again()
    result = answer_to(phone, {"name": name, "args": values})
    assert result["state"] in STATES, (name, values, result)


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_no_request_is_beyond_the_envelope(restored_county: RestoredCounty, data: Any) -> None:
    """A member of the request, or of its operation, is anything at all: a problem, or an answer."""
    restored_county.begin_again()
    phone = restored_county.phone("postman")
    op: dict[str, Any] = phone.op("see_notice", {"ids": []})
    request: dict[str, Any] = phone.request([op])
    clock: Any = op["clock"]
    places = [(holder, name) for holder in (request, op, clock) for name in sorted(holder)]
    for _ in range(data.draw(st.integers(1, 3))):
        place, name = data.draw(st.sampled_from(places))
        place[name] = data.draw(st.sampled_from(SENDABLE))
    status, answer = phone.post_signed(SYNC_PATH, canonical_bytes(request))
    assert status in {200, 400, 409, 413, 422}, (request, answer)
    if status == 200:
        assert {result["state"] for result in answer["results"]} <= STATES | {"forked"}
    else:
        assert answer["type"].startswith("/problems/")


def answer_to(phone: Phone, op: dict[str, Any]) -> dict[str, Any]:
    """Send one operation as it is; return its result."""
    op = phone.op(op["name"], op["args"])
    status, answer = phone.send_sync([op])
    assert status == 200, (op, answer)
    (result,) = answer["results"]
    return dict(result)


def test_ids_of_devices_that_never_were_are_refused(restored_county: RestoredCounty) -> None:
    restored_county.begin_again()
    phone = restored_county.phone("postman")
    result = answer_to(
        phone, {"name": "withdraw_harvest_date", "args": {"id": make_id(4000, 1, 0)}}
    )
    assert result["state"] == OpState.REJECTED
