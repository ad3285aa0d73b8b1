"""Each step of a lead earns what PRODUCT §7 says, once, for everybody who has a part in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.care_card import (
    CareReason,
    ConvertCareCard,
    FollowUpCareCard,
    FollowUpHow,
    OpenCareCard,
    WithdrawCareCard,
)
from shared.domain.explanation import explain
from shared.domain.moment import ClockGrade
from shared.domain.people import Staff
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    PointsEntry,
    PointsStatus,
    RejectPoints,
    ReversePoints,
)
from shared.domain.referral import (
    AmountBand,
    HandOverReferral,
    Interest,
    JoinReferral,
    LeadSource,
    MeetReferral,
    NamedReferral,
    Need,
    ReasonedReferral,
    ReferralMode,
    ReferralStatus,
    SucceedReferral,
)
from shared.domain.refusals import RefusedError
from shared.domain.visit import ScheduleVisit
from tests.server.field_county import (
    ADMIN,
    COLLEAGUE,
    HEAD,
    LOBBY,
    MANAGER,
    MONDAY,
    POSTMAN,
    THURSDAY,
    VILLAGE,
)
from tests.server.reactions.desk import Desk, captured

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
ALL_PARTS = {"customer_part": True, "information_part": True, "trust_part": True}


def accepted(desk: Desk, person: Staff = POSTMAN, **fields: object) -> str:
    lead_id = desk.lead(person, **fields)  # type: ignore[arg-type]
    desk.act(MANAGER, "accept_referral", NamedReferral(id=lead_id))
    return lead_id


def met(desk: Desk, lead_id: str, **parts: bool) -> str:
    visit = ScheduleVisit(id=desk.new_id(MANAGER), planned_on=THURSDAY, referral_ids=(lead_id,))
    desk.act(MANAGER, "schedule_visit", visit)
    desk.act(MANAGER, "meet_referral", MeetReferral(id=lead_id, **(parts or ALL_PARTS)))
    return lead_id


def succeeded(desk: Desk, lead_id: str, band: AmountBand = AmountBand.FROM_10K) -> str:
    args = SucceedReferral(id=lead_id, voucher_number=f"V-{lead_id[-6:]}", result_band=band)
    desk.act(MANAGER, "succeed_referral", args)
    return lead_id


def won(desk: Desk, lead_id: str, band: AmountBand = AmountBand.FROM_10K) -> str:
    return succeeded(desk, met(desk, lead_id), band)


def claims(desk: Desk, lead_id: str) -> dict[tuple[str, str], int]:
    """Return what still counts, by kind and payee."""
    gone = (PointsStatus.CANCELLED, PointsStatus.REJECTED, PointsStatus.REVERSED)
    return {
        (entry.kind.value, entry.payee_id): entry.points
        for entry in desk.entries(lead_id)
        if entry.status not in gone and entry.reverses_id is None
    }


def approve(desk: Desk, *entries: PointsEntry, by: Staff = HEAD) -> None:
    desk.act(by, "approve_points", ApprovePoints(ids=tuple(entry.id for entry in entries)))


def test_acceptance_claims_the_valid_lead(desk: Desk) -> None:
    lead_id = desk.lead()
    assert claims(desk, lead_id) == {}
    desk.act(MANAGER, "accept_referral", NamedReferral(id=lead_id))
    (entry,) = desk.entries(lead_id)
    assert (entry.points, entry.payee_id, entry.maker_id) == (2, POSTMAN.id, MANAGER.id)
    assert (entry.status, entry.period) == (PointsStatus.PENDING, "2026-05")


def test_whole_lead_earns_twelve(desk: Desk) -> None:
    lead_id = won(desk, accepted(desk))
    assert claims(desk, lead_id) == {
        ("valid_lead", POSTMAN.id): 2,
        ("complete_card", POSTMAN.id): 1,
        ("met", POSTMAN.id): 2,
        ("success", POSTMAN.id): 7,
    }


def test_large_success_earns_fifteen(desk: Desk) -> None:
    lead_id = won(desk, accepted(desk), AmountBand.FROM_200K)
    assert claims(desk, lead_id)["success", POSTMAN.id] == 15


def test_card_is_claimed_once_its_third_part_is_done(desk: Desk) -> None:
    lead_id = accepted(desk)
    two = HandOverReferral(id=lead_id, customer_part=True, information_part=True,
                           trust_part=False)  # fmt: skip
    desk.act(POSTMAN, "hand_over_referral", two)
    assert ("complete_card", POSTMAN.id) not in claims(desk, lead_id)
    desk.act(POSTMAN, "hand_over_referral", replace(two, trust_part=True))
    desk.act(POSTMAN, "hand_over_referral", replace(two, trust_part=True))
    assert claims(desk, lead_id)["complete_card", POSTMAN.id] == 1


def test_meeting_without_the_three_parts_earns_no_card(desk: Desk) -> None:
    lead_id = met(desk, accepted(desk), customer_part=True)
    assert ("complete_card", POSTMAN.id) not in claims(desk, lead_id)


def test_escort_has_three_tenths_of_meeting_and_success(desk: Desk) -> None:
    lead_id = accepted(desk)
    escort = HandOverReferral(id=lead_id, customer_part=True, information_part=False,
                              trust_part=False)  # fmt: skip
    desk.act(LOBBY, "hand_over_referral", escort)
    assert claims(desk, won(desk, lead_id)) == {
        ("valid_lead", POSTMAN.id): 2,
        ("complete_card", POSTMAN.id): 1,
        ("met", POSTMAN.id): 1,
        ("met", LOBBY.id): 1,
        ("success", POSTMAN.id): 5,
        ("success", LOBBY.id): 2,
    }


def test_sixth_valid_lead_of_a_day_is_over_the_cap(desk: Desk) -> None:
    leads = [accepted(desk, name=f"陈{number}", phone=f"1380000020{number}") for number in range(6)]
    entries = [desk.entries(lead_id)[0] for lead_id in leads]
    assert [(entry.points, entry.over_cap) for entry in entries] == [(2, 0)] * 5 + [(0, 2)]


def test_wrong_clock_stands_on_the_line_and_moves_no_month(desk: Desk) -> None:
    """Story 4: the capture is of grade C; the acceptance is known to the minute."""
    first = dt.datetime(2026, 4, 29, tzinfo=dt.UTC)
    lead_id = accepted(desk, moment=captured(first, MONDAY, ClockGrade.C))
    (entry,) = desk.entries(lead_id)
    assert (entry.clock_grade, entry.period) == (ClockGrade.C, "2026-05")


def test_success_is_approved_only_after_its_voucher_was_seen(desk: Desk) -> None:
    lead_id = won(desk, accepted(desk))
    (success,) = [one for one in desk.entries(lead_id) if one.kind == "success"]
    with pytest.raises(RefusedError, match="not-verified"):
        approve(desk, success)
    desk.act(HEAD, "verify_referral", NamedReferral(id=lead_id))
    approve(desk, success)
    assert desk.row(PointsEntry, success.id).status is PointsStatus.APPROVED


def test_approval_posts_to_the_ledger_and_tells_the_payee_once(desk: Desk) -> None:
    lead_id = met(desk, accepted(desk))
    approve(desk, *desk.entries(lead_id))
    report = desk.ledger()
    assert report.holds
    assert report.counties[0].balances[f"staff:{POSTMAN.id}"] == 5
    told = [kind for kind, _ in desk.notices(POSTMAN) if kind == "points_approved"]
    assert told == ["points_approved"]


def test_rejection_tells_the_payee_and_posts_nothing(desk: Desk) -> None:
    lead_id = accepted(desk)
    (entry,) = desk.entries(lead_id)
    desk.act(HEAD, "reject_points", RejectPoints(ids=(entry.id,), reason="客户否认"))
    assert ("points_rejected", entry.id) in desk.notices(POSTMAN)
    assert desk.ledger().counties == ()


def test_void_cancels_what_is_pending(desk: Desk) -> None:
    lead_id = met(desk, accepted(desk))
    desk.act(HEAD, "void_referral", ReasonedReferral(id=lead_id, reason="假客户"))
    assert claims(desk, lead_id) == {}
    assert {entry.reason for entry in desk.entries(lead_id)} == {"假客户"}


def test_void_takes_back_what_is_approved_once_a_second_person_agrees(desk: Desk) -> None:
    lead_id = accepted(desk)
    (entry,) = desk.entries(lead_id)
    approve(desk, entry)
    desk.act(HEAD, "void_referral", ReasonedReferral(id=lead_id, reason="假客户"))
    (reversal,) = desk.rows(PointsEntry, reverses_id=entry.id)
    assert (reversal.status, reversal.points) == (PointsStatus.PENDING, -2)
    assert ("reversal_proposed", reversal.id) in desk.notices(ADMIN)
    assert desk.row(PointsEntry, entry.id).status is PointsStatus.APPROVED

    desk.act(ADMIN, "approve_reversal", ApproveReversal(id=reversal.id))
    assert desk.row(PointsEntry, entry.id).status is PointsStatus.REVERSED
    assert ("points_reversed", reversal.id) in desk.notices(POSTMAN)
    assert explain(desk.entries(lead_id)).total == 0
    report = desk.ledger()
    assert report.faults == ()
    assert report.counties[0].balances[f"staff:{POSTMAN.id}"] == 0


def test_proposed_reversal_is_told_to_the_administrators_and_can_be_rejected(desk: Desk) -> None:
    (entry,) = desk.entries(accepted(desk))
    approve(desk, entry)
    desk.act(HEAD, "propose_reversal", ReversePoints(id=entry.id, reason="重复"))
    (reversal,) = desk.rows(PointsEntry, reverses_id=entry.id)
    assert ("reversal_proposed", reversal.id) in desk.notices(ADMIN)
    desk.act(ADMIN, "reject_points", RejectPoints(ids=(reversal.id,), reason="不成立"))
    assert ("points_rejected", reversal.id) in desk.notices(HEAD)
    assert desk.ledger().faults == ()


def test_reversal_for_another_cause_claims_nothing_again(desk: Desk) -> None:
    lead_id = accepted(desk)
    (entry,) = desk.entries(lead_id)
    approve(desk, entry)
    desk.act(HEAD, "propose_reversal", ReversePoints(id=entry.id, reason="重复"))
    (reversal,) = desk.rows(PointsEntry, reverses_id=entry.id)
    desk.act(ADMIN, "approve_reversal", ApproveReversal(id=reversal.id))
    assert claims(desk, lead_id) == {}


def test_void_proposes_no_second_reversal_of_what_is_being_taken_back(desk: Desk) -> None:
    lead_id = accepted(desk)
    (entry,) = desk.entries(lead_id)
    approve(desk, entry)
    desk.act(HEAD, "propose_reversal", ReversePoints(id=entry.id, reason="重复"))
    desk.act(HEAD, "void_referral", ReasonedReferral(id=lead_id, reason="假客户"))
    assert len(desk.rows(PointsEntry, reverses_id=entry.id)) == 1


def test_rejected_reversal_can_be_proposed_and_told_again(desk: Desk) -> None:
    (entry,) = desk.entries(accepted(desk))
    approve(desk, entry)
    for _ in range(2):
        desk.act(HEAD, "propose_reversal", ReversePoints(id=entry.id, reason="重复"))
        (pending,) = desk.rows(PointsEntry, reverses_id=entry.id, status=PointsStatus.PENDING)
        desk.act(ADMIN, "reject_points", RejectPoints(ids=(pending.id,), reason="不成立"))
    told = [about for kind, about in desk.notices(ADMIN) if kind == "reversal_proposed"]
    assert len(set(told)) == 2


def overlapping(desk: Desk) -> tuple[str, str]:
    """Return an accepted lead, and another's that nobody can prove to be later."""
    first = accepted(desk, moment=captured(MONDAY - 3 * HOUR, MONDAY))
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY - HOUR, MONDAY))
    return first, second


def test_joined_lead_with_overlapping_proof_shares_what_is_pending(desk: Desk) -> None:
    first, second = overlapping(desk)
    desk.act(HEAD, "join_referral", JoinReferral(id=second, assisted=False))
    assert claims(desk, first) == {
        ("valid_lead", POSTMAN.id): 1,
        ("valid_lead", COLLEAGUE.id): 1,
    }
    assert [entry.award_revision for entry in desk.entries(first)] == [0, 1, 1]


def test_joined_lead_shares_what_was_approved_once_that_is_taken_back(desk: Desk) -> None:
    first, second = overlapping(desk)
    approve(desk, *desk.entries(first))
    desk.act(HEAD, "join_referral", JoinReferral(id=second, assisted=False))
    (reversal,) = [one for one in desk.entries(first) if one.reverses_id is not None]
    assert claims(desk, first) == {("valid_lead", POSTMAN.id): 2}
    desk.act(ADMIN, "approve_reversal", ApproveReversal(id=reversal.id))
    assert claims(desk, first) == {
        ("valid_lead", POSTMAN.id): 1,
        ("valid_lead", COLLEAGUE.id): 1,
    }
    approve(desk, *[one for one in desk.entries(first) if one.status is PointsStatus.PENDING])
    report = desk.ledger()
    assert report.faults == ()
    assert report.counties[0].balances[f"staff:{POSTMAN.id}"] == 1
    assert report.counties[0].balances[f"staff:{COLLEAGUE.id}"] == 1


def test_joined_lead_that_came_later_changes_nothing(desk: Desk) -> None:
    first = accepted(desk)
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(HEAD, "join_referral", JoinReferral(id=second, assisted=False))
    assert claims(desk, first) == {("valid_lead", POSTMAN.id): 2}
    assert len(desk.entries(first)) == 1


def test_later_person_who_added_the_deciding_fact_has_a_fifth(desk: Desk) -> None:
    first = accepted(desk)
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(HEAD, "join_referral", JoinReferral(id=second, assisted=True))
    assert claims(desk, won(desk, first)) == {
        ("valid_lead", POSTMAN.id): 2,
        ("valid_lead", COLLEAGUE.id): 0,
        ("complete_card", POSTMAN.id): 1,
        ("complete_card", COLLEAGUE.id): 0,
        ("met", POSTMAN.id): 2,
        ("met", COLLEAGUE.id): 0,
        ("success", POSTMAN.id): 6,
        ("success", COLLEAGUE.id): 1,
    }


def card_of(desk: Desk, lead_id: str | None = None) -> str:
    card_id = desk.new_id(POSTMAN)
    args = OpenCareCard(
        id=card_id,
        reason=CareReason.MONEY_NOT_IN,
        next_contact_on=desk.now.date() + DAY,
        referral_id=lead_id,
        customer_name=None if lead_id else "陈大文",
        phone=None if lead_id else "13800000001",
        consent=lead_id is None,
        need=Need.DEPOSIT,
        village_id=VILLAGE.id,
    )
    desk.act(POSTMAN, "open_care_card", args)
    return card_id


def convert(desk: Desk, card_id: str) -> str:
    lead_id = desk.new_id(POSTMAN)
    args = ConvertCareCard(
        id=card_id,
        referral_id=lead_id,
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        source=LeadSource.VILLAGE,
    )
    desk.act(POSTMAN, "convert_care_card", args)
    return lead_id


def test_card_whose_customer_comes_is_claimed_and_its_lead_routed(desk: Desk) -> None:
    card_id = card_of(desk)
    desk.now = MONDAY + DAY
    follow_up = FollowUpCareCard(
        id=desk.new_id(POSTMAN),
        care_card_id=card_id,
        how=FollowUpHow.VISIT,
        next_contact_on=desk.now.date() + DAY,
    )
    desk.act(POSTMAN, "follow_up_care_card", follow_up)
    lead_id = convert(desk, card_id)
    assert desk.referral(lead_id).status is ReferralStatus.ROUTED
    assert claims(desk, card_id) == {("care_converted", POSTMAN.id): 2}


def test_lead_that_comes_back_from_its_card_is_no_duplicate_of_itself(desk: Desk) -> None:
    card_id = card_of(desk, accepted(desk))
    assert desk.referral(convert(desk, card_id)).status is ReferralStatus.ROUTED


def test_void_of_a_converted_lead_gives_up_the_cards_award_too(desk: Desk) -> None:
    card_id = card_of(desk)
    lead_id = convert(desk, card_id)
    desk.act(HEAD, "void_referral", ReasonedReferral(id=lead_id, reason="假客户"))
    assert claims(desk, card_id) == {}


def test_award_of_a_card_is_taken_back_like_any_other(desk: Desk) -> None:
    card_id = card_of(desk)
    convert(desk, card_id)
    (entry,) = desk.entries(card_id)
    with pytest.raises(RefusedError, match="forbidden-action"):
        approve(desk, entry, by=POSTMAN)
    approve(desk, entry)
    desk.act(HEAD, "propose_reversal", ReversePoints(id=entry.id, reason="重复"))
    (reversal,) = desk.rows(PointsEntry, reverses_id=entry.id)
    desk.act(ADMIN, "approve_reversal", ApproveReversal(id=reversal.id))
    assert claims(desk, card_id) == {}
    assert desk.ledger().faults == ()


def test_void_of_a_lead_that_went_to_a_card_is_not_asked_of_the_card(desk: Desk) -> None:
    lead_id = desk.lead()
    card_id = card_of(desk, lead_id)
    withdraw = WithdrawCareCard(id=card_id, reason="误开")
    desk.act(POSTMAN, "withdraw_care_card", withdraw)
    assert desk.referral(lead_id).status is ReferralStatus.ROUTED


def test_withdrawn_card_of_no_lead_routes_nothing(desk: Desk) -> None:
    desk.act(POSTMAN, "withdraw_care_card", WithdrawCareCard(id=card_of(desk), reason="误开"))
    assert desk.notices(MANAGER) == []


def test_lost_lead_keeps_what_it_earned_and_tells_its_referrer(desk: Desk) -> None:
    lead_id = met(desk, accepted(desk))
    desk.act(MANAGER, "lose_referral", ReasonedReferral(id=lead_id, reason="家人不同意"))
    assert ("referral_lost", lead_id) in desk.notices(POSTMAN)
    assert claims(desk, lead_id)["met", POSTMAN.id] == 2
