from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.care_card import (
    AssignCareCard,
    CareAction,
    CareCard,
    CareFollowUp,
    CareReason,
    CareStatus,
    ConvertCareCard,
    CorrectCareCard,
    EndCareCard,
    FollowUpCareCard,
    FollowUpHow,
    OpenCareCard,
    WithdrawCareCard,
    has_opted_out,
)
from shared.domain.customer import Consent, Customer, CustomerContact, consent_given, contact_of
from shared.domain.people import Staff
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
)
from tests.shared.domain.county import (
    CARD,
    COLLEAGUE,
    CUSTOMER,
    HEAD,
    LOBBY,
    MANAGER,
    MOMENT,
    NOW,
    OTHER_CUSTOMER,
    OTHER_LOBBY,
    OTHER_POSTMAN,
    PAYROLL,
    POSTMAN,
    REFERRAL,
    SALE,
    SUPERVISOR,
    TELLER,
    TODAY,
    VILLAGE,
    Memory,
    county,
    day,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

NEW = OpenCareCard(
    id=id_of("new card"),
    reason=CareReason.NO_TIME,
    next_contact_on=day(5),
    customer_name="陈大叔",
    phone="13800000000",
    consent=True,
    village_id=VILLAGE.id,
)
OF_REFERRAL = OpenCareCard(
    id=NEW.id, reason=CareReason.FAMILY_WORD, next_contact_on=day(5), referral_id=REFERRAL.id
)
FOLLOW_UP = FollowUpCareCard(
    id=id_of("follow-up"),
    care_card_id=CARD.id,
    how=FollowUpHow.VISIT,
    next_contact_on=day(10),
    note="等收购款",
)
CONVERT = ConvertCareCard(
    id=CARD.id,
    referral_id=id_of("converted"),
    need=Need.WEALTH,
    interest=Interest.HIGH,
    mode=ReferralMode.HANDED_OVER,
    source=LeadSource.VILLAGE,
)
CONSENT = consent_given(id_of("card"), CUSTOMER.id, MOMENT)
OPT_OUT = EndCareCard(id=CARD.id, action=CareAction.OPT_OUT, reason="")


def with_card(**fields: object) -> Memory:
    return county(replace(CARD, **fields), CONSENT)  # type: ignore[arg-type]


def test_open_care_card_for_a_new_customer_makes_customer_contact_and_consent() -> None:
    rows = county(SALE)
    run(rows, "open_care_card", replace(NEW, harvest_date_id=SALE.id), POSTMAN)
    card = rows.only(CareCard)
    assert (card.status, card.originator_id, card.owner_id) == ("open", POSTMAN.id, POSTMAN.id)
    assert (card.village_id, card.harvest_date_id) == (VILLAGE.id, SALE.id)
    customer = rows.get(Customer, card.customer_id)
    assert customer is not None
    assert customer.name == "陈大叔"
    assert rows.only(CustomerContact).customer_id == customer.id
    assert rows.only(Consent).customer_id == customer.id


def test_open_care_card_for_a_known_customer_takes_the_village_from_there() -> None:
    rows = county()
    args = replace(NEW, customer_id=CUSTOMER.id, customer_name=None, phone=None, village_id=None)
    run(rows, "open_care_card", args, POSTMAN)
    assert rows.only(CareCard).customer_id == CUSTOMER.id
    assert rows.only(CareCard).village_id == VILLAGE.id


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"id": CARD.id}, "invalid-argument"),
        ({"consent": False}, "consent-missing"),
        ({"customer_name": None}, "invalid-argument"),
        ({"customer_id": OTHER_CUSTOMER.id}, "out-of-scope"),
        ({"customer_id": id_of("nobody")}, "missing-object"),
        ({"village_id": id_of("nowhere")}, "missing-object"),
        ({"next_contact_on": day(-1)}, "day-past"),
        ({"next_contact_on": day(401)}, "day-too-far"),
    ],
)
def test_open_care_card_refuses(change: dict[str, object], slug: str) -> None:
    with refused(slug):
        run(county(CARD), "open_care_card", replace(NEW, **change), POSTMAN)  # type: ignore[arg-type]


@pytest.mark.parametrize("next_contact_on", [day(0), day(400)])
def test_open_care_card_takes_the_first_and_the_last_day(next_contact_on: dt.date) -> None:
    rows = county()
    run(rows, "open_care_card", replace(NEW, next_contact_on=next_contact_on), POSTMAN)
    assert rows.only(CareCard).next_contact_on == next_contact_on


def test_open_care_card_takes_a_day_that_was_ahead_when_it_was_recorded() -> None:
    since = NOW - dt.timedelta(days=3)
    args = replace(NEW, next_contact_on=day(-1))
    run(county(), "open_care_card", args, POSTMAN, moment_at(NOW, since=since))


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (POSTMAN, ReferralStatus.RECEIVED),
        (POSTMAN, ReferralStatus.ROUTED),
        (MANAGER, ReferralStatus.MET),
        (LOBBY, ReferralStatus.HANDED_OVER),
        (SUPERVISOR, ReferralStatus.ACCEPTED),
        (HEAD, ReferralStatus.HELD),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_open_care_card_for_a_referral_ends_it_as_cared_for(
    person: Staff, status: ReferralStatus
) -> None:
    rows = county(referral(status, due_at=NOW, harvest_date_id=SALE.id))
    run(rows, "open_care_card", OF_REFERRAL, person)
    card, lead = rows.only(CareCard), rows.only(Referral)
    assert (lead.status, lead.care_card_id, lead.due_at) == ("cared_for", card.id, None)
    assert (card.customer_id, card.referral_id) == (CUSTOMER.id, REFERRAL.id)
    assert (card.need, card.village_id) == (Need.DEPOSIT, VILLAGE.id)
    assert (card.harvest_date_id, card.owner_id) == (SALE.id, person.id)


@pytest.mark.parametrize("person", [COLLEAGUE, OTHER_LOBBY], ids=lambda who: who.name)
def test_open_care_card_refuses_a_strangers_referral(person: Staff) -> None:
    with refused("out-of-scope"):
        run(county(referral(ReferralStatus.ROUTED)), "open_care_card", OF_REFERRAL, person)


def test_open_care_card_refuses_a_referral_that_has_ended() -> None:
    with refused("illegal-transition", status="lost"):
        run(county(referral(ReferralStatus.LOST)), "open_care_card", OF_REFERRAL, POSTMAN)


def test_a_teller_opens_a_card_for_their_own_referral_only() -> None:
    rows = county(referral(ReferralStatus.ROUTED, referrer_id=TELLER.id))
    with refused("referral-missing"):
        run(rows, "open_care_card", NEW, TELLER)
    run(rows, "open_care_card", OF_REFERRAL, TELLER)
    with refused("forbidden-action"):
        run(rows, "follow_up_care_card", replace(FOLLOW_UP, care_card_id=NEW.id), TELLER)


def test_follow_up_care_card_counts_and_sets_the_next_contact() -> None:
    rows = with_card()
    run(rows, "follow_up_care_card", FOLLOW_UP, POSTMAN)
    run(rows, "follow_up_care_card", replace(FOLLOW_UP, id=id_of("second")), LOBBY)
    card = rows.only(CareCard)
    assert (card.status, card.follow_ups) == (CareStatus.INVITED, 2)
    assert card.next_contact_on == day(10)
    assert {each.by_id for each in rows.where(CareFollowUp)} == {POSTMAN.id, LOBBY.id}


@pytest.mark.parametrize(
    ("person", "change", "slug"),
    [
        (COLLEAGUE, {}, "out-of-scope"),
        (OTHER_LOBBY, {}, "out-of-scope"),
        (PAYROLL, {}, "forbidden-action"),
        (POSTMAN, {"next_contact_on": day(-1)}, "day-past"),
        (POSTMAN, {"care_card_id": id_of("no card")}, "missing-object"),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_follow_up_care_card_refuses(person: Staff, change: dict[str, object], slug: str) -> None:
    with refused(slug):
        args = replace(FOLLOW_UP, **change)  # type: ignore[arg-type]
        run(with_card(), "follow_up_care_card", args, person)


def test_follow_up_care_card_refuses_an_id_that_is_taken() -> None:
    rows = with_card()
    run(rows, "follow_up_care_card", FOLLOW_UP, POSTMAN)
    with refused("invalid-argument", field="id"):
        run(rows, "follow_up_care_card", FOLLOW_UP, POSTMAN)


def test_convert_care_card_makes_a_referral_that_names_both_people() -> None:
    rows = with_card(originator_id=LOBBY.id, harvest_date_id=None)
    run(rows, "convert_care_card", CONVERT, HEAD)
    card, lead = rows.only(CareCard), rows.only(Referral)
    assert (card.status, card.converted_referral_id) == (CareStatus.CONVERTED, lead.id)
    assert (card.converted_at, card.ended_at) == (NOW, NOW)
    assert (lead.care_card_id, lead.status) == (card.id, ReferralStatus.RECEIVED)
    assert (lead.referrer_id, card.originator_id) == (POSTMAN.id, LOBBY.id)
    assert (lead.need, lead.customer_id, lead.village_id) == (
        Need.WEALTH,
        CUSTOMER.id,
        VILLAGE.id,
    )
    assert len(rows.where(Consent)) == 1


def test_convert_care_card_leaves_a_sale_behind_whose_cash_has_been_paid() -> None:
    for payout_on, carried in ((TODAY, SALE.id), (TODAY - dt.timedelta(days=1), None)):
        rows = with_card(harvest_date_id=SALE.id)
        rows.keep([replace(SALE, payout_on=payout_on)])
        run(rows, "convert_care_card", CONVERT, POSTMAN)
        assert rows.only(Referral).harvest_date_id == carried


def test_convert_care_card_needs_a_consent_that_still_holds_or_a_new_one() -> None:
    rows = county(CARD)
    with refused("consent-missing"):
        run(rows, "convert_care_card", CONVERT, POSTMAN)
    expired = replace(CONSENT, expires_on=TODAY - dt.timedelta(days=1))
    rows.keep([expired])
    with refused("consent-missing"):
        run(rows, "convert_care_card", CONVERT, POSTMAN)
    run(rows, "convert_care_card", replace(CONVERT, consent=True), POSTMAN)
    assert len(rows.where(Consent)) == 2


def test_convert_care_card_refuses_strangers_ended_cards_and_taken_ids() -> None:
    rows = with_card()
    with refused("out-of-scope"):
        run(rows, "convert_care_card", CONVERT, COLLEAGUE)
    rows.keep([replace(REFERRAL, id=CONVERT.referral_id)])
    with refused("invalid-argument", field="id"):
        run(rows, "convert_care_card", CONVERT, POSTMAN)
    rows.change(CARD, status=CareStatus.CLOSED)
    with refused("illegal-transition", status="closed"):
        run(rows, "convert_care_card", replace(CONVERT, referral_id=id_of("x")), POSTMAN)


def test_end_care_card_closes_with_a_reason() -> None:
    rows = with_card()
    with refused("reason-missing"):
        run(
            rows,
            "end_care_card",
            EndCareCard(id=CARD.id, action=CareAction.CLOSE, reason=""),
            POSTMAN,
        )
    closed = EndCareCard(id=CARD.id, action=CareAction.CLOSE, reason="搬走了")
    run(rows, "end_care_card", closed, POSTMAN)
    card = rows.only(CareCard)
    assert (card.status, card.ended_reason, card.ended_at) == ("closed", "搬走了", NOW)
    assert rows.only(Consent).withdrawn_at is None
    assert not has_opted_out(rows, CUSTOMER.id)


def test_end_care_card_takes_nothing_else() -> None:
    with refused("invalid-argument", field="action"):
        args = EndCareCard(id=CARD.id, action=CareAction.CONVERT, reason="x")
        run(with_card(), "end_care_card", args, POSTMAN)


def test_who_opts_out_owes_no_reason_and_is_forgotten_by_the_phones() -> None:
    rows = with_card()
    earlier = replace(CONSENT, id=id_of("earlier consent"), withdrawn_at=NOW - dt.timedelta(9))
    rows.keep([contact_of(CUSTOMER.id, "13800000000", TODAY), earlier])
    run(rows, "end_care_card", OPT_OUT, POSTMAN)
    assert rows.only(CareCard).status is CareStatus.OPTED_OUT
    withdrawn = {consent.id: consent.withdrawn_at for consent in rows.where(Consent)}
    assert withdrawn == {CONSENT.id: NOW, earlier.id: NOW - dt.timedelta(9)}
    assert rows.only(CustomerContact).expires_on < TODAY
    assert has_opted_out(rows, CUSTOMER.id)


def test_opting_out_blocks_every_further_contact() -> None:
    rows = with_card()
    second = replace(CARD, id=id_of("second card"))
    rows.keep([second])
    run(rows, "end_care_card", OPT_OUT, POSTMAN)
    with refused("customer-opted-out"):
        run(rows, "follow_up_care_card", replace(FOLLOW_UP, care_card_id=second.id), POSTMAN)
    with refused("customer-opted-out"):
        run(rows, "convert_care_card", replace(CONVERT, id=second.id), POSTMAN)


def test_a_customer_who_consents_again_may_be_contacted_again() -> None:
    rows = with_card()
    second = replace(CARD, id=id_of("second card"))
    rows.keep([second])
    run(rows, "end_care_card", OPT_OUT, POSTMAN)
    later = moment_at(NOW + dt.timedelta(days=1))
    run(
        rows,
        "convert_care_card",
        replace(CONVERT, id=second.id, consent=True),
        POSTMAN,
        later,
    )
    assert not has_opted_out(rows, CUSTOMER.id)


def test_a_consent_that_waited_on_a_phone_does_not_undo_a_later_opt_out() -> None:
    rows = with_card()
    run(rows, "end_care_card", OPT_OUT, POSTMAN)
    waited = moment_at(NOW + dt.timedelta(days=2), since=NOW - dt.timedelta(days=1))
    rows.keep([consent_given(id_of("waited"), CUSTOMER.id, waited)])
    assert has_opted_out(rows, CUSTOMER.id)


def test_correct_care_card_changes_what_is_named() -> None:
    rows = county()
    run(rows, "open_care_card", replace(NEW, note="旧"), POSTMAN)
    args = CorrectCareCard(
        id=NEW.id,
        reason=CareReason.NOT_HOME,
        next_contact_on=day(8),
        customer_name="陈二叔",
        phone="13900000000",
        need=Need.LOAN,
    )
    run(rows, "correct_care_card", args, POSTMAN)
    card = rows.only(CareCard)
    assert (card.reason, card.next_contact_on, card.need) == ("not_home", day(8), "loan")
    assert card.note == "旧"
    customer = rows.get(Customer, card.customer_id)
    assert customer is not None
    assert customer.name == "陈二叔"
    assert rows.only(CustomerContact).phone == "13900000000"
    run(rows, "correct_care_card", CorrectCareCard(id=NEW.id, note=""), POSTMAN)
    assert rows.only(CareCard).note == ""


@pytest.mark.parametrize(
    ("person", "fields", "args", "slug"),
    [
        (HEAD, {}, CorrectCareCard(id=CARD.id), "out-of-scope"),
        (
            POSTMAN,
            {"status": CareStatus.INVITED},
            CorrectCareCard(id=CARD.id),
            "illegal-transition",
        ),
        (POSTMAN, {"owner_id": LOBBY.id}, CorrectCareCard(id=CARD.id), "already-acted-on"),
        (POSTMAN, {}, CorrectCareCard(id=CARD.id, next_contact_on=day(-1)), "day-past"),
        (POSTMAN, {}, CorrectCareCard(id=CARD.id, customer_name="别人"), "invalid-argument"),
    ],
)
def test_correct_care_card_refuses(
    person: Staff, fields: dict[str, object], args: CorrectCareCard, slug: str
) -> None:
    with refused(slug):
        run(with_card(**fields), "correct_care_card", args, person)


def test_withdraw_care_card_lets_its_referral_be_routed_again() -> None:
    rows = county(referral(ReferralStatus.ROUTED))
    run(rows, "open_care_card", OF_REFERRAL, POSTMAN)
    run(rows, "withdraw_care_card", WithdrawCareCard(id=NEW.id), POSTMAN)
    assert rows.only(CareCard).status is CareStatus.WITHDRAWN
    lead = rows.only(Referral)
    assert (lead.status, lead.care_card_id) == (ReferralStatus.RECEIVED, None)


def test_withdraw_care_card_without_a_referral_just_ends_it() -> None:
    rows = with_card()
    run(rows, "withdraw_care_card", WithdrawCareCard(id=CARD.id, reason="记错"), POSTMAN)
    assert rows.only(CareCard).ended_reason == "记错"
    with refused("out-of-scope"):
        run(with_card(), "withdraw_care_card", WithdrawCareCard(id=CARD.id), HEAD)


def test_assign_care_card_gives_it_to_a_colleague() -> None:
    rows = with_card()
    run(rows, "assign_care_card", AssignCareCard(id=CARD.id, owner_id=LOBBY.id), POSTMAN)
    card = rows.only(CareCard)
    assert (card.owner_id, card.originator_id) == (LOBBY.id, POSTMAN.id)
    run(rows, "assign_care_card", AssignCareCard(id=CARD.id, owner_id=MANAGER.id), HEAD)
    assert rows.only(CareCard).owner_id == MANAGER.id


@pytest.mark.parametrize(
    ("person", "owner_id", "slug"),
    [
        (COLLEAGUE, LOBBY.id, "out-of-scope"),
        (POSTMAN, OTHER_POSTMAN.id, "colleague-unavailable"),
        (POSTMAN, TELLER.id, "colleague-unavailable"),
        (POSTMAN, id_of("nobody"), "missing-object"),
    ],
)
def test_assign_care_card_refuses(person: Staff, owner_id: str, slug: str) -> None:
    with refused(slug):
        run(with_card(), "assign_care_card", AssignCareCard(id=CARD.id, owner_id=owner_id), person)
