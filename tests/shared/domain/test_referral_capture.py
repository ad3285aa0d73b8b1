from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.customer import Consent, Customer, CustomerContact, CustomerKind
from shared.domain.harvest import HarvestStatus
from shared.domain.referral import (
    CorrectReferral,
    Interest,
    LeadSource,
    Need,
    ReasonedReferral,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
)
from tests.shared.domain.county import (
    CARD,
    COLLEAGUE,
    CUSTOMER,
    MANAGER,
    NOW,
    OTHER_CUSTOMER,
    OUTLET,
    PAYROLL,
    POSTMAN,
    REFERRAL,
    SALE,
    TODAY,
    VILLAGE,
    county,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

LEAD = SubmitReferral(
    id=id_of("lead"),
    kind=CustomerKind.FARMER,
    source=LeadSource.VILLAGE,
    need=Need.DEPOSIT,
    interest=Interest.MEDIUM,
    mode=ReferralMode.INFORMATION,
    consent=True,
    customer_name="陈大叔",
    phone="13800000000",
    village_id=VILLAGE.id,
)


def test_submit_referral_makes_the_customer_the_contact_the_consent_and_the_referral() -> None:
    rows = county()
    run(rows, "submit_referral", LEAD, POSTMAN)
    lead = rows.get(Referral, LEAD.id)
    assert lead is not None
    assert (lead.status, lead.referrer_id) == (ReferralStatus.RECEIVED, POSTMAN.id)
    assert lead.outlet_id == OUTLET.id
    customer = rows.get(Customer, lead.customer_id)
    assert customer is not None
    assert customer.name == "陈大叔"
    assert rows.only(CustomerContact).phone == "13800000000"
    assert rows.only(CustomerContact).expires_on == TODAY + dt.timedelta(days=30)
    assert rows.only(Consent).customer_id == customer.id


def test_submit_referral_keeps_the_provable_interval_of_the_capture() -> None:
    rows = county()
    since = NOW - dt.timedelta(days=3)
    run(rows, "submit_referral", LEAD, POSTMAN, moment_at(NOW, since=since))
    lead = rows.only(Referral)
    assert (lead.captured_from, lead.captured_to, lead.clock_grade) == (since, NOW, "B")


def test_submit_referral_takes_a_known_customer_without_making_another() -> None:
    rows = county()
    run(rows, "submit_referral", replace(LEAD, customer_id=CUSTOMER.id, phone=None), POSTMAN)
    assert rows.only(Referral).customer_id == CUSTOMER.id
    assert rows.where(CustomerContact) == []


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"consent": False}, "consent-missing"),
        ({"id": REFERRAL.id}, "invalid-argument"),
        ({"in_person_id": POSTMAN.id}, "colleague-unavailable"),
        ({"in_person_id": COLLEAGUE.id}, "colleague-unavailable"),
        ({"in_person_id": id_of("nobody")}, "missing-object"),
        ({"care_card_id": CARD.id}, "invalid-argument"),
        ({"village_id": id_of("no village")}, "missing-object"),
        ({"customer_id": id_of("no customer")}, "missing-object"),
        ({"customer_id": OTHER_CUSTOMER.id}, "out-of-scope"),
    ],
)
def test_submit_referral_refuses(change: dict[str, object], slug: str) -> None:
    rows = county(REFERRAL, CARD)
    with refused(slug):
        run(rows, "submit_referral", replace(LEAD, **change), POSTMAN)  # type: ignore[arg-type]


def test_submit_referral_takes_the_manager_whom_the_customer_was_handed_to() -> None:
    rows = county()
    run(rows, "submit_referral", replace(LEAD, in_person_id=MANAGER.id), POSTMAN)
    assert rows.only(Referral).in_person_id == MANAGER.id


def test_submit_referral_takes_a_walk_in_from_nowhere() -> None:
    rows = county()
    walk_in = replace(LEAD, village_id=None, phone=None, source=LeadSource.WALK_IN)
    run(rows, "submit_referral", walk_in, POSTMAN)
    assert rows.only(Referral).village_id is None


def test_submit_referral_is_not_for_payroll() -> None:
    with refused("forbidden-action", mutation="submit_referral"):
        run(county(), "submit_referral", LEAD, PAYROLL)


def test_a_lead_is_kept_without_a_sale_date_that_was_refused() -> None:
    rows = county()
    run(rows, "submit_referral", replace(LEAD, harvest_date_id=id_of("refused sale")), POSTMAN)
    assert rows.only(Referral).harvest_date_id is None


def test_a_lead_goes_along_with_a_sale_date_that_was_joined_to_another() -> None:
    joined = replace(
        SALE, id=id_of("second report"), status=HarvestStatus.JOINED, joined_id=SALE.id
    )
    rows = county(SALE, joined)
    run(rows, "submit_referral", replace(LEAD, harvest_date_id=joined.id), POSTMAN)
    assert rows.only(Referral).harvest_date_id == SALE.id
    run(
        rows,
        "submit_referral",
        replace(LEAD, id=id_of("second lead"), harvest_date_id=SALE.id),
        POSTMAN,
    )
    assert {lead.harvest_date_id for lead in rows.where(Referral)} == {SALE.id}


def test_correct_referral_changes_what_is_named_and_nothing_else() -> None:
    rows = county()
    run(rows, "submit_referral", replace(LEAD, note="旧"), POSTMAN)
    change = CorrectReferral(
        id=LEAD.id, customer_name="陈二叔", phone="13900000000", interest=Interest.HIGH
    )
    run(rows, "correct_referral", change, POSTMAN)
    lead = rows.only(Referral)
    assert (lead.interest, lead.need, lead.note) == (Interest.HIGH, Need.DEPOSIT, "旧")
    customer = rows.get(Customer, lead.customer_id)
    assert customer is not None
    assert customer.name == "陈二叔"
    assert rows.only(CustomerContact).phone == "13900000000"
    run(rows, "correct_referral", CorrectReferral(id=LEAD.id, note=""), POSTMAN)
    assert rows.only(Referral).note == ""


def test_correct_referral_leaves_the_name_of_a_customer_known_before() -> None:
    rows = county(REFERRAL)
    with refused("invalid-argument", field="customer_name"):
        run(
            rows,
            "correct_referral",
            CorrectReferral(id=REFERRAL.id, customer_name="别人"),
            POSTMAN,
        )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("correct_referral", CorrectReferral(id=REFERRAL.id, note="新")),
        ("withdraw_referral", ReasonedReferral(id=REFERRAL.id, reason="")),
    ],
)
def test_only_the_author_puts_a_referral_right(name: str, args: object) -> None:
    rows = county(REFERRAL)
    with refused("out-of-scope"):
        run(rows, name, args, COLLEAGUE)
    rows.keep([referral(ReferralStatus.ACCEPTED)])
    with refused("illegal-transition", status="accepted"):
        run(rows, name, args, POSTMAN)


def test_withdraw_referral_ends_it() -> None:
    rows = county(REFERRAL)
    run(rows, "withdraw_referral", ReasonedReferral(id=REFERRAL.id, reason="记错"), POSTMAN)
    assert rows.only(Referral).status is ReferralStatus.WITHDRAWN
    assert rows.only(Referral).ended_reason == "记错"
