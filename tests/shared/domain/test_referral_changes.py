from __future__ import annotations

import datetime as dt

import pytest

from shared.domain.people import Staff
from shared.domain.referral import (
    AmountBand,
    HandOverReferral,
    MeetReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralStatus,
    SucceedReferral,
)
from tests.shared.domain.county import (
    BACK_OFFICE,
    BACKUP,
    LOBBY,
    MANAGER,
    NOW,
    OTHER_LOBBY,
    OUTREACH,
    POSTMAN,
    REFERRAL,
    county,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

NAMED = NamedReferral(id=REFERRAL.id)
REASONED = ReasonedReferral(id=REFERRAL.id, reason="另有安排")
SUCCESS = SucceedReferral(
    id=REFERRAL.id, voucher_number="P-2026-001", result_band=AmountBand.FROM_50K
)
ALL_PARTS = HandOverReferral(
    id=REFERRAL.id, customer_part=True, information_part=True, trust_part=True
)


@pytest.mark.parametrize(
    ("name", "args", "status"),
    [
        ("accept_referral", NAMED, ReferralStatus.ROUTED),
        ("decline_referral", REASONED, ReferralStatus.ROUTED),
        ("meet_referral", MeetReferral(id=REFERRAL.id), ReferralStatus.VISIT_SET),
        ("succeed_referral", SUCCESS, ReferralStatus.MET),
        ("lose_referral", REASONED, ReferralStatus.MET),
    ],
)
def test_a_manager_works_only_on_leads_of_their_own(
    name: str, args: object, status: ReferralStatus
) -> None:
    rows = county(referral(status))
    with refused("not-assigned-to-you"):
        run(rows, name, args, BACKUP)
    with refused("forbidden-action"):
        run(rows, name, args, POSTMAN)
    run(rows, name, args, MANAGER)


def test_accept_referral_stops_its_deadline() -> None:
    rows = county(referral(ReferralStatus.ROUTED, due_at=NOW))
    run(rows, "accept_referral", NAMED, MANAGER)
    lead = rows.only(Referral)
    assert (lead.status, lead.accepted_at, lead.due_at) == (ReferralStatus.ACCEPTED, NOW, None)


@pytest.mark.parametrize("name", ["decline_referral", "lose_referral"])
def test_a_manager_gives_a_reason(name: str) -> None:
    status = ReferralStatus.ROUTED if name == "decline_referral" else ReferralStatus.ACCEPTED
    with refused("reason-missing"):
        run(county(referral(status)), name, ReasonedReferral(id=REFERRAL.id, reason=" "), MANAGER)


def test_decline_referral_gives_it_back_to_be_routed() -> None:
    rows = county(referral(ReferralStatus.ROUTED))
    run(rows, "decline_referral", REASONED, MANAGER)
    lead = rows.only(Referral)
    assert (lead.status, lead.wealth_manager_id) == (ReferralStatus.RECEIVED, None)
    assert lead.declined_reason == "另有安排"


def test_lose_referral_keeps_the_reason() -> None:
    rows = county(referral(ReferralStatus.MET))
    run(rows, "lose_referral", REASONED, MANAGER)
    assert rows.only(Referral).status is ReferralStatus.LOST
    assert rows.only(Referral).ended_reason == "另有安排"


@pytest.mark.parametrize("person", [POSTMAN, MANAGER], ids=lambda person: person.name)
def test_hand_over_by_the_referrer_or_the_manager_needs_no_escort(person: Staff) -> None:
    rows = county(referral(ReferralStatus.ACCEPTED))
    run(rows, "hand_over_referral", ALL_PARTS, person)
    lead = rows.only(Referral)
    assert lead.status is ReferralStatus.HANDED_OVER
    assert lead.is_complete
    assert (lead.customer_part_id, lead.escort_id) == (person.id, None)


@pytest.mark.parametrize("person", [LOBBY, OUTREACH], ids=lambda person: person.name)
def test_hand_over_by_the_lobby_or_outreach_makes_them_the_escort(person: Staff) -> None:
    rows = county(referral(ReferralStatus.ACCEPTED))
    run(rows, "hand_over_referral", ALL_PARTS, person)
    assert rows.only(Referral).escort_id == person.id


def test_who_did_a_part_first_stays_so_nobody_escorts_a_customer_who_is_there() -> None:
    rows = county(referral(ReferralStatus.ACCEPTED))
    first = HandOverReferral(
        id=REFERRAL.id, customer_part=True, information_part=False, trust_part=False
    )
    run(rows, "hand_over_referral", first, POSTMAN)
    run(rows, "hand_over_referral", ALL_PARTS, LOBBY)
    lead = rows.only(Referral)
    assert (lead.customer_part_id, lead.trust_part_id) == (POSTMAN.id, LOBBY.id)
    assert lead.escort_id is None


def test_an_escort_stays_when_somebody_else_adds_a_part() -> None:
    rows = county(referral(ReferralStatus.ACCEPTED))
    customer_only = HandOverReferral(
        id=REFERRAL.id, customer_part=True, information_part=False, trust_part=False
    )
    run(rows, "hand_over_referral", customer_only, LOBBY)
    run(rows, "hand_over_referral", ALL_PARTS, OUTREACH)
    assert rows.only(Referral).escort_id == LOBBY.id


def test_hand_over_referral_refuses_strangers_other_outlets_and_nothing_done() -> None:
    rows = county(referral(ReferralStatus.ACCEPTED))
    with refused("forbidden-action", action="hand_over"):
        run(rows, "hand_over_referral", ALL_PARTS, BACK_OFFICE)
    with refused("out-of-scope"):
        run(rows, "hand_over_referral", ALL_PARTS, OTHER_LOBBY)
    nothing = HandOverReferral(
        id=REFERRAL.id, customer_part=False, information_part=False, trust_part=False
    )
    with refused("invalid-argument", field="customer_part"):
        run(rows, "hand_over_referral", nothing, POSTMAN)


def test_meet_referral_records_the_parts_done_at_the_visit_and_the_first_meeting() -> None:
    rows = county(referral(ReferralStatus.VISIT_SET, information_part_id=POSTMAN.id))
    met = MeetReferral(id=REFERRAL.id, customer_part=True, information_part=True, trust_part=True)
    run(rows, "meet_referral", met, MANAGER)
    lead = rows.only(Referral)
    assert (lead.status, lead.met_at, lead.is_complete) == (ReferralStatus.MET, NOW, True)
    assert lead.information_part_id == POSTMAN.id
    rows.change(lead, status=ReferralStatus.HANDED_OVER)
    run(rows, "meet_referral", met, MANAGER, moment_at(NOW + dt.timedelta(days=1)))
    assert rows.only(Referral).met_at == NOW


def test_succeed_referral_records_the_voucher_once_in_an_outlet() -> None:
    rows = county(
        referral(ReferralStatus.MET),
        referral(ReferralStatus.MET, id=id_of("second referral")),
    )
    run(rows, "succeed_referral", SUCCESS, MANAGER)
    lead = rows.get(Referral, REFERRAL.id)
    assert lead is not None
    assert (lead.status, lead.voucher_number) == (ReferralStatus.SUCCEEDED, "P-2026-001")
    assert (lead.result_band, lead.succeeded_at) == (AmountBand.FROM_50K, NOW)
    again = SucceedReferral(
        id=id_of("second referral"), voucher_number="P-2026-001", result_band=AmountBand.FROM_50K
    )
    with refused("voucher-used"):
        run(rows, "succeed_referral", again, MANAGER)
