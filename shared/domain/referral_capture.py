"""Recording a referral, and putting right or taking back what one recorded oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.customer import Customer, consent_given, contact_of, is_new_after_erasure
from shared.domain.demands import demand_new, demand_outlet
from shared.domain.harvest import HarvestDate
from shared.domain.moment import Moment
from shared.domain.people import Actor, Role, Staff
from shared.domain.referral import (
    CorrectReferral,
    ReasonedReferral,
    Referral,
    ReferralAction,
    ReferralStatus,
    SubmitReferral,
    advance,
)
from shared.domain.refusals import (
    COLLEAGUE_UNAVAILABLE,
    ILLEGAL_TRANSITION,
    INVALID_ARGUMENT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Village
from shared.ids import derived_id

__all__ = [
    "correct_referral",
    "known_sale",
    "received_referral",
    "submit_referral",
    "withdraw_referral",
]

_CORRECTABLE = frozenset(
    {
        ReferralStatus.RECEIVED,
        ReferralStatus.HELD,
        ReferralStatus.UNASSIGNED,
        ReferralStatus.ROUTED,
    }
)


def submit_referral(
    rows: Rows, args: SubmitReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Take a referral as received; routing and duplicates are the server's, afterwards."""
    if not args.consent:
        raise RefusedError("consent-missing")
    if args.care_card_id is not None:
        # Only `convert_care_card` may say so: it asks whether the card is the actor's, and open.
        raise RefusedError(INVALID_ARGUMENT, field="care_card_id")
    demand_new(rows, Referral, args.id)
    _demand_places(rows, args, actor)
    made: list[Row] = []
    known = None if args.customer_id is None else demand(rows, Customer, args.customer_id)
    if known is None or is_new_after_erasure(known, args.customer_name):
        customer = Customer(
            id=derived_id(args.id, "customer"),
            outlet_id=actor.outlet_id,
            name=args.customer_name,
            kind=args.kind,
            village_id=args.village_id,
            cues=args.cues,
        )
        made.append(customer)
    else:
        customer = known
        demand_outlet(customer.outlet_id, actor, "customer")
    if args.phone is not None:
        made.append(contact_of(customer.id, args.phone, moment.today))
    made.append(consent_given(args.id, customer.id, moment))
    made.append(received_referral(rows, args, customer, actor.staff_id, moment))
    return made


def received_referral(
    rows: Rows, args: SubmitReferral, customer: Customer, referrer_id: str, moment: Moment
) -> Referral:
    """Return the referral of a customer, as received, whoever it is credited to."""
    return Referral(
        id=args.id,
        outlet_id=customer.outlet_id,
        customer_id=customer.id,
        referrer_id=referrer_id,
        kind=args.kind,
        source=args.source,
        need=args.need,
        interest=args.interest,
        mode=args.mode,
        status=ReferralStatus.RECEIVED,
        captured_from=moment.captured_from,
        captured_to=moment.captured_to,
        clock_grade=moment.grade,
        village_id=args.village_id,
        harvest_date_id=known_sale(rows, args.harvest_date_id),
        care_card_id=args.care_card_id,
        in_person_id=args.in_person_id,
        product_tag=args.product_tag,
        amount_band=args.amount_band,
        note=args.note,
    )


def known_sale(rows: Rows, harvest_date_id: str | None) -> str | None:
    """Return the sale that a lead belongs to, as far as it is known.

    A lead is never lost for its sale date: if that was refused, the lead stands without it; if
    it was joined to an earlier report, the lead goes along.
    """
    if harvest_date_id is None:
        return None
    harvest_date = rows.get(HarvestDate, harvest_date_id)
    if harvest_date is None:
        return None
    return harvest_date.joined_id or harvest_date.id


def correct_referral(
    rows: Rows, args: CorrectReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Put right what one recorded oneself, until somebody has acted on it."""
    referral = _own(rows, args.id, actor)
    if referral.status not in _CORRECTABLE:
        raise RefusedError(
            ILLEGAL_TRANSITION, object="referral", status=referral.status, action="correct"
        )
    changed: list[Row] = []
    if args.customer_name is not None:
        customer = demand(rows, Customer, referral.customer_id)
        if customer.id != derived_id(referral.id, "customer"):
            # Known before this referral: others wrote that name.
            raise RefusedError(INVALID_ARGUMENT, field="customer_name")
        changed.append(replace(customer, name=args.customer_name))
    if args.phone is not None:
        changed.append(contact_of(referral.customer_id, args.phone, moment.today))
    changed.append(
        replace(
            referral,
            need=args.need or referral.need,
            interest=args.interest or referral.interest,
            amount_band=args.amount_band or referral.amount_band,
            note=referral.note if args.note is None else args.note,
        )
    )
    return changed


def withdraw_referral(
    rows: Rows, args: ReasonedReferral, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Take back what one recorded oneself, until somebody has acted on it."""
    del moment
    referral = _own(rows, args.id, actor)
    status = advance(referral, ReferralAction.WITHDRAW, actor)
    return [replace(referral, status=status, ended_reason=args.reason)]


def _demand_places(rows: Rows, args: SubmitReferral, actor: Actor) -> None:
    """Refuse a village that nobody knows, and a hand-over to nobody who could take it."""
    if args.village_id is not None:
        demand(rows, Village, args.village_id)
    if args.in_person_id is not None:
        taker = demand(rows, Staff, args.in_person_id)
        if taker.id == actor.staff_id or Role.WEALTH_MANAGER not in taker.roles:
            raise RefusedError(COLLEAGUE_UNAVAILABLE, field="in_person_id")


def _own(rows: Rows, referral_id: str, actor: Actor) -> Referral:
    referral = demand(rows, Referral, referral_id)
    if referral.referrer_id != actor.staff_id:
        raise RefusedError(OUT_OF_SCOPE, object="referral")
    return referral
