from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.desk import (
    ApprovalFlag,
    ReferralCount,
    approval_queue,
    held_referrals,
    referral_counts,
    to_verify,
    unassigned_referrals,
)
from shared.domain.moment import ClockGrade
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.referral import Need, ReferralStatus
from tests.shared.domain.county import (
    COLLEAGUE,
    GONE,
    HEAD,
    NOW,
    OUTLET,
    POSTMAN,
    REFERRAL,
    county,
    day,
    id_of,
    referral,
)

ENTRY = PointsEntry(
    id=id_of("entry"),
    outlet_id=OUTLET.id,
    award=f"referral:{REFERRAL.id}:met",
    award_revision=0,
    kind=AwardKind.MET,
    payee_id=POSTMAN.id,
    share_role=ShareRole.REFERRER,
    share_percent=100,
    award_points=2,
    points=2,
    over_cap=0,
    policy_version="1",
    evidence_table="referral",
    evidence_id=REFERRAL.id,
    clock_grade=ClockGrade.A,
    earned_from=NOW,
    earned_to=NOW,
    period="2026-05",
    status=PointsStatus.PENDING,
    maker_id=POSTMAN.id,
)


def test_an_entry_like_any_other_has_no_flags() -> None:
    (item,) = approval_queue(county(ENTRY, REFERRAL), OUTLET.id, HEAD.id)
    assert (item.entry, item.flags) == (ENTRY, frozenset())


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"clock_grade": ClockGrade.C}, ApprovalFlag.CLOCK),
        ({"over_cap": 2, "points": 0}, ApprovalFlag.OVER_CAP),
        ({"share_percent": 70}, ApprovalFlag.SPLIT),
        ({"evidence_verified": False}, ApprovalFlag.UNVERIFIED),
        ({"reverses_id": id_of("paid"), "points": -2}, ApprovalFlag.REVERSAL),
        ({"payee_id": HEAD.id}, ApprovalFlag.OWN),
        (
            {"clock_grade": ClockGrade.B, "earned_from": NOW - dt.timedelta(days=5)},
            ApprovalFlag.TWO_MONTHS,
        ),
    ],
)
def test_an_exception_is_flagged_and_comes_first(
    fields: dict[str, object], flag: ApprovalFlag
) -> None:
    values = {"id": id_of("odd"), **fields}
    odd = replace(ENTRY, **values)  # type: ignore[arg-type]
    first, second = approval_queue(county(ENTRY, odd), OUTLET.id, HEAD.id)
    assert (first.entry, first.flags) == (odd, frozenset({flag}))
    assert second.entry == ENTRY


@pytest.mark.parametrize("status", [ReferralStatus.HELD, ReferralStatus.JOINED])
def test_a_lead_that_had_a_duplicate_is_flagged(status: ReferralStatus) -> None:
    twin = referral(status, id=id_of("twin"))
    (item,) = approval_queue(county(ENTRY, REFERRAL, twin), OUTLET.id, HEAD.id)
    assert item.flags == {ApprovalFlag.POSSIBLE_DUPLICATE}
    other_need = replace(twin, need=Need.LOAN)
    (item,) = approval_queue(county(ENTRY, REFERRAL, other_need), OUTLET.id, HEAD.id)
    assert item.flags == frozenset()


def test_evidence_that_is_no_referral_has_no_duplicates() -> None:
    of_a_card = replace(ENTRY, evidence_table="care_card")
    (item,) = approval_queue(county(of_a_card, REFERRAL), OUTLET.id, HEAD.id)
    assert item.flags == frozenset()


def test_only_the_outlet_s_pending_entries_wait() -> None:
    rows = county(
        replace(ENTRY, status=PointsStatus.APPROVED),
        replace(ENTRY, id=id_of("elsewhere"), outlet_id=id_of("other outlet")),
    )
    assert approval_queue(rows, OUTLET.id, HEAD.id) == []


def test_what_waits_on_the_desk_comes_the_oldest_first() -> None:
    new = referral(ReferralStatus.HELD, id=id_of("new"), captured_from=NOW + dt.timedelta(hours=1))
    old = referral(ReferralStatus.HELD)
    unassigned = referral(ReferralStatus.UNASSIGNED, id=id_of("unassigned"))
    succeeded = referral(ReferralStatus.SUCCEEDED, id=id_of("succeeded"))
    rows = county(new, old, unassigned, succeeded)
    assert held_referrals(rows, OUTLET.id) == [old, new]
    assert unassigned_referrals(rows, OUTLET.id) == [unassigned]
    assert to_verify(rows, OUTLET.id) == [succeeded]
    assert to_verify(rows, id_of("other outlet")) == []


def test_referral_counts_show_the_success_rate_of_what_has_ended() -> None:
    statuses = [
        ReferralStatus.SUCCEEDED,
        ReferralStatus.VERIFIED,
        ReferralStatus.LOST,
        ReferralStatus.ROUTED,
        ReferralStatus.JOINED,
        ReferralStatus.WITHDRAWN,
        ReferralStatus.VOID,
    ]
    rows = county(*(referral(status, id=id_of(status)) for status in statuses))
    counts = {count.staff.id: count for count in referral_counts(rows, OUTLET.id)}
    postman = counts[POSTMAN.id]
    assert (postman.referrals, postman.running, postman.succeeded) == (4, 1, 2)
    assert postman.success_percent == 67
    assert counts[COLLEAGUE.id].success_percent is None
    assert next(iter(counts)) == POSTMAN.id


@pytest.mark.parametrize(
    ("ended", "succeeded", "percent"),
    [(1, 0, 0), (1, 1, 100), (200, 1, 1), (201, 1, 0), (8, 1, 13)],
)
def test_the_success_rate_is_rounded_half_up(ended: int, succeeded: int, percent: int) -> None:
    count = ReferralCount(staff=POSTMAN, referrals=ended + 5, running=5, succeeded=succeeded)
    assert count.success_percent == percent


def test_referral_counts_name_a_leaver_only_for_what_they_did() -> None:
    rows = county()
    assert GONE.id not in {count.staff.id for count in referral_counts(rows, OUTLET.id)}
    rows.keep([referral(ReferralStatus.LOST, referrer_id=GONE.id)])
    assert GONE.id in {count.staff.id for count in referral_counts(rows, OUTLET.id)}


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        (dt.datetime(2026, 5, 3, 15, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 5, 3, 16, 0, tzinfo=dt.UTC), 1),
        (dt.datetime(2026, 5, 5, 15, 59, tzinfo=dt.UTC), 1),
        (dt.datetime(2026, 5, 5, 16, 0, tzinfo=dt.UTC), 0),
    ],
)
def test_referral_counts_go_by_the_outlet_s_days(at: dt.datetime, counted: int) -> None:
    rows = county(referral(ReferralStatus.ROUTED, captured_from=at))
    counts = referral_counts(rows, OUTLET.id, from_on=day(0), to_on=day(1))
    assert sum(count.referrals for count in counts) == counted
