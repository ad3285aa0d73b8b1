"""Erasing a customer (删除): who they were goes; that work was done for them stays.

What is left is pseudonymous: the numbers of the cards, the states, the days, the points. No text is
kept that somebody wrote about them, for it may name them.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, cast

from shared.domain.attachment import Attachment
from shared.domain.care_card import OPEN_CARDS, CareCard, CareFollowUp, CareStatus
from shared.domain.customer import (
    ERASED_TEXT,
    Consent,
    ContactReveal,
    Customer,
    CustomerContact,
    contact_id_of,
)
from shared.domain.demands import demand_new
from shared.domain.fields import Id, Name, Note, Phone
from shared.domain.moment import Moment, day_at_outlet
from shared.domain.mutation import Mutation
from shared.domain.people import Actor, Role
from shared.domain.points import PointsEntry
from shared.domain.referral import OPEN_STATUSES, Referral, ReferralStatus
from shared.domain.refusals import CUSTOMER_ERASED, RefusedError
from shared.domain.routing import RouteTrace
from shared.domain.rows import Row, Rows
from shared.domain.visit import CallAttempt, Visit, VisitStatus

__all__ = [
    "ERASED_PHONE",
    "MUTATIONS",
    "EraseCustomer",
    "Erasure",
    "ErasureReason",
    "Traces",
    "demand_erasable",
    "ended_rows",
    "erase_customer",
    "erased_rows",
    "holds_text",
    "redacted",
    "traces_of",
]

ERASED_PHONE = "00000"

ArgsT = TypeVar("ArgsT")


class ErasureReason(StrEnum):
    """Why a customer is erased; a choice, for words could name them."""

    ASKED = "asked"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    TIME_OVER = "time_over"
    RECORDED_WRONGLY = "recorded_wrongly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a customer was erased: who ordered it, when and why; nothing of whom."""

    TABLE: ClassVar[str] = "erasure"
    id: Id
    customer_id: Id
    reason: ErasureReason
    by_id: Id
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer:
    """A customer to be erased; `id` is new, the erasure's own."""

    id: Id
    customer_id: Id
    reason: ErasureReason


@dataclass(frozen=True, slots=True)
class Traces:
    """The ids of what there is about a customer.

    Attributes:
        own: What is about nobody else.
        shared: What may be about others too, such as a visit to several.
    """

    own: frozenset[str]
    shared: frozenset[str]


def erase_customer(rows: Rows, args: EraseCustomer, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Erase a customer; an order that came before changes nothing.

    The customer's row is not asked for: an administrator's device holds none. The server does.
    """
    known = rows.get(Erasure, args.id)
    if known is not None and known.customer_id == args.customer_id:
        return []
    demand_new(rows, Erasure, args.id)
    erasure = Erasure(
        id=args.id,
        customer_id=args.customer_id,
        reason=args.reason,
        by_id=actor.staff_id,
        at=moment.now,
    )
    customer = rows.get(Customer, args.customer_id)
    if customer is None:
        return [erasure]
    demand_erasable(rows, customer)
    # What is ended first is what is then emptied.
    changed = {(type(row), row.id): row for row in ended_rows(rows, customer, moment.now)}
    view = _Laid(rows, changed)
    changed |= {(type(row), row.id): row for row in erased_rows(view, customer, moment.now)}
    return [erasure, *changed.values()]


def demand_erasable(rows: Rows, customer: Customer) -> None:
    """Refuse what was done already, and what would leave wages that nobody can look into.

    Raises:
        RefusedError: `customer-erased`, or `success-unverified`: the branch head has to compare
            the voucher with the customer first.
    """
    if customer.erased_at is not None:
        raise RefusedError(CUSTOMER_ERASED)
    if rows.where(Referral, customer_id=customer.id, status=ReferralStatus.SUCCEEDED):
        raise RefusedError("success-unverified")


def ended_rows(rows: Rows, customer: Customer, now: dt.datetime) -> list[Row]:
    """Return what is still open for the customer, ended: nobody could go on with it.

    A lead counts as lost: what it had earned until then stays its referrer's.
    """
    changed: list[Row] = []
    for referral in rows.where(Referral, customer_id=customer.id):
        if referral.status in OPEN_STATUSES:
            changed.append(replace(referral, status=ReferralStatus.LOST, ended_reason=ERASED_TEXT))
            changed += _visits_without(rows, referral, now)
    changed += [
        replace(card, status=CareStatus.CLOSED, ended_at=now, ended_reason=ERASED_TEXT)
        for card in rows.where(CareCard, customer_id=customer.id)
        if card.status in OPEN_CARDS
    ]
    return changed


def erased_rows(rows: Rows, customer: Customer, at: dt.datetime) -> list[Row]:
    """Return every row about the customer without what says who that is."""
    contact_id = contact_id_of(customer.id)
    contact = rows.get(CustomerContact, contact_id)
    traces = traces_of(rows, customer)
    referrals = rows.where(Referral, customer_id=customer.id)
    cards = rows.where(CareCard, customer_id=customer.id)
    changed: list[Row] = [
        replace(
            customer,
            name=ERASED_TEXT,
            village_id=None,
            managing_id=None,
            cues=(),
            erased_at=at,
        )
    ]
    if contact is not None:
        gone_on = day_at_outlet(at) - dt.timedelta(days=1)
        changed.append(replace(contact, phone=ERASED_PHONE, expires_on=gone_on))
    # Why somebody looked at a number is kept longer than the number.
    changed += [
        replace(look, reason=ERASED_TEXT)
        for look in rows.where(ContactReveal, contact_id=contact_id)
    ]
    changed += [
        replace(consent, withdrawn_at=consent.withdrawn_at or at)
        for consent in rows.where(Consent, customer_id=customer.id)
    ]
    for referral in referrals:
        changed.append(_emptied_referral(referral))
        changed += [_emptied_visit(visit) for visit in _visits_of(rows, referral)]
    for card in cards:
        changed.append(replace(card, note="", ended_reason=_emptied(card.ended_reason)))
        changed += [
            replace(follow_up, note="")
            for follow_up in rows.where(CareFollowUp, care_card_id=card.id)
        ]
    changed += [
        replace(attachment, removed_at=attachment.removed_at or at)
        for object_id in sorted(traces.own | traces.shared)
        for attachment in rows.where(Attachment, object_id=object_id)
    ]
    changed += [
        replace(entry, reason=_emptied(entry.reason)) for entry in _entries_of(rows, traces.own)
    ]
    return changed


def traces_of(rows: Rows, customer: Customer) -> Traces:
    """Return the ids of all that there is about the customer."""
    contact_id = contact_id_of(customer.id)
    own = {customer.id, contact_id}
    own |= _ids(rows.where(Consent, customer_id=customer.id))
    own |= _ids(rows.where(ContactReveal, contact_id=contact_id))
    shared: set[str] = set()
    for referral in rows.where(Referral, customer_id=customer.id):
        own.add(referral.id)
        own |= _ids(rows.where(RouteTrace, referral_id=referral.id))
        own |= _ids(rows.where(CallAttempt, referral_id=referral.id))
        shared |= _ids(_visits_of(rows, referral))
    for card in rows.where(CareCard, customer_id=customer.id):
        own.add(card.id)
        own |= _ids(rows.where(CareFollowUp, care_card_id=card.id))
    for ids in (own, shared):
        for object_id in list(ids):
            ids.update(_ids(rows.where(Attachment, object_id=object_id)))
    shared |= _ids(_entries_of(rows, own))
    return Traces(frozenset(own), frozenset(shared))


def redacted(args: ArgsT) -> ArgsT:
    """Return the arguments of an operation without what says whom it is about.

    What the rules then make of them is what they had made, for nobody in particular.
    """
    changes: dict[str, Any] = {}
    for name, emptied in _texts_of(cast("Hashable", type(args))):
        changes[name] = emptied(getattr(args, name))
    return cast("ArgsT", replace(cast("Any", args), **changes))


def holds_text(args_type: type) -> bool:
    """Tell whether arguments of this type may say who somebody is."""
    return bool(_texts_of(cast("Hashable", args_type)))


def _emptied(text: str | None) -> str | None:
    return ERASED_TEXT if text is not None and text.strip() else text


def _emptied_referral(referral: Referral) -> Referral:
    """Leave what pay hangs on: who, when, which need, and the outlet's own slip number."""
    return replace(
        referral,
        note="",
        product_tag=None,
        amount_band=None,
        signature=None,
        declined_reason=_emptied(referral.declined_reason),
        ended_reason=_emptied(referral.ended_reason),
    )


def _emptied_visit(visit: Visit) -> Visit:
    """Take out all that was written, though it may have been about others of that day too."""
    return replace(
        visit,
        note="",
        help_done=_emptied(visit.help_done) or "",
        ended_reason=_emptied(visit.ended_reason),
        latitude_e6=None,
        longitude_e6=None,
    )


def _visits_of(rows: Rows, referral: Referral) -> list[Visit]:
    planned = rows.where(Visit, outlet_id=referral.outlet_id)
    return [
        visit
        for visit in planned
        if referral.id in visit.referral_ids or visit.id == referral.visit_id
    ]


def _visits_without(rows: Rows, referral: Referral, now: dt.datetime) -> list[Visit]:
    """Return the visits that were only for this lead, cancelled."""
    return [
        replace(visit, status=VisitStatus.CANCELLED, ended_reason=ERASED_TEXT, finished_at=now)
        for visit in _visits_of(rows, referral)
        if visit.status in {VisitStatus.PROPOSED, VisitStatus.SCHEDULED}
        and visit.referral_ids == (referral.id,)
        and visit.harvest_date_id is None
    ]


def _entries_of(rows: Rows, evidence_ids: Iterable[str]) -> list[PointsEntry]:
    return [
        entry
        for evidence_id in sorted(evidence_ids)
        for entry in rows.where(PointsEntry, evidence_id=evidence_id)
    ]


def _ids(rows: Iterable[Row]) -> set[str]:
    return {row.id for row in rows}


@functools.cache
def _texts_of(args_type: type) -> tuple[tuple[str, Any], ...]:
    """Return the fields that may say who somebody is, and what empties each."""
    hints = typing.get_type_hints(args_type, include_extras=True)
    found: list[tuple[str, Any]] = []
    for field in fields(args_type):
        kinds = {hints[field.name], *typing.get_args(hints[field.name])}
        if typing.get_origin(hints[field.name]) not in {typing.Union, types.UnionType}:
            kinds = {hints[field.name]}
        if kinds & {Name, Note}:
            found.append((field.name, _emptied))
        elif Phone in kinds or field.name in {"latitude_e6", "longitude_e6"}:
            found.append((field.name, lambda _: None))
        elif field.name == "cues":
            found.append((field.name, lambda _: ()))
    return tuple(found)


RowT = TypeVar("RowT", bound=Row)


class _Laid:
    """Rows with some of them changed."""

    def __init__(self, rows: Rows, changed: dict[tuple[type[Row], str], Row]) -> None:
        self._rows = rows
        self._changed = changed

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        changed = self._changed.get((table, row_id))
        return self._rows.get(table, row_id) if changed is None else cast("RowT", changed)

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        # What an end changes is no key by which anything is asked for here.
        return [
            cast("RowT", self._changed.get((table, row.id), row))
            for row in self._rows.where(table, **equal)
        ]


MUTATIONS = (
    Mutation(
        name="erase_customer",
        version=1,
        args=EraseCustomer,
        roles=frozenset({Role.ADMINISTRATOR}),
        decide=erase_customer,
        county_wide=True,
    ),
)
"""Every mutation of an erasure; append-only."""
