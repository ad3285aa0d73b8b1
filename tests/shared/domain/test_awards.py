"""What an event earns, once, up to the cap, in its month."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.awards import (
    AwardEvent,
    award_name,
    award_points,
    claim,
    period_of,
    worse_grade,
)
from shared.domain.credit import Helper, contributions
from shared.domain.moment import OUTLET_ZONE, ClockGrade, Moment
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.referral import AmountBand
from shared.ids import make_id
from tests.shared.domain.county import LOBBY, MANAGER, NOW, OUTLET, POSTMAN, TODAY, Memory, id_of

EVENT = AwardEvent(
    kind=AwardKind.MET,
    points=2,
    parts=contributions([POSTMAN.id], (), DEFAULT_POLICY),
    outlet_id=OUTLET.id,
    evidence_table="referral",
    evidence_id=id_of("referral"),
    maker_id=MANAGER.id,
    earned_from=NOW,
    earned_to=NOW,
    period="2026-05",
    clock_grade=ClockGrade.A,
)


def lead(number: int, **facts: object) -> AwardEvent:
    event = replace(
        EVENT, kind=AwardKind.VALID_LEAD, evidence_id=make_id(1, number, 0), capture_on=TODAY
    )
    return replace(event, **facts)  # type: ignore[arg-type]


def claimed(rows: Memory, event: AwardEvent) -> list[PointsEntry]:
    entries = claim(rows, event, DEFAULT_POLICY)
    rows.keep(entries)
    return entries


@pytest.mark.parametrize(
    ("kind", "band", "points"),
    [
        (AwardKind.VALID_LEAD, None, 2),
        (AwardKind.COMPLETE_CARD, AmountBand.FROM_1M, 1),
        (AwardKind.MET, AmountBand.FROM_1M, 2),
        (AwardKind.SUCCESS, None, 7),
        (AwardKind.SUCCESS, AmountBand.FROM_50K, 7),
        (AwardKind.SUCCESS, AmountBand.FROM_200K, 15),
        (AwardKind.DATE_ACCURACY, None, 2),
        (AwardKind.DATE_CHANGE, None, 1),
        (AwardKind.CARE_CONVERTED, None, 2),
    ],
)
def test_award_is_worth_what_the_policy_says(
    kind: AwardKind, band: AmountBand | None, points: int
) -> None:
    assert award_points(kind, DEFAULT_POLICY, band) == points


def test_claim_says_what_it_rests_on() -> None:
    (entry,) = claimed(Memory(), EVENT)
    assert (entry.award, entry.award_revision) == (f"referral:{id_of('referral')}:met", 0)
    assert (entry.payee_id, entry.maker_id, entry.points) == (POSTMAN.id, MANAGER.id, 2)
    assert (entry.status, entry.policy_version) == (PointsStatus.PENDING, "2026-1")


def test_each_payee_has_an_entry_of_their_share() -> None:
    escort = Helper(staff_id=LOBBY.id, role=ShareRole.ESCORT, percent=30)
    event = replace(EVENT, points=7, parts=contributions([POSTMAN.id], [escort], DEFAULT_POLICY))
    entries = claimed(Memory(), event)
    assert [(entry.payee_id, entry.points, entry.share_percent) for entry in entries] == [
        (POSTMAN.id, 5, 70),
        (LOBBY.id, 2, 30),
    ]
    assert len({entry.id for entry in entries}) == 2


@pytest.mark.parametrize(
    "status",
    [
        PointsStatus.PENDING,
        PointsStatus.APPROVED,
        PointsStatus.REJECTED,
        PointsStatus.SETTLED,
        PointsStatus.PAID,
    ],
)
def test_award_is_claimed_once(status: PointsStatus) -> None:
    rows = Memory()
    (entry,) = claimed(rows, EVENT)
    rows.change(entry, status=status)
    assert claim(rows, EVENT, DEFAULT_POLICY) == []


@pytest.mark.parametrize("status", [PointsStatus.CANCELLED, PointsStatus.REVERSED])
def test_award_that_was_given_up_is_claimed_again_as_a_new_revision(status: PointsStatus) -> None:
    rows = Memory()
    (entry,) = claimed(rows, EVENT)
    rows.change(entry, status=status)
    (again,) = claim(rows, EVENT, DEFAULT_POLICY)
    assert again.award_revision == 1
    assert again.id != entry.id


def test_one_rejected_share_does_not_keep_the_others_from_being_claimed_again() -> None:
    """The escort's share was rejected; the referrer's was cancelled to be divided anew."""
    rows = Memory()
    escort = Helper(staff_id=LOBBY.id, role=ShareRole.ESCORT, percent=30)
    event = replace(EVENT, points=7, parts=contributions([POSTMAN.id], [escort], DEFAULT_POLICY))
    referrers, escorts = claimed(rows, event)
    rows.change(referrers, status=PointsStatus.CANCELLED)
    rows.change(escorts, status=PointsStatus.REJECTED)
    assert [entry.award_revision for entry in claim(rows, EVENT, DEFAULT_POLICY)] == [1]


def test_sixth_lead_of_a_day_is_over_the_cap() -> None:
    rows = Memory()
    entries = [claimed(rows, lead(number))[0] for number in range(1, 7)]
    assert [(entry.points, entry.over_cap) for entry in entries] == [(2, 0)] * 5 + [(0, 2)]


def test_lead_that_passes_the_cap_half_is_paid_half() -> None:
    rows = Memory()
    for number in range(1, 4):
        claimed(rows, lead(number, points=3))
    (entry,) = claimed(rows, lead(4, points=3))
    assert (entry.points, entry.over_cap) == (1, 2)


def test_cap_counts_neither_other_days_nor_other_people_nor_other_kinds() -> None:
    rows = Memory()
    for number in range(1, 6):
        claimed(rows, lead(number))
    other_day = lead(6, capture_on=TODAY - dt.timedelta(days=1))
    other_person = lead(7, parts=contributions([LOBBY.id], (), DEFAULT_POLICY))
    other_kind = lead(8, kind=AwardKind.MET, capture_on=None)
    for event in (other_day, other_person, other_kind):
        assert claimed(rows, event)[0].points == 2


@pytest.mark.parametrize("status", [PointsStatus.CANCELLED, PointsStatus.REJECTED])
def test_cap_counts_only_what_may_still_be_paid(status: PointsStatus) -> None:
    rows = Memory()
    for number in range(1, 6):
        (entry,) = claimed(rows, lead(number))
    rows.change(entry, status=status)
    assert claimed(rows, lead(6))[0].points == 2


@given(points=st.lists(st.integers(0, 9), max_size=12))
def test_nobody_gets_more_than_the_cap_and_nothing_disappears(points: list[int]) -> None:
    rows = Memory()
    for number, each in enumerate(points, start=1):
        claimed(rows, lead(number, points=each))
    entries = rows.where(PointsEntry)
    assert sum(entry.points for entry in entries) == min(10, sum(points))
    assert sum(entry.points + entry.over_cap for entry in entries) == sum(points)


def outlet_time(month: int, day: int, hour: int) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=OUTLET_ZONE)


def moment(
    grade: ClockGrade, first: dt.datetime, last: dt.datetime, now: dt.datetime | None = None
) -> Moment:
    return Moment(now=now or last, captured_from=first, captured_to=last, grade=grade)


APRIL, MAY = outlet_time(4, 30, 23), outlet_time(5, 1, 1)


@pytest.mark.parametrize(
    ("grade", "first", "last", "now", "period"),
    [
        (ClockGrade.A, APRIL, APRIL, outlet_time(5, 6, 9), "2026-04"),
        (ClockGrade.B, APRIL, APRIL, outlet_time(5, 6, 9), "2026-04"),
        (ClockGrade.B, APRIL, MAY, outlet_time(6, 1, 9), "2026-06"),
        (ClockGrade.C, APRIL, MAY, MAY, "2026-05"),
        (ClockGrade.A, MAY, MAY, MAY, "2026-05"),
    ],
    ids=["known", "within a month", "spans two", "phone clock wrong", "eight hours ahead of UTC"],
)
def test_period_is_the_months_of_the_event_or_of_its_receipt(
    grade: ClockGrade, first: dt.datetime, last: dt.datetime, now: dt.datetime, period: str
) -> None:
    assert period_of(moment(grade, first, last, now)) == period


@given(
    grade=st.sampled_from(ClockGrade),
    span=st.integers(0, 80),
    wait=st.integers(0, 80),
)
def test_period_is_never_before_the_event_nor_after_its_receipt(
    grade: ClockGrade, span: int, wait: int
) -> None:
    last = APRIL + dt.timedelta(days=span)
    now = last + dt.timedelta(days=wait)
    period = period_of(moment(grade, APRIL, last, now))
    assert "2026-04" <= period <= f"{now:%Y-%m}"


def test_worst_grade_stands_on_the_entry() -> None:
    assert worse_grade(ClockGrade.A, ClockGrade.C, ClockGrade.B) is ClockGrade.C


def test_award_is_named_after_its_event() -> None:
    assert award_name(AwardKind.SUCCESS, "referral", "X") == "referral:X:success"
