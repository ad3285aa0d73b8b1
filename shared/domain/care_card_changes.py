"""Following up who could not come now: open, invite, convert, end, put right, hand on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from shared.domain.care_card import (
    CARERS,
    OPENERS,
    OVERSEERS,
    AssignCareCard,
    CareAction,
    CareCard,
    CareFollowUp,
    CareStatus,
    ConvertCareCard,
    CorrectCareCard,
    EndCareCard,
    FollowUpCareCard,
    OpenCareCard,
    WithdrawCareCard,
    advance,
    has_opted_out,
)
from shared.domain.customer import (
    Consent,
    Customer,
    CustomerContact,
    consent_given,
    contact_id_of,
    contact_of,
    has_consent,
    is_new_after_erasure,
)
from shared.domain.demands import (
    demand_colleague,
    demand_day_ahead,
    demand_new,
    demand_outlet,
    demand_reason,
)
from shared.domain.harvest import HarvestDate
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor
from shared.domain.referral import Referral, ReferralAction, SubmitReferral
from shared.domain.referral import advance as advance_referral
from shared.domain.referral_capture import known_sale, received_referral
from shared.domain.refusals import (
    COLLEAGUE_UNAVAILABLE,
    INVALID_ARGUMENT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.domain.village import Village
from shared.ids import derived_id

__all__ = [
    "MUTATIONS",
    "assign_care_card",
    "convert_care_card",
    "correct_care_card",
    "end_care_card",
    "follow_up_care_card",
    "open_care_card",
    "withdraw_care_card",
]

_ENDS = frozenset({CareAction.CLOSE, CareAction.OPT_OUT})


def open_care_card(rows: Rows, args: OpenCareCard, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Open a card for the customer of an open referral, for a known customer, or for a new one."""
    demand_new(rows, CareCard, args.id)
    demand_day_ahead(args.next_contact_on, moment, "next_contact_on")
    if args.referral_id is not None:
        return _open_for_referral(rows, args, args.referral_id, actor, moment)
    if not actor.holds(*CARERS):
        # A teller's card is for their own referral.
        raise RefusedError("referral-missing")
    return _open_for_customer(rows, args, actor, moment)


def follow_up_care_card(
    rows: Rows, args: FollowUpCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Record an invitation, and when the next one is due."""
    demand_new(rows, CareFollowUp, args.id)
    card = _worked_on(rows, args.care_card_id, actor)
    status = advance(card, CareAction.INVITE, actor)
    _demand_contact_wanted(rows, card.customer_id)
    demand_day_ahead(args.next_contact_on, moment, "next_contact_on")
    follow_up = CareFollowUp(
        id=args.id,
        care_card_id=card.id,
        by_id=actor.staff_id,
        at=moment.captured_to,
        how=args.how,
        note=args.note,
        next_contact_on=args.next_contact_on,
    )
    invited = replace(
        card,
        status=status,
        follow_ups=card.follow_ups + 1,
        next_contact_on=args.next_contact_on,
    )
    return [invited, follow_up]


def convert_care_card(
    rows: Rows, args: ConvertCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Make a referral of the card, credited to the card's owner; the originator is on the card."""
    card = _worked_on(rows, args.id, actor)
    status = advance(card, CareAction.CONVERT, actor)
    demand_new(rows, Referral, args.referral_id)
    customer = demand(rows, Customer, card.customer_id)
    if not args.consent:
        _demand_contact_wanted(rows, customer.id)
        if not has_consent(rows, customer.id, moment.today):
            raise RefusedError("consent-missing")
    submitted = SubmitReferral(
        id=args.referral_id,
        kind=customer.kind,
        source=args.source,
        need=args.need,
        interest=args.interest,
        mode=args.mode,
        consent=True,
        customer_name=customer.name,
        customer_id=customer.id,
        village_id=card.village_id,
        harvest_date_id=_sale_ahead(rows, card.harvest_date_id, moment.today),
        care_card_id=card.id,
        note=args.note,
    )
    converted = replace(
        card,
        status=status,
        converted_referral_id=args.referral_id,
        converted_at=moment.captured_to,
        ended_at=moment.captured_to,
    )
    # The referral first: the card points to it.
    changed: list[Row] = [
        received_referral(rows, submitted, customer, card.owner_id, moment),
        converted,
    ]
    if args.consent:
        changed.append(consent_given(args.referral_id, customer.id, moment))
    return changed


def end_care_card(rows: Rows, args: EndCareCard, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Close the card, or keep the customer's word that they want no more contact.

    Who opts out owes no reason; consent ends with it, and the number leaves every device.
    """
    if args.action not in _ENDS:
        raise RefusedError(INVALID_ARGUMENT, field="action")
    card = _worked_on(rows, args.id, actor)
    status = advance(card, args.action, actor)
    ended = replace(card, status=status, ended_reason=args.reason, ended_at=moment.captured_to)
    if args.action is CareAction.CLOSE:
        demand_reason(args.reason)
        return [ended]
    withdrawn = [
        replace(consent, withdrawn_at=moment.captured_to)
        for consent in rows.where(Consent, customer_id=card.customer_id)
        if consent.withdrawn_at is None
    ]
    contact = rows.get(CustomerContact, contact_id_of(card.customer_id))
    yesterday = moment.today - dt.timedelta(days=1)
    forgotten = [] if contact is None else [replace(contact, expires_on=yesterday)]
    return [ended, *withdrawn, *forgotten]


def correct_care_card(
    rows: Rows, args: CorrectCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Put right what one recorded oneself, until somebody has acted on it."""
    card = _own(rows, args.id, actor)
    status = advance(card, CareAction.CORRECT, actor)
    if args.next_contact_on is not None:
        demand_day_ahead(args.next_contact_on, moment, "next_contact_on")
    changed: list[Row] = [
        replace(
            card,
            status=status,
            reason=args.reason or card.reason,
            next_contact_on=args.next_contact_on or card.next_contact_on,
            need=args.need or card.need,
            note=card.note if args.note is None else args.note,
        )
    ]
    if args.customer_name is not None:
        customer = demand(rows, Customer, card.customer_id)
        if customer.id != derived_id(card.id, "customer"):
            # Known before this card: others wrote that name.
            raise RefusedError(INVALID_ARGUMENT, field="customer_name")
        changed.append(replace(customer, name=args.customer_name))
    if args.phone is not None:
        changed.append(contact_of(card.customer_id, args.phone, moment.today))
    return changed


def withdraw_care_card(
    rows: Rows, args: WithdrawCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Take back a card opened by mistake; the referral that it came from is routed again."""
    card = _own(rows, args.id, actor)
    status = advance(card, CareAction.WITHDRAW, actor)
    changed: list[Row] = [
        replace(card, status=status, ended_reason=args.reason, ended_at=moment.captured_to)
    ]
    if card.referral_id is not None:
        referral = demand(rows, Referral, card.referral_id)
        resumed = advance_referral(referral, ReferralAction.RESUME, actor)
        changed.append(replace(referral, status=resumed, care_card_id=None))
    return changed


def assign_care_card(
    rows: Rows, args: AssignCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Give a card to a colleague of the outlet, who follows it up from now on."""
    del moment
    card = _worked_on(rows, args.id, actor)
    status = advance(card, CareAction.ASSIGN, actor)
    owner = demand_colleague(rows, args.owner_id, actor, "owner_id")
    if CARERS.isdisjoint(owner.roles):
        raise RefusedError(COLLEAGUE_UNAVAILABLE, field="owner_id")
    return [replace(card, status=status, owner_id=owner.id)]


def _open_for_referral(
    rows: Rows, args: OpenCareCard, referral_id: str, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """End an open referral as cared for: by its referrer, its wealth manager, or the lobby."""
    referral = demand(rows, Referral, referral_id)
    is_involved = actor.staff_id in (referral.referrer_id, referral.wealth_manager_id)
    if not is_involved:
        if not actor.holds(*OVERSEERS):
            raise RefusedError(OUT_OF_SCOPE, object="referral")
        demand_outlet(referral.outlet_id, actor, "referral")
    status = advance_referral(referral, ReferralAction.CARE, actor)
    card = replace(
        _new_card(args, referral.customer_id, actor, moment),
        outlet_id=referral.outlet_id,
        referral_id=referral.id,
        need=args.need or referral.need,
        village_id=referral.village_id,
        harvest_date_id=referral.harvest_date_id,
    )
    return [card, replace(referral, status=status, care_card_id=card.id, due_at=None)]


def _open_for_customer(
    rows: Rows, args: OpenCareCard, actor: Actor, moment: Moment
) -> Sequence[Row]:
    if not args.consent:
        raise RefusedError("consent-missing")
    if args.village_id is not None:
        demand(rows, Village, args.village_id)
    made: list[Row] = []
    known = None if args.customer_id is None else demand(rows, Customer, args.customer_id)
    if known is not None and not is_new_after_erasure(known, args.customer_name):
        customer = known
        demand_outlet(customer.outlet_id, actor, "customer")
    elif args.customer_name is not None:
        customer = Customer(
            id=derived_id(args.id, "customer"),
            outlet_id=actor.outlet_id,
            name=args.customer_name,
            kind=args.kind,
            village_id=args.village_id,
        )
        made.append(customer)
    else:
        raise RefusedError(INVALID_ARGUMENT, field="customer_name")
    if args.phone is not None:
        made.append(contact_of(customer.id, args.phone, moment.today))
    made.append(consent_given(args.id, customer.id, moment))
    card = _new_card(args, customer.id, actor, moment)
    made.append(
        replace(
            card,
            village_id=args.village_id or customer.village_id,
            harvest_date_id=known_sale(rows, args.harvest_date_id),
        )
    )
    return made


def _new_card(args: OpenCareCard, customer_id: str, actor: Actor, moment: Moment) -> CareCard:
    return CareCard(
        id=args.id,
        outlet_id=actor.outlet_id,
        customer_id=customer_id,
        reason=args.reason,
        status=CareStatus.OPEN,
        originator_id=actor.staff_id,
        owner_id=actor.staff_id,
        opened_at=moment.captured_to,
        next_contact_on=args.next_contact_on,
        need=args.need,
        note=args.note,
    )


def _worked_on(rows: Rows, card_id: str, actor: Actor) -> CareCard:
    """Return a card that the actor owns, or one of the outlet that they oversee."""
    card = demand(rows, CareCard, card_id)
    if card.owner_id == actor.staff_id:
        return card
    if not actor.holds(*OVERSEERS):
        raise RefusedError(OUT_OF_SCOPE, object="care_card")
    demand_outlet(card.outlet_id, actor, "care_card")
    return card


def _own(rows: Rows, card_id: str, actor: Actor) -> CareCard:
    """Return a card that the actor opened, and that nobody else works on."""
    card = demand(rows, CareCard, card_id)
    if card.originator_id != actor.staff_id:
        raise RefusedError(OUT_OF_SCOPE, object="care_card")
    if card.owner_id != actor.staff_id:
        raise RefusedError("already-acted-on", object="care_card")
    return card


def _sale_ahead(rows: Rows, harvest_date_id: str | None, today: dt.date) -> str | None:
    """Return the card's sale while its cash is to come; nobody plans a visit to a past one."""
    sale = rows.get(HarvestDate, harvest_date_id) if harvest_date_id is not None else None
    return sale.id if sale is not None and sale.payout_on >= today else None


def _demand_contact_wanted(rows: Rows, customer_id: str) -> None:
    if has_opted_out(rows, customer_id):
        raise RefusedError("customer-opted-out")


MUTATIONS = (
    Mutation(
        name="open_care_card", version=1, args=OpenCareCard, roles=OPENERS, decide=open_care_card
    ),
    Mutation(
        name="follow_up_care_card",
        version=1,
        args=FollowUpCareCard,
        roles=CARERS,
        decide=follow_up_care_card,
    ),
    Mutation(
        name="convert_care_card",
        version=1,
        args=ConvertCareCard,
        roles=CARERS,
        decide=convert_care_card,
    ),
    Mutation(
        name="end_care_card", version=1, args=EndCareCard, roles=OPENERS, decide=end_care_card
    ),
    Mutation(
        name="correct_care_card",
        version=1,
        args=CorrectCareCard,
        roles=OPENERS,
        decide=correct_care_card,
    ),
    Mutation(
        name="withdraw_care_card",
        version=1,
        args=WithdrawCareCard,
        roles=OPENERS,
        decide=withdraw_care_card,
    ),
    Mutation(
        name="assign_care_card",
        version=1,
        args=AssignCareCard,
        roles=OPENERS,
        decide=assign_care_card,
    ),
)
"""Every mutation of a care card; append-only."""
