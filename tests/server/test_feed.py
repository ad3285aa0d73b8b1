"""Each device holds exactly the rows that its owner may hold: no more, and none is missed."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import pytest

from server.models import MODELS, db
from server.rows import DatabaseRows
from server.scope import PLACES, places_of, scopes_of
from shared.domain.care_card import CareCard, CareReason, CareStatus
from shared.domain.customer import ContactReveal, Customer, CustomerContact, CustomerKind
from shared.domain.moment import ClockGrade, day_at_outlet
from shared.domain.people import Role, Staff, actor_of
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
)
from shared.domain.village import Round, RoundCover, Village
from shared.wire.rows import TABLES, encode
from tests.server.conftest import (
    COLLEAGUE,
    COUNTY,
    HEAD,
    MANAGER,
    OTHER_VILLAGE,
    OUTLET,
    POSTMAN,
    ROUND,
    STRANGER,
    TELLER,
    VILLAGE,
    HandClock,
    Phone,
    put,
    server_id,
    stored,
)

PEOPLE = (POSTMAN, COLLEAGUE, MANAGER, HEAD, TELLER, STRANGER)


def lead(number: int, clock: HandClock, **members: Any) -> list[Any]:
    """Return a customer with a phone number, and a referral of theirs."""
    customer = Customer(
        id=server_id(1000 + number), outlet_id=OUTLET, name="陈先生", kind=CustomerKind.FARMER
    )
    contact = CustomerContact(
        id=server_id(2000 + number),
        customer_id=customer.id,
        phone=f"138{number:08}",
        expires_on=day_at_outlet(clock.at) + dt.timedelta(days=30),
    )
    referral = Referral(
        id=server_id(3000 + number),
        outlet_id=OUTLET,
        customer_id=customer.id,
        referrer_id=POSTMAN,
        kind=CustomerKind.FARMER,
        source=LeadSource.VILLAGE,
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        status=ReferralStatus.RECEIVED,
        captured_from=clock.at,
        captured_to=clock.at,
        clock_grade=ClockGrade.A,
    )
    referral = replace(referral, **members)
    return [customer, contact, referral]


def held(phone: Phone, table: str) -> set[str]:
    phone.sync()
    return set(phone.rows.get(table, {}))


def test_every_table_of_the_wire_is_stored_and_has_its_places() -> None:
    assert set(MODELS) == set(PLACES) == set(TABLES.values())


def test_a_lead_goes_to_its_referrer_its_manager_and_the_office_alone(
    phone_of: Any, clock: HandClock
) -> None:
    customer, contact, referral = lead(1, clock, wealth_manager_id=MANAGER)
    put(customer, contact, referral)
    holders = {
        table: {person for person in PEOPLE if held(phone_of(person), table)}
        for table in ("referral", "customer", "customer_contact")
    }
    assert holders["referral"] == holders["customer"] == {POSTMAN, MANAGER, HEAD}
    # The office sees whom it is about; the number only when asked for, and logged.
    assert holders["customer_contact"] == {POSTMAN, MANAGER}


def test_a_customer_on_the_way_is_announced_in_the_lobby_without_the_number(
    phone_of: Any, clock: HandClock
) -> None:
    put(replace(stored(Staff, TELLER), roles=(Role.LOBBY_MANAGER,)))
    customer, contact, referral = lead(1, clock, mode=ReferralMode.HANDED_OVER)
    put(customer, contact, referral, *lead(2, clock))
    lobby = phone_of(TELLER)
    assert held(lobby, "referral") == {referral.id}
    assert held(lobby, "customer") == {customer.id}
    assert held(lobby, "customer_contact") == set()
    put(replace(referral, escort_id=TELLER))
    assert held(lobby, "customer_contact") == {contact.id}
    put(replace(referral, status=ReferralStatus.WITHDRAWN))
    assert held(lobby, "referral") == set()


def test_a_lead_that_is_given_to_another_leaves_the_first(phone_of: Any, clock: HandClock) -> None:
    customer, contact, referral = lead(1, clock, wealth_manager_id=MANAGER)
    put(customer, contact, referral)
    manager = phone_of(MANAGER)
    assert held(manager, "customer_contact") == {contact.id}
    put(replace(referral, wealth_manager_id=None))
    assert held(manager, "referral") == set()
    assert held(manager, "customer") == set()
    assert held(manager, "customer_contact") == set()


def test_a_number_leaves_every_phone_when_it_expires(phone_of: Any, clock: HandClock) -> None:
    customer, contact, referral = lead(1, clock, wealth_manager_id=MANAGER)
    put(customer, contact, referral)
    postman = phone_of(POSTMAN)
    assert held(postman, "customer_contact") == {contact.id}
    clock.advance(days=31)
    assert held(postman, "customer_contact") == set()
    assert held(postman, "customer") == {customer.id}


def test_a_number_that_nobody_may_hold_any_more_is_not_in_the_feed(
    phone_of: Any, clock: HandClock
) -> None:
    customer, contact, referral = lead(1, clock, wealth_manager_id=MANAGER)
    put(customer, contact, referral)
    postman = phone_of(POSTMAN)
    query = db.text("SELECT body FROM feed_row WHERE row_id = :id")
    assert contact.phone in db.session.scalars(query, {"id": contact.id}).one()
    clock.advance(days=31)
    postman.sync()
    db.session.rollback()
    assert db.session.scalars(query, {"id": contact.id}).one() == ""
    put(replace(contact, expires_on=day_at_outlet(clock.at)))
    assert held(postman, "customer_contact") == {contact.id}


def test_a_revealed_number_is_seen_for_an_hour(phone_of: Any, clock: HandClock) -> None:
    customer, contact, referral = lead(1, clock)
    put(customer, contact, referral)
    head = phone_of(HEAD)
    assert held(head, "customer_contact") == set()
    put(
        ContactReveal(
            id=server_id(5000),
            contact_id=contact.id,
            by_id=HEAD,
            at=clock.at,
            reason="回访",
            expires_at=clock.at + dt.timedelta(hours=1),
        )
    )
    assert held(head, "customer_contact") == {contact.id}
    clock.advance(hours=1, minutes=1)
    assert held(head, "customer_contact") == set()


def test_a_teller_has_the_number_for_a_day(phone_of: Any, clock: HandClock) -> None:
    put(*lead(1, clock, referrer_id=TELLER))
    teller = phone_of(TELLER)
    assert len(held(teller, "customer_contact")) == 1
    clock.advance(days=2)
    assert held(teller, "customer_contact") == set()
    assert len(held(teller, "referral")) == 1


def test_a_closed_customer_leaves_the_phone_after_thirty_days(
    phone_of: Any, clock: HandClock
) -> None:
    customer, contact, referral = lead(1, clock, wealth_manager_id=MANAGER)
    put(customer, contact, replace(referral, status=ReferralStatus.LOST))
    postman = phone_of(POSTMAN)
    clock.advance(days=30)
    assert held(postman, "referral") == {referral.id}
    clock.advance(days=1)
    assert held(postman, "referral") == set()
    assert held(postman, "customer") == set()


def test_whoever_covers_a_round_has_its_villages_on_those_days(
    phone_of: Any, clock: HandClock
) -> None:
    colleague, postman = phone_of(COLLEAGUE), phone_of(POSTMAN)
    sale = postman.harvest_date()["args"]["id"]
    postman.sync()
    assert held(colleague, "harvest_date") == set()
    today = day_at_outlet(clock.at)
    cover = RoundCover(
        id=server_id(6000), round_id=ROUND, staff_id=COLLEAGUE, from_on=today, to_on=today
    )
    put(cover)
    assert held(colleague, "harvest_date") == {sale}
    clock.advance(days=1)
    assert held(colleague, "harvest_date") == set()


def test_a_lost_scope_takes_only_what_no_other_scope_holds(phone_of: Any) -> None:
    put(replace(stored(Staff, POSTMAN), roles=(Role.POSTMAN, Role.BRANCH_HEAD)))
    phone = phone_of(POSTMAN)
    sale = phone.harvest_date()["args"]["id"]
    assert held(phone, "harvest_date") == {sale}
    put(replace(stored(Staff, POSTMAN), roles=(Role.POSTMAN,)))
    answer = phone.sync()
    assert f"office:{OUTLET}" not in answer["scopes"]
    assert f"office:{OUTLET}" not in answer["cursors"]
    assert held(phone, "harvest_date") == {sale}
    put(replace(stored(Round, ROUND), postman_id=COLLEAGUE))
    assert held(phone, "harvest_date") == set()


def test_a_copy_that_was_not_told_of_a_lost_scope_begins_anew(phone_of: Any) -> None:
    put(replace(stored(Staff, POSTMAN), roles=(Role.POSTMAN, Role.BRANCH_HEAD)))
    phone = phone_of(POSTMAN)
    phone.sync()
    copied = dict(phone.cursors)
    put(replace(stored(Staff, POSTMAN), roles=(Role.POSTMAN,)))
    phone.sync()
    phone.sync()
    assert phone.send().json["reset"] == []
    answer = phone.send(cursors=copied).json
    assert answer["gone"] == {}
    assert f"office:{OUTLET}" in answer["reset"]
    assert set(answer["reset"]) == copied.keys() - phone.cursors.keys()


def test_scopes_that_were_never_given_tell_nothing(phone_of: Any, clock: HandClock) -> None:
    put(*lead(1, clock))
    stranger = phone_of(STRANGER)
    stranger.sync()
    probing = stranger.cursors | {f"staff:{POSTMAN}": 0, f"office:{OUTLET}": 0}
    answer = stranger.send(cursors=probing).json
    assert answer["gone"] == {}
    assert "referral" not in answer["rows"]


def test_a_small_limit_pages_and_brings_everything(phone_of: Any, clock: HandClock) -> None:
    put(*(row for number in range(30) for row in lead(number, clock)))
    whole, paged = phone_of(POSTMAN), phone_of(POSTMAN)
    whole.sync()
    pages = 0
    while True:
        answer = paged.send(limit=700).json
        paged.take(answer)
        pages += 1
        if not answer["more"]:
            break
    assert pages > 10
    device_rows = ("device",)  # One more phone was enrolled by then.
    for table in whole.rows.keys() - set(device_rows):
        assert paged.rows[table] == whole.rows[table]


def test_even_a_limit_of_nothing_brings_the_device_on(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    answer = phone.send(limit=0).json
    assert sum(map(len, answer["rows"].values())) == 1
    assert answer["more"]


def test_a_page_that_got_lost_comes_again(phone_of: Any, clock: HandClock) -> None:
    put(*lead(1, clock))
    phone = phone_of(POSTMAN)
    lost = phone.send().json
    again = phone.send().json
    assert lost["rows"] == again["rows"]
    phone.take(again)
    assert phone.send().json["rows"] == {}


def test_a_device_ahead_of_the_server_begins_anew(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.sync()
    phone.cursors[f"county:{COUNTY}"] += 1000
    answer = phone.send().json
    assert answer["reset"] == [f"county:{COUNTY}"]
    assert len(answer["rows"]["staff"]) == 7


def test_another_generation_begins_anew_everywhere(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.sync()
    phone.generation = "before-the-restore"
    answer = phone.send().json
    assert set(answer["reset"]) == set(phone.cursors)
    assert answer["generation"] != phone.generation


@pytest.mark.parametrize("seed", range(3))
def test_no_foreign_row_is_on_any_phone_and_none_is_missing(
    phone_of: Any, clock: HandClock, seed: int
) -> None:
    """Change assignments at random while phones sync at random; then compare with the rules."""
    chance = random.Random(seed)  # noqa: S311 - the same steps for the same seed
    phones = {person: phone_of(person) for person in PEOPLE}
    leads = 0
    for _ in range(40):
        step = chance.randrange(7)
        if step <= 1:
            leads += 1
            referrer = chance.choice((POSTMAN, COLLEAGUE, TELLER, STRANGER))
            put(*lead(leads, clock, referrer_id=referrer))
        elif step == 2 and leads:
            known = stored(Referral, server_id(3000 + chance.randint(1, leads)))
            put(
                replace(
                    known,
                    wealth_manager_id=chance.choice((None, MANAGER)),
                    escort_id=chance.choice((None, COLLEAGUE, STRANGER)),
                    status=chance.choice(list(ReferralStatus)),
                )
            )
        elif step == 3 and leads:
            number = chance.randint(1, leads)
            put(_card(number, clock, chance.choice(PEOPLE)))
        elif step == 4:
            put(replace(stored(Round, ROUND), postman_id=chance.choice((POSTMAN, COLLEAGUE))))
            village = stored(Village, chance.choice((VILLAGE, OTHER_VILLAGE)))
            put(replace(village, wealth_manager_id=chance.choice((None, MANAGER))))
        elif step == 5:
            clock.advance(hours=chance.choice((1, 30, 24 * 20)))
        else:
            phone = phones[chance.choice(PEOPLE)]
            phone.take(phone.send(limit=chance.choice((300, 5_000))).json)
    clock.advance(hours=2)
    for phone in phones.values():
        phone.sync()
    for person, phone in phones.items():
        phone.sync()
        assert _held_by(phone) == _due_to(person, clock), (seed, person)


def _card(number: int, clock: HandClock, owner_id: str) -> CareCard:
    return CareCard(
        id=server_id(4000 + number),
        outlet_id=OUTLET,
        customer_id=server_id(1000 + number),
        reason=CareReason.NO_TIME,
        status=CareStatus.OPEN,
        originator_id=COLLEAGUE,
        owner_id=owner_id,
        opened_at=clock.at,
        next_contact_on=day_at_outlet(clock.at),
    )


def _held_by(phone: Phone) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (table, row_id): row for table, rows in phone.rows.items() for row_id, row in rows.items()
    }


def _due_to(person: str, clock: HandClock) -> dict[tuple[str, str], dict[str, Any]]:
    """Return all rows whose places meet the scopes of *person*, straight from the database."""
    db.session.rollback()
    rows = DatabaseRows(db.session(), COUNTY)
    actor = actor_of(stored(Staff, person))
    scopes = set(scopes_of(actor, rows, day_at_outlet(clock.at)))
    return {
        (table.TABLE, row.id): encode(row)
        for table in PLACES
        for row in rows.where(table)
        if scopes & places_of(row, rows, clock.at)
    }
