"""A lead that arrives is routed, held, or in the branch head's queue; it always has an owner."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.care_card import CareCard, CareReason, CareStatus
from shared.domain.customer import Customer
from shared.domain.harvest import Confidence, ReportHarvestDate
from shared.domain.people import Leave, Qualification, Role
from shared.domain.referral import (
    AssignReferral,
    CorrectReferral,
    JoinReferral,
    NamedReferral,
    Need,
    ReasonedReferral,
    ReferralStatus,
)
from shared.domain.routing import RouteTrace, RouteVerdict
from tests.server.field_county import (
    BACKUP,
    COLLEAGUE,
    COLLEAGUES_VILLAGE,
    HEAD,
    LOBBY,
    MANAGER,
    MELON,
    MONDAY,
    OTHER_OUTLET,
    OUTLET,
    POSTMAN,
    TELLER,
    VILLAGE,
    numbered,
    qualifications,
    staff,
)
from tests.server.reactions.desk import Desk, captured

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def trace_of(desk: Desk, lead_id: str) -> RouteTrace:
    route_id = desk.referral(lead_id).route_id
    assert route_id is not None
    return desk.row(RouteTrace, route_id)


def test_lead_is_routed_to_who_covers_the_village_and_says_why(desk: Desk) -> None:
    lead_id = desk.lead()
    lead, trace = desk.referral(lead_id), trace_of(desk, lead_id)
    assert (lead.status, lead.wealth_manager_id) == (ReferralStatus.ROUTED, MANAGER.id)
    assert (trace.rule, trace.chosen_id, lead.due_at) == (4, MANAGER.id, trace.due_at)
    assert desk.notices(MANAGER) == [("referral_routed", lead_id)]
    assert desk.notices(POSTMAN) == []


def test_managing_wealth_manager_on_leave_keeps_the_customer_while_the_backup_acts(
    desk: Desk,
) -> None:
    """Story 7: payout tomorrow, so the backup has one hour."""
    customer = Customer(
        id=numbered(90),
        outlet_id=OUTLET.id,
        name="陈大文",
        kind="farmer",  # type: ignore[arg-type]
        managing_id=MANAGER.id,
    )
    today = MONDAY.date()
    leave = Leave(id=numbered(91), staff_id=MANAGER.id, from_on=today, to_on=today + DAY)
    desk.keep(customer, leave)
    sale_id = desk.new_id(POSTMAN)
    desk.act(
        POSTMAN,
        "report_harvest_date",
        ReportHarvestDate(
            id=sale_id,
            village_id=VILLAGE.id,
            crop_id=MELON.id,
            sale_from_on=today + DAY,
            sale_to_on=today + DAY,
            confidence=Confidence.BUYER,
        ),
    )
    lead_id = desk.lead(customer_id=customer.id, harvest_date_id=sale_id)
    trace = trace_of(desk, lead_id)
    assert (trace.rule, trace.chosen_id, trace.acting_for_id) == (1, BACKUP.id, MANAGER.id)
    assert trace.due_at == MONDAY + HOUR
    assert desk.row(Customer, customer.id).managing_id == MANAGER.id


def test_nobody_qualified_leaves_the_lead_to_the_branch_head(desk: Desk) -> None:
    for row in desk.rows(Qualification, need=Need.INSURANCE.value):
        desk.keep(replace(row, expires_on=MONDAY.date() - DAY))
    lead_id = desk.lead(need=Need.INSURANCE)
    assert desk.referral(lead_id).status is ReferralStatus.UNASSIGNED
    assert trace_of(desk, lead_id).rule == 9
    assert desk.notices(HEAD) == [("referral_unassigned", lead_id)]


def test_branch_heads_choice_has_a_trace_and_a_deadline(desk: Desk) -> None:
    lead_id = desk.lead()
    desk.act(HEAD, "assign_referral", AssignReferral(id=lead_id, wealth_manager_id=BACKUP.id))
    lead, trace = desk.referral(lead_id), trace_of(desk, lead_id)
    assert (lead.wealth_manager_id, trace.chosen_id, trace.rule) == (BACKUP.id, BACKUP.id, 9)
    assert trace.steps[0].verdict is RouteVerdict.ASSIGNED
    assert lead.due_at == trace.due_at
    assert desk.notices(BACKUP) == [("referral_routed", lead_id)]


def test_declined_lead_goes_to_somebody_else_and_in_the_end_to_the_branch_head(
    desk: Desk,
) -> None:
    lead_id = desk.lead()
    reason = ReasonedReferral(id=lead_id, reason="出差")
    desk.act(MANAGER, "decline_referral", reason)
    assert desk.referral(lead_id).wealth_manager_id == BACKUP.id
    desk.act(BACKUP, "decline_referral", reason)
    assert desk.referral(lead_id).status is ReferralStatus.UNASSIGNED
    declined = {
        step.candidate_id
        for step in trace_of(desk, lead_id).steps
        if step.verdict is RouteVerdict.DECLINED
    }
    assert declined == {MANAGER.id, BACKUP.id}
    assert ("referral_unassigned", lead_id) in desk.notices(HEAD)


def test_fairness_counts_what_was_assigned_before(desk: Desk) -> None:
    desk.keep(replace(VILLAGE, wealth_manager_id=None, backup_wealth_manager_id=None))
    chosen = [
        desk.referral(desk.lead(phone=f"1380000010{number}", name=f"陈{number}")).wealth_manager_id
        for number in range(4)
    ]
    assert sorted(filter(None, chosen)) == [MANAGER.id] * 2 + [BACKUP.id] * 2


def test_same_customer_captured_later_by_another_is_held(desk: Desk) -> None:
    first = desk.lead()
    second = desk.lead(COLLEAGUE, name="陈叔", phone="+8613800000001",
                       moment=captured(MONDAY + HOUR, MONDAY + 2 * HOUR))  # fmt: skip
    held = desk.referral(second)
    assert (held.status, held.held_for_id, held.held_reason) == (
        ReferralStatus.HELD,
        first,
        "captured_later",
    )
    assert held.wealth_manager_id is None
    assert desk.notices(HEAD) == [("referral_held", second)]


def test_late_arrival_that_was_captured_first_goes_before_the_other(desk: Desk) -> None:
    """Story 5: the provably earlier postman is credited, though his phone synced later."""
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY, MONDAY + HOUR))
    early = captured(MONDAY - 3 * HOUR, MONDAY - 2 * HOUR)
    first = desk.lead(POSTMAN, moment=replace(early, now=MONDAY + 2 * HOUR))
    assert desk.referral(first).status is ReferralStatus.ROUTED
    held = desk.referral(second)
    assert (held.status, held.held_for_id, held.held_reason) == (
        ReferralStatus.HELD,
        first,
        "captured_later",
    )


def test_late_arrival_is_held_when_the_other_was_acted_upon(desk: Desk) -> None:
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY, MONDAY + HOUR))
    desk.act(MANAGER, "accept_referral", NamedReferral(id=second))
    early = captured(MONDAY - 3 * HOUR, MONDAY - 2 * HOUR)
    first = desk.lead(POSTMAN, moment=replace(early, now=MONDAY + 2 * HOUR))
    held = desk.referral(first)
    assert (held.status, held.held_reason) == (ReferralStatus.HELD, "captured_earlier")


def test_proofs_that_overlap_are_held_for_the_branch_head(desk: Desk) -> None:
    desk.lead(moment=captured(MONDAY - 3 * HOUR, MONDAY))
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY - HOUR, MONDAY))
    assert desk.referral(second).held_reason == "overlapping_proofs"


def test_shared_phone_of_another_name_is_held(desk: Desk) -> None:
    desk.lead()
    assert desk.referral(desk.lead(name="林大姐")).held_reason == "shared_phone"


@pytest.mark.parametrize(
    "fields",
    [
        {"need": Need.LOAN},
        {"phone": "13800000002"},
        {"phone": None},
    ],
    ids=["another need", "another number", "no number"],
)
def test_namesake_or_another_need_is_routed(desk: Desk, fields: dict[str, object]) -> None:
    desk.lead()
    lead_id = desk.lead(COLLEAGUE, **fields)  # type: ignore[arg-type]
    assert desk.referral(lead_id).status is ReferralStatus.ROUTED


def test_same_customer_after_the_window_is_routed(desk: Desk) -> None:
    desk.lead()
    desk.now = MONDAY + 31 * DAY
    assert desk.referral(desk.lead(COLLEAGUE)).status is ReferralStatus.ROUTED


def test_withdrawn_lead_is_in_nobodys_way(desk: Desk) -> None:
    first = desk.lead()
    desk.act(POSTMAN, "withdraw_referral", ReasonedReferral(id=first, reason="记错"))
    assert desk.referral(desk.lead(COLLEAGUE)).status is ReferralStatus.ROUTED


def test_lead_held_for_a_withdrawn_one_is_routed(desk: Desk) -> None:
    first = desk.lead()
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(POSTMAN, "withdraw_referral", ReasonedReferral(id=first, reason="记错"))
    released = desk.referral(second)
    assert (released.status, released.held_for_id) == (ReferralStatus.ROUTED, None)


def test_of_two_leads_held_for_a_void_one_the_later_waits_for_the_earlier(desk: Desk) -> None:
    first = desk.lead()
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    third = desk.lead(TELLER, moment=captured(MONDAY + 2 * HOUR, MONDAY + 2 * HOUR))
    desk.act(HEAD, "void_referral", ReasonedReferral(id=first, reason="假客户"))
    assert desk.referral(second).status is ReferralStatus.ROUTED
    assert desk.referral(third).held_for_id == second


def test_released_lead_is_routed_without_being_asked_again(desk: Desk) -> None:
    desk.lead()
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(HEAD, "release_referral", NamedReferral(id=second))
    released = desk.referral(second)
    assert (released.status, released.held_for_id) == (ReferralStatus.ROUTED, None)


def test_joined_lead_tells_its_referrer(desk: Desk) -> None:
    desk.lead()
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(HEAD, "join_referral", JoinReferral(id=second, assisted=False))
    assert desk.notices(COLLEAGUE) == [("referral_joined", second)]


def test_correction_that_changes_the_need_is_routed_anew(desk: Desk) -> None:
    lead_id = desk.lead()
    before = desk.referral(lead_id).route_id
    desk.act(POSTMAN, "correct_referral", CorrectReferral(id=lead_id, need=Need.LOAN))
    assert desk.referral(lead_id).route_id != before


def test_correction_of_a_note_changes_nothing_else(desk: Desk) -> None:
    lead_id = desk.lead()
    before = desk.referral(lead_id)
    desk.act(POSTMAN, "correct_referral", CorrectReferral(id=lead_id, note="傍晚在家"))
    assert desk.referral(lead_id) == replace(before, note="傍晚在家")


def test_correction_that_reveals_a_duplicate_holds_it(desk: Desk) -> None:
    desk.lead()
    lead_id = desk.lead(COLLEAGUE, name="林大姐", phone="13800000009",
                        moment=captured(MONDAY + HOUR, MONDAY + HOUR))  # fmt: skip
    correction = CorrectReferral(id=lead_id, customer_name="陈大文", phone="13800000001")
    desk.act(COLLEAGUE, "correct_referral", correction)
    assert desk.referral(lead_id).status is ReferralStatus.HELD


def test_correction_of_a_number_that_nobody_else_has_keeps_the_route(desk: Desk) -> None:
    lead_id = desk.lead()
    before = desk.referral(lead_id)
    desk.act(POSTMAN, "correct_referral", CorrectReferral(id=lead_id, phone="13800000007"))
    assert desk.referral(lead_id) == before


def test_correction_of_a_held_lead_leaves_it_to_the_branch_head(desk: Desk) -> None:
    desk.lead()
    second = desk.lead(COLLEAGUE, moment=captured(MONDAY + HOUR, MONDAY + HOUR))
    desk.act(COLLEAGUE, "correct_referral", CorrectReferral(id=second, need=Need.LOAN))
    assert desk.referral(second).status is ReferralStatus.HELD


def test_customer_managed_at_another_outlet_goes_there_or_to_their_backup(desk: Desk) -> None:
    backup = staff(81, "外局备岗", Role.WEALTH_MANAGER, outlet=OTHER_OUTLET)
    owner = staff(80, "外局理财", Role.WEALTH_MANAGER, outlet=OTHER_OUTLET, backup_id=backup.id)
    desk.keep(owner, backup, *qualifications(82, owner), *qualifications(100, backup))
    customer = managed_customer(desk)
    desk.keep(replace(customer, managing_id=owner.id))
    lead_id = desk.lead(customer_id=customer.id)
    assert desk.referral(lead_id).wealth_manager_id == owner.id
    desk.keep(replace(owner, active=False))
    second = desk.lead(customer_id=customer.id, need=Need.LOAN)
    trace = trace_of(desk, second)
    assert (trace.chosen_id, trace.acting_for_id) == (backup.id, owner.id)


def test_village_that_nobody_covers_goes_by_fairness(desk: Desk) -> None:
    lead_id = desk.lead(village_id=None)
    assert trace_of(desk, lead_id).rule == 7


def managed_customer(desk: Desk) -> Customer:
    customer = Customer(
        id=numbered(90),
        outlet_id=OUTLET.id,
        name="陈大文",
        kind="farmer",  # type: ignore[arg-type]
        managing_id=MANAGER.id,
    )
    desk.keep(customer)
    return customer


def test_managed_customer_counts_only_without_an_open_item(desk: Desk) -> None:
    customer = managed_customer(desk)
    first = desk.lead(customer_id=customer.id)
    desk.act(MANAGER, "accept_referral", NamedReferral(id=first))
    desk.now = MONDAY + 60 * DAY
    second = desk.lead(COLLEAGUE, customer_id=customer.id)
    assert desk.referral(second).held_reason == "open_with_manager"


@pytest.mark.parametrize(
    ("owner_id", "status", "held"),
    [
        (MANAGER.id, CareStatus.OPEN, True),
        (MANAGER.id, CareStatus.CLOSED, False),
        (LOBBY.id, CareStatus.OPEN, False),
    ],
)
def test_card_that_the_managing_wealth_manager_follows_up_is_an_open_item(
    desk: Desk, owner_id: str, status: CareStatus, *, held: bool
) -> None:
    customer = managed_customer(desk)
    card = CareCard(
        id=numbered(92),
        outlet_id=OUTLET.id,
        customer_id=customer.id,
        reason=CareReason.NO_TIME,
        status=status,
        originator_id=owner_id,
        owner_id=owner_id,
        opened_at=MONDAY - DAY,
        next_contact_on=MONDAY.date(),
        need=Need.DEPOSIT,
    )
    desk.keep(card)
    lead_id = desk.lead(customer_id=customer.id)
    assert (desk.referral(lead_id).held_reason == "open_with_manager") is held
    if held:
        desk.act(HEAD, "join_referral", JoinReferral(id=lead_id, assisted=False))
        assert desk.referral(lead_id).status is ReferralStatus.JOINED


def test_lead_of_another_village_goes_to_its_own_coverage(desk: Desk) -> None:
    lead_id = desk.lead(COLLEAGUE, village_id=COLLEAGUES_VILLAGE.id)
    assert desk.referral(lead_id).wealth_manager_id == BACKUP.id
