"""Who may hold which rows: one table, read by the feed and by nothing else.

`PLACES` says for each table in which scopes a row belongs; `scopes_of` says which scopes a person
holds. A device holds a row when the two meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from shared.domain.attachment import Attachment, bearer_of, is_shown
from shared.domain.care_card import OPEN_CARDS, CareCard, CareFollowUp
from shared.domain.customer import Consent, ContactReveal, Customer, CustomerContact
from shared.domain.erasure import Erasure
from shared.domain.harvest import HarvestDate, HarvestDateVersion
from shared.domain.moment import day_at_outlet
from shared.domain.notice import Notice
from shared.domain.people import (
    Actor,
    County,
    Device,
    Leave,
    Outlet,
    Qualification,
    Role,
    Staff,
    WealthManagerProfile,
)
from shared.domain.points import PointsEntry
from shared.domain.policy import Policy
from shared.domain.referral import OPEN_STATUSES, Referral, ReferralMode, ReferralStatus
from shared.domain.routing import RouteTrace
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Crop, MarketDay, Round, RoundCover, Village, VillageCrop
from shared.domain.visit import CallAttempt, Visit, VisitStatus

__all__ = [
    "ABOVE",
    "BELOW",
    "CLOSED_KEPT_DAYS",
    "PLACES",
    "TELLER_CONTACT_DAYS",
    "places_of",
    "scopes_of",
]

CLOSED_KEPT_DAYS = 30
"""Closed customers leave the phone so many days after the last thing that happened to them."""

TELLER_CONTACT_DAYS = 1
"""A teller or the back office sees the number of their own lead for a day (PRODUCT §10)."""

_SEES_ALL_VILLAGES = (Role.BRANCH_HEAD, Role.LOBBY_SUPERVISOR, Role.LOBBY_MANAGER)
_WALKS_ROUNDS = (Role.POSTMAN, Role.OUTREACH)
_LONG_CONTACT = frozenset(Role) - {Role.TELLER, Role.BACK_OFFICE}

Places = Callable[[Any, Rows, dt.datetime], set[str]]


def scopes_of(
    actor: Actor, rows: Rows, today: dt.date, *, since: dt.date | None = None
) -> list[str]:
    """Return the scopes that a person holds today, in the order in which they are worth having.

    With *since*, rounds that were covered on any day from then on count too: what was recorded
    while covering may arrive when the cover is over.
    """
    scopes = [f"county:{actor.county_id}", f"outlet:{actor.outlet_id}", f"staff:{actor.staff_id}"]
    scopes += [
        f"village:{village_id}"
        for village_id in sorted(_villages_of(actor, rows, since or today, today))
    ]
    if actor.holds(Role.BRANCH_HEAD, Role.LOBBY_SUPERVISOR):
        scopes.append(f"office:{actor.outlet_id}")
    if actor.holds(Role.LOBBY_MANAGER):
        scopes.append(f"lobby:{actor.outlet_id}")
    if actor.holds(Role.ADMINISTRATOR):
        scopes.append(f"desk:{actor.county_id}")
    if actor.holds(Role.PAYROLL):
        scopes.append(f"payroll:{actor.county_id}")
    return scopes


def places_of(row: Row, rows: Rows, now: dt.datetime) -> set[str]:
    """Return the scopes in which *row* belongs now."""
    return PLACES[type(row)](row, rows, now)


def _villages_of(actor: Actor, rows: Rows, from_on: dt.date, to_on: dt.date) -> set[str]:
    villages: list[Village] = []
    if actor.holds(*_SEES_ALL_VILLAGES):
        villages += rows.where(Village, outlet_id=actor.outlet_id)
    if actor.holds(*_WALKS_ROUNDS):
        rounds = {one.id for one in rows.where(Round, postman_id=actor.staff_id)}
        rounds |= {
            cover.round_id
            for cover in rows.where(RoundCover, staff_id=actor.staff_id)
            if not cover.cancelled and cover.from_on <= to_on and from_on <= cover.to_on
        }
        for round_id in rounds:
            villages += rows.where(Village, round_id=round_id)
    if actor.holds(Role.WEALTH_MANAGER):
        villages += rows.where(Village, wealth_manager_id=actor.staff_id)
        villages += rows.where(Village, backup_wealth_manager_id=actor.staff_id)
    found = {village.id for village in villages}
    if actor.holds(Role.OUTREACH):
        found |= _villages_sent_to(actor, rows)
    return found


def _villages_sent_to(actor: Actor, rows: Rows) -> set[str]:
    return {
        visit.village_id
        for status in (VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY)
        for visit in rows.where(Visit, outlet_id=actor.outlet_id, status=status)
        if visit.village_id is not None and actor.staff_id in visit.helper_ids
    }


def _people(*ids: str | None) -> set[str]:
    return {f"staff:{one}" for one in ids if one is not None}


def _county_of_county(row: County, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return {f"county:{row.id}"}


def _county(
    row: Outlet | Staff | Crop | MarketDay | Policy, rows: Rows, now: dt.datetime
) -> set[str]:
    del rows, now
    return {f"county:{row.county_id}"}


def _outlet(row: Round, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return {f"outlet:{row.outlet_id}"}


def _outlet_of_staff(
    row: Qualification | Leave | WealthManagerProfile, rows: Rows, now: dt.datetime
) -> set[str]:
    del now
    return {f"outlet:{demand(rows, Staff, row.staff_id).outlet_id}"}


def _round_cover(row: RoundCover, rows: Rows, now: dt.datetime) -> set[str]:
    del now
    return {f"outlet:{demand(rows, Round, row.round_id).outlet_id}"}


def _village(row: Village, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return {f"outlet:{row.outlet_id}", f"village:{row.id}"}


def _village_crop(row: VillageCrop, rows: Rows, now: dt.datetime) -> set[str]:
    return _village(demand(rows, Village, row.village_id), rows, now)


def _harvest(row: HarvestDate | HarvestDateVersion, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return {f"village:{row.village_id}", f"office:{row.outlet_id}"}


def _device(row: Device, rows: Rows, now: dt.datetime) -> set[str]:
    del now
    county_id = demand(rows, Staff, row.staff_id).county_id
    return {f"staff:{row.staff_id}", f"office:{row.outlet_id}", f"desk:{county_id}"}


def _referral(row: Referral, rows: Rows, now: dt.datetime) -> set[str]:
    del rows
    scopes = {f"office:{row.outlet_id}"}
    if _is_fresh(row, now):
        scopes |= _people(row.referrer_id, row.wealth_manager_id, row.escort_id)
    if row.mode is ReferralMode.HANDED_OVER and row.status in OPEN_STATUSES:
        scopes.add(f"lobby:{row.outlet_id}")  # Who receives the customer, and takes them along.
    return scopes


def _of_referral(row: RouteTrace | CallAttempt, rows: Rows, now: dt.datetime) -> set[str]:
    return _referral(demand(rows, Referral, row.referral_id), rows, now)


def _care_card(row: CareCard, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    scopes = _people(row.originator_id, row.owner_id) | {f"office:{row.outlet_id}"}
    if row.status in OPEN_CARDS:
        scopes.add(f"lobby:{row.outlet_id}")
    return scopes


def _care_follow_up(row: CareFollowUp, rows: Rows, now: dt.datetime) -> set[str]:
    return _care_card(demand(rows, CareCard, row.care_card_id), rows, now)


def _customer(row: Customer, rows: Rows, now: dt.datetime) -> set[str]:
    scopes = {f"office:{row.outlet_id}"} | _people(row.managing_id)
    for referral in rows.where(Referral, customer_id=row.id):
        scopes |= _referral(referral, rows, now)
    for card in rows.where(CareCard, customer_id=row.id):
        scopes |= _care_card(card, rows, now)
    return scopes


def _consent(row: Consent, rows: Rows, now: dt.datetime) -> set[str]:
    return _customer(demand(rows, Customer, row.customer_id), rows, now)


def _contact(row: CustomerContact, rows: Rows, now: dt.datetime) -> set[str]:
    """Place a phone number with those who may call it, as long as they may; in no office."""
    if row.expires_on < day_at_outlet(now):
        return set()
    looks = rows.where(ContactReveal, contact_id=row.id)
    scopes = _people(*(look.by_id for look in looks if now < look.expires_at))
    for referral in rows.where(Referral, customer_id=row.customer_id):
        if referral.status in OPEN_STATUSES:
            scopes |= _people(referral.wealth_manager_id, referral.escort_id)
        if _may_still_call(referral, rows, now):
            scopes |= _people(referral.referrer_id)
    for card in rows.where(CareCard, customer_id=row.customer_id):
        if card.status in OPEN_CARDS:
            scopes |= _people(card.originator_id, card.owner_id)
    return scopes


def _reveal(row: ContactReveal, rows: Rows, now: dt.datetime) -> set[str]:
    del now
    county_id = demand(rows, Staff, row.by_id).county_id
    return _people(row.by_id) | {f"desk:{county_id}"}


def _may_still_call(referral: Referral, rows: Rows, now: dt.datetime) -> bool:
    if referral.status in {ReferralStatus.VOID, ReferralStatus.WITHDRAWN}:
        return False
    referrer = demand(rows, Staff, referral.referrer_id)
    if not _LONG_CONTACT.isdisjoint(referrer.roles):
        return True
    return day_at_outlet(now) <= day_at_outlet(referral.captured_to) + dt.timedelta(
        days=TELLER_CONTACT_DAYS
    )


def _is_fresh(referral: Referral, now: dt.datetime) -> bool:
    if referral.status in OPEN_STATUSES or referral.status is ReferralStatus.SUCCEEDED:
        return True
    instants = (referral.captured_to, referral.accepted_at, referral.met_at, referral.verified_at)
    last = max(instant for instant in instants if instant is not None)
    return day_at_outlet(now) <= day_at_outlet(last) + dt.timedelta(days=CLOSED_KEPT_DAYS)


def _erasure(row: Erasure, rows: Rows, now: dt.datetime) -> set[str]:
    del now
    return {f"desk:{demand(rows, Staff, row.by_id).county_id}"}


def _visit(row: Visit, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return _people(row.wealth_manager_id, *row.helper_ids) | {f"office:{row.outlet_id}"}


def _points(row: PointsEntry, rows: Rows, now: dt.datetime) -> set[str]:
    del now
    scopes = _people(row.payee_id) | {f"office:{row.outlet_id}"}
    payee, maker = demand(rows, Staff, row.payee_id), demand(rows, Staff, row.maker_id)
    # The administrator decides what a branch head profits from or caused, and every reversal.
    if (
        Role.BRANCH_HEAD in payee.roles
        or Role.BRANCH_HEAD in maker.roles
        or row.reverses_id is not None
        or rows.where(PointsEntry, reverses_id=row.id)
    ):
        scopes.add(f"desk:{payee.county_id}")
    return scopes


def _notice(row: Notice, rows: Rows, now: dt.datetime) -> set[str]:
    del rows, now
    return _people(row.for_id)


def _attachment(row: Attachment, rows: Rows, now: dt.datetime) -> set[str]:
    bearer = bearer_of(rows, row.object_table, row.object_id)
    if bearer is None or not is_shown(row, bearer):
        return set()
    return places_of(bearer, rows, now)


PLACES: dict[type[Row], Places] = {
    County: _county_of_county,
    Outlet: _county,
    Staff: _county,
    Crop: _county,
    MarketDay: _county,
    Policy: _county,
    Qualification: _outlet_of_staff,
    Leave: _outlet_of_staff,
    WealthManagerProfile: _outlet_of_staff,
    Device: _device,
    Round: _outlet,
    RoundCover: _round_cover,
    Village: _village,
    VillageCrop: _village_crop,
    HarvestDate: _harvest,
    HarvestDateVersion: _harvest,
    Customer: _customer,
    CustomerContact: _contact,
    ContactReveal: _reveal,
    Consent: _consent,
    Referral: _referral,
    RouteTrace: _of_referral,
    CallAttempt: _of_referral,
    CareCard: _care_card,
    CareFollowUp: _care_follow_up,
    Visit: _visit,
    PointsEntry: _points,
    Notice: _notice,
    Attachment: _attachment,
    Erasure: _erasure,
}

ABOVE: tuple[tuple[type[Row], str, type[Row]], ...] = (
    (Referral, "customer_id", Customer),
    (CareCard, "customer_id", Customer),
    (ContactReveal, "contact_id", CustomerContact),
    (PointsEntry, "reverses_id", PointsEntry),
)
"""When a row of the first changes, the row that the field names is placed anew."""

BELOW: tuple[tuple[type[Row], type[Row], str], ...] = (
    (Customer, CustomerContact, "customer_id"),
    (Customer, Consent, "customer_id"),
    (Referral, RouteTrace, "referral_id"),
    (Referral, CallAttempt, "referral_id"),
    (CareCard, CareFollowUp, "care_card_id"),
    (Staff, Qualification, "staff_id"),
    (Staff, Leave, "staff_id"),
    (Staff, WealthManagerProfile, "staff_id"),
    (Staff, PointsEntry, "payee_id"),
    (Round, RoundCover, "round_id"),
    (Village, VillageCrop, "village_id"),
    (Referral, Attachment, "object_id"),
    (Visit, Attachment, "object_id"),
    (CareCard, Attachment, "object_id"),
)
"""When a row of the first changes, the rows of the second whose field names it are placed anew."""
