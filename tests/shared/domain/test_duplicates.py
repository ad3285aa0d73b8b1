"""Nothing is merged by itself; what repeats an earlier lead is held, and the proof decides."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.duplicates import (
    Capture,
    HeldReason,
    Likeness,
    Order,
    Person,
    compare_people,
    compare_times,
    names_are_compatible,
    suspect,
)
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.referral import Need
from shared.ids import make_id
from tests.shared.domain.county import NOW, POSTMAN, VILLAGE, id_of

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
CHEN = Person(
    customer_id=id_of("chen"), name="陈大文", phone="+8613800000001", village_id=VILLAGE.id
)
SAME_CHEN = replace(CHEN, customer_id=id_of("chen again"), name="陈叔")
EARLIER = Capture(
    id=make_id(1, 10, 0),
    person=CHEN,
    need=Need.DEPOSIT,
    referrer_id=POSTMAN.id,
    captured_from=NOW - 5 * HOUR,
    captured_to=NOW - 4 * HOUR,
)
LATER = replace(
    EARLIER,
    id=make_id(2, 20, 0),
    person=SAME_CHEN,
    captured_from=NOW - HOUR,
    captured_to=NOW,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("陈大文", "陈大文"),
        ("陈大文", " 陈 大文"),
        ("陈大文", "陈叔"),
        ("陈大文", "老陈"),
        ("陈大文", "大文"),
        ("陈叔", "老陈"),
        ("陈小红", "小红"),
        ("陈大文先生", "陈大文"),
        ("大文叔", "陈大文"),
        ("陈师傅", "陈婶"),
        ("阿陈", "老陈"),
        ("欧阳先生", "欧阳明"),
        ("ＣＨＥＮ", "chen"),
    ],
)
def test_names_are_compatible_both_ways(one: str, other: str) -> None:
    assert names_are_compatible(one, other)
    assert names_are_compatible(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("陈大文", "陈大武"),
        ("陈叔", "林叔"),
        ("林大文", "陈叔"),
        ("陈", "林"),
        ("老陈", "林婶"),
        ("叔", "陈大文"),
        ("陈大文", "文"),
        ("陈大文武先生", "林叔"),
        ("陈叔", "陈婶"),
        ("陈大文先生", "陈大文女士"),
        ("陈大文先生", "陈大文武"),
        ("老陈头", "陈大文"),
    ],
)
def test_names_are_incompatible_both_ways(one: str, other: str) -> None:
    assert not names_are_compatible(one, other)
    assert not names_are_compatible(other, one)


@pytest.mark.parametrize(
    ("other", "likeness"),
    [
        (replace(CHEN, name="林某"), Likeness.SAME),
        (SAME_CHEN, Likeness.SAME),
        (replace(SAME_CHEN, name="林大姐"), Likeness.SHARED_PHONE),
        (replace(SAME_CHEN, name="陈大文", phone=None), Likeness.NAMESAKE),
        (replace(SAME_CHEN, name="陈大文", phone="+8613800000002"), Likeness.NAMESAKE),
        (replace(SAME_CHEN, phone=None), Likeness.DIFFERENT),
        (replace(SAME_CHEN, name="陈大文", phone=None, village_id=None), Likeness.DIFFERENT),
    ],
)
def test_people_are_compared_by_number_then_name_then_village(
    other: Person, likeness: Likeness
) -> None:
    assert compare_people(CHEN, other) is likeness


def test_person_without_village_has_no_namesake() -> None:
    nowhere = replace(CHEN, phone=None, village_id=None)
    assert compare_people(nowhere, replace(nowhere, customer_id=id_of("x"))) is Likeness.DIFFERENT


def test_earlier_interval_is_earlier() -> None:
    assert compare_times(EARLIER, LATER) is Order.EARLIER
    assert compare_times(LATER, EARLIER) is Order.LATER


def test_touching_intervals_prove_nothing() -> None:
    touching = replace(LATER, captured_from=EARLIER.captured_to)
    assert compare_times(EARLIER, touching) is Order.OVERLAPPING


def test_one_device_orders_by_sequence_whatever_its_clock_said() -> None:
    first = replace(LATER, id=make_id(1, 9, 0))
    assert compare_times(first, EARLIER) is Order.EARLIER
    assert compare_times(EARLIER, first) is Order.LATER


def test_what_the_server_made_has_no_sequence_to_order_by() -> None:
    made = replace(LATER, id=make_id(0, 1, 0))
    assert compare_times(made, replace(EARLIER, id=make_id(0, 2, 0))) is Order.LATER


@pytest.mark.parametrize(
    ("new", "other", "reason"),
    [
        (LATER, EARLIER, HeldReason.CAPTURED_LATER),
        (EARLIER, LATER, HeldReason.CAPTURED_EARLIER),
        (
            replace(LATER, captured_from=NOW - 6 * HOUR),
            EARLIER,
            HeldReason.OVERLAPPING_PROOFS,
        ),
        (
            replace(LATER, person=replace(SAME_CHEN, name="林大姐")),
            EARLIER,
            HeldReason.SHARED_PHONE,
        ),
        (LATER, replace(EARLIER, open_with_manager=True), HeldReason.OPEN_WITH_MANAGER),
        (EARLIER, replace(LATER, open_with_manager=True), HeldReason.CAPTURED_EARLIER),
    ],
)
def test_suspicion_says_of_whom_and_why(new: Capture, other: Capture, reason: HeldReason) -> None:
    suspicion = suspect(new, [other], DEFAULT_POLICY)
    assert suspicion is not None
    assert (suspicion.held_for_id, suspicion.reason) == (other.id, reason)


@pytest.mark.parametrize(
    "other",
    [
        replace(EARLIER, need=Need.LOAN),
        replace(EARLIER, person=replace(CHEN, phone=None, name="陈叔")),
        replace(EARLIER, person=replace(CHEN, phone="+8613800000009", name="林大姐")),
        replace(
            EARLIER, captured_from=NOW - 40 * DAY, captured_to=NOW - 30 * DAY - HOUR - HOUR / 60
        ),
    ],
    ids=["other need", "namesake", "stranger", "after the window"],
)
def test_nothing_is_suspected_of(other: Capture) -> None:
    assert suspect(LATER, [other], DEFAULT_POLICY) is None


def test_window_of_thirty_days_counts_between_the_intervals() -> None:
    other = replace(
        EARLIER,
        captured_from=NOW - 40 * DAY,
        captured_to=LATER.captured_from - 30 * DAY,
    )
    assert suspect(LATER, [other], DEFAULT_POLICY) is not None


def test_open_item_of_the_managing_wealth_manager_counts_beyond_the_window() -> None:
    other = replace(
        EARLIER,
        captured_from=NOW - 90 * DAY,
        captured_to=NOW - 90 * DAY,
        open_with_manager=True,
    )
    suspicion = suspect(LATER, [other], DEFAULT_POLICY)
    assert suspicion is not None
    assert suspicion.reason is HeldReason.OPEN_WITH_MANAGER


def test_gravest_and_then_earliest_suspicion_wins() -> None:
    shared = replace(EARLIER, id=make_id(3, 1, 0), person=replace(CHEN, name="林大姐"))
    first = replace(EARLIER, id=make_id(4, 1, 0), captured_from=NOW - 9 * HOUR)
    suspicion = suspect(LATER, [shared, EARLIER, first], DEFAULT_POLICY)
    assert suspicion is not None
    assert suspicion.held_for_id == first.id


names = st.text(alphabet="陈林大文小红老阿叔先生", min_size=1, max_size=4)


@given(one=names, other=names)
def test_compatibility_of_names_is_mutual(one: str, other: str) -> None:
    assert names_are_compatible(one, other) == names_are_compatible(other, one)


offsets = st.integers(-100, 100)


@given(first=offsets, span=st.integers(0, 50), second=offsets, other_span=st.integers(0, 50))
def test_order_of_captures_is_mirrored(first: int, span: int, second: int, other_span: int) -> None:
    one = replace(
        EARLIER, captured_from=NOW + first * HOUR, captured_to=NOW + (first + span) * HOUR
    )
    other = replace(
        LATER, captured_from=NOW + second * HOUR, captured_to=NOW + (second + other_span) * HOUR
    )
    mirror = {
        Order.EARLIER: Order.LATER,
        Order.LATER: Order.EARLIER,
        Order.OVERLAPPING: Order.OVERLAPPING,
    }
    assert compare_times(other, one) is mirror[compare_times(one, other)]
