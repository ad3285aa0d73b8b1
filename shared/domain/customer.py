"""Customers, their phone numbers (rows of their own, with an expiry) and their consent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from shared.domain.demands import demand_new, demand_outlet, demand_reason
from shared.domain.fields import Id, Name, Note, Phone, Tag
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Role
from shared.domain.rows import Row, Rows, demand
from shared.ids import derived_id

__all__ = [
    "CONSENT_TEXT_VERSION",
    "CONSENT_VALID_DAYS",
    "CONTACT_KEPT_DAYS",
    "ERASED_TEXT",
    "MUTATIONS",
    "REVEAL_HOURS",
    "Consent",
    "ContactReveal",
    "Customer",
    "CustomerContact",
    "CustomerKind",
    "RevealContact",
    "consent_given",
    "contact_id_of",
    "contact_of",
    "has_consent",
    "is_new_after_erasure",
    "reveal_contact",
]

CONSENT_TEXT_VERSION = "2026-11"
"""The consent text that is read aloud now; its words stand in `client.strings`."""

ERASED_TEXT = "—"
"""Stands where a text was that nobody may read any more; where none was, none stands."""

CONTACT_KEPT_DAYS = 30
CONSENT_VALID_DAYS = 365
REVEAL_HOURS = 1


class CustomerKind(StrEnum):
    """Who the customer is to the village's sale."""

    FARMER = "farmer"
    BUYER = "buyer"
    BROKER = "broker"
    SHOPKEEPER = "shopkeeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer: a name or salutation and where they live; nothing sensitive.

    `managing_id` is the wealth manager who manages the customer (管户), if any. Of one who was
    erased (`erased_at`) only the id is left.
    """

    TABLE: ClassVar[str] = "customer"
    id: Id
    outlet_id: Id
    name: Name
    kind: CustomerKind
    village_id: Id | None = None
    managing_id: Id | None = None
    cues: tuple[Tag, ...] = ()
    erased_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerContact:
    """A customer's phone number; it leaves every device after `expires_on`.

    Its id is derived from the customer's, so that a customer has one number at most.
    """

    TABLE: ClassVar[str] = "customer_contact"
    id: Id
    customer_id: Id
    phone: Phone
    expires_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the customer agreed to, after the text of that version was read aloud."""

    TABLE: ClassVar[str] = "consent"
    id: Id
    customer_id: Id
    text_version: Tag
    purposes: tuple[Tag, ...]
    how: Tag
    given_at: dt.datetime
    expires_on: dt.date
    withdrawn_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactReveal:
    """A branch head's look at a customer's phone number: logged, and over after an hour."""

    TABLE: ClassVar[str] = "contact_reveal"
    id: Id
    contact_id: Id
    by_id: Id
    at: dt.datetime
    reason: Note
    expires_at: dt.datetime


def contact_id_of(customer_id: str) -> str:
    """Return the id of the one phone number that a customer can have."""
    return derived_id(customer_id, "contact")


def contact_of(customer_id: str, phone: str, today: dt.date) -> CustomerContact:
    """Return the phone number of a customer, to be kept for `CONTACT_KEPT_DAYS`."""
    return CustomerContact(
        id=contact_id_of(customer_id),
        customer_id=customer_id,
        phone=phone,
        expires_on=today + dt.timedelta(days=CONTACT_KEPT_DAYS),
    )


def consent_given(cause_id: str, customer_id: str, moment: Moment) -> Consent:
    """Return the consent that a customer gave when the object *cause_id* was recorded."""
    return Consent(
        id=derived_id(cause_id, "consent"),
        customer_id=customer_id,
        text_version=CONSENT_TEXT_VERSION,
        purposes=("referral",),
        how="read_aloud",
        given_at=moment.captured_from,  # The earliest: a later opt-out must not lose to it.
        expires_on=moment.today + dt.timedelta(days=CONSENT_VALID_DAYS),
    )


def is_new_after_erasure(known: Customer, name: str | None) -> bool:
    """Tell whether somebody who was erased has come again, and said who they are.

    Nothing is left by which they could be known: they are a new customer.
    """
    return known.erased_at is not None and name not in {None, ERASED_TEXT}


def has_consent(rows: Rows, customer_id: str, today: dt.date) -> bool:
    """Tell whether the customer's consent holds: given, not expired, not withdrawn."""
    return any(
        consent.withdrawn_at is None and today <= consent.expires_on
        for consent in rows.where(Consent, customer_id=customer_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealContact:
    """A masked number that the branch head must see, and why; `id` is new, the look's own."""

    id: Id
    customer_id: Id
    reason: Note


def reveal_contact(rows: Rows, args: RevealContact, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Log the look; the number itself then comes by scope, while the look lasts.

    The number's row is not asked for: the branch head's device does not hold it yet.
    """
    demand_new(rows, ContactReveal, args.id)
    customer = demand(rows, Customer, args.customer_id)
    demand_outlet(customer.outlet_id, actor, "customer")
    demand_reason(args.reason)
    return [
        ContactReveal(
            id=args.id,
            contact_id=contact_id_of(customer.id),
            by_id=actor.staff_id,
            at=moment.now,
            reason=args.reason,
            expires_at=moment.now + dt.timedelta(hours=REVEAL_HOURS),
        )
    ]


MUTATIONS = (
    Mutation(
        name="reveal_contact",
        version=1,
        args=RevealContact,
        roles=frozenset({Role.BRANCH_HEAD}),
        decide=reveal_contact,
    ),
)
"""Every mutation of a customer; append-only."""
