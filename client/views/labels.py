"""Rows in words: who, where, when, and how far it has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from client.components.when import span
from client.status import OutboxItem, OutboxState
from client.strings import Words
from shared.domain.customer import Customer
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.people import Staff
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows
from shared.domain.village import Crop, Village

__all__ = [
    "Step",
    "crop_name",
    "customer_name",
    "lead_state",
    "points_reason",
    "sale_line",
    "sale_tone",
    "staff_name",
    "status_tone",
    "unnamed_customer",
    "village_name",
]

GOOD = frozenset(
    {
        ReferralStatus.ACCEPTED,
        ReferralStatus.HANDED_OVER,
        ReferralStatus.VISIT_SET,
        ReferralStatus.MET,
        ReferralStatus.SUCCEEDED,
        ReferralStatus.VERIFIED,
    }
)
ENDED = frozenset(
    {
        ReferralStatus.JOINED,
        ReferralStatus.LOST,
        ReferralStatus.VOID,
        ReferralStatus.WITHDRAWN,
        ReferralStatus.CARED_FOR,
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a record has come: in words, with a tone."""

    text: str
    tone: str


def village_name(rows: Rows, village_id: str | None) -> str:
    """Return the name of a village, or a dash."""
    village = rows.get(Village, village_id) if village_id else None
    return village.name if village else "—"


def unnamed_customer(rows: Rows, village_id: str | None, words: Words) -> str:
    """Return what somebody who gave no name is called."""
    if village_id is None:
        return words("person.unnamed_at_outlet")
    return words("person.unnamed", village=village_name(rows, village_id))


def crop_name(rows: Rows, crop_id: str) -> str:
    """Return the name of a crop, or a dash."""
    crop = rows.get(Crop, crop_id)
    return crop.name if crop else "—"


def customer_name(rows: Rows, customer_id: str) -> str:
    """Return what the customer is called, or a dash: customers leave the phone in time."""
    customer = rows.get(Customer, customer_id)
    return customer.name if customer else "—"


def staff_name(rows: Rows, staff_id: str | None) -> str:
    """Return a colleague's name, or a dash."""
    staff = rows.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else "—"


def points_reason(reason: str, words: Words) -> str:
    """Return why points were rejected or taken back: a person's own words, or the server's."""
    key = f"points_reason.{reason}"
    return words(key) if words.knows(key) else reason


def sale_line(rows: Rows, sale: HarvestDate, today: dt.date, words: Words) -> str:
    """Return a sale in a line: when, where, what."""
    return words(
        "sale.line",
        days=span(sale.sale_from_on, sale.sale_to_on, today, words),
        village=village_name(rows, sale.village_id),
        crop=crop_name(rows, sale.crop_id),
    )


def sale_tone(status: HarvestStatus) -> str:
    """Return the tone of a sale's state."""
    if status in {HarvestStatus.CONFIRMED, HarvestStatus.SOLD, HarvestStatus.PAID}:
        return "good"
    if status is HarvestStatus.HEARD:
        return "wait"
    return "harvest" if status is HarvestStatus.ON_DAY else "plain"


def status_tone(status: ReferralStatus) -> str:
    """Return the tone of a referral's state."""
    if status in GOOD:
        return "good"
    if status in ENDED:
        return "plain"
    return "wait"


def lead_state(rows: Rows, referral: Referral, item: OutboxItem | None, words: Words) -> Step:
    """Return how far a lead has come, from this phone to the branch head's word.

    *item* is what this phone recorded it with, if it did.
    """
    if item is not None and item.state is not OutboxState.OK:
        return outbox_step(item, words)
    manager = staff_name(rows, referral.wealth_manager_id)
    if referral.status is ReferralStatus.ROUTED:
        return Step(words("lead.state.routed", name=manager), "wait")
    if referral.status is ReferralStatus.ACCEPTED:
        return Step(words("lead.state.accepted", name=manager), "good")
    return Step(words.name(referral.status), status_tone(referral.status))


def outbox_step(item: OutboxItem, words: Words) -> Step:
    """Return how far a record has come that the server has not taken as good."""
    if item.state is OutboxState.WAITING:
        if item.problem is not None:
            return Step(words("outbox.will_be_refused"), "bad")
        return Step(words("outbox.waiting"), "wait")
    tone = "wait" if item.state in {OutboxState.DEFERRED, OutboxState.PARKED} else "bad"
    return Step(words.name(item.state), tone)
