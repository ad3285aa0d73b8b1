"""Care cards: opened for who is interested but not now, followed up until they come."""

from __future__ import annotations

import datetime as dt

from client.actions.phone import plain_phone
from client.form import Form
from client.state import Field
from client.status import Recorded
from shared.domain.care_card import (
    CareAction,
    CareCard,
    CareReason,
    ConvertCareCard,
    CorrectCareCard,
    EndCareCard,
    FollowUpCareCard,
    FollowUpHow,
    OpenCareCard,
    WithdrawCareCard,
)
from shared.domain.referral import Interest, LeadSource, Need, ReferralMode
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError

__all__ = [
    "convert_care",
    "correct_care",
    "end_care",
    "follow_up",
    "fresh_care",
    "fresh_follow_up",
    "open_care",
    "withdraw_care",
]

NEXT_CONTACT_DAYS = 7
"""A week is what people mean by "I'll come again", unless they choose another day."""


def fresh_care(
    field: Field, *, village_id: str | None, referral_id: str | None = None
) -> dict[str, str | None]:
    """Return an empty care card."""
    return {
        "id": field.new_id(),
        "village_id": village_id,
        "referral_id": referral_id,
        "next_on": (field.today() + dt.timedelta(days=NEXT_CONTACT_DAYS)).isoformat(),
    }


async def open_care(field: Field, form: Form, unnamed: str) -> Recorded:
    """Record the card; without a referral the customer has just agreed to be contacted."""
    reason = form.chosen(CareReason, "reason")
    if reason is None:
        raise RefusedError(INVALID_ARGUMENT, field="reason")
    is_new_customer = form["referral_id"] is None
    return await field.record(
        "open_care_card",
        OpenCareCard(
            id=form["id"],
            reason=reason,
            next_contact_on=dt.date.fromisoformat(form["next_on"]),
            referral_id=form["referral_id"],
            customer_name=(form.text("name") or unnamed) if is_new_customer else None,
            phone=plain_phone(form.text("phone")) or None,
            consent=is_new_customer,
            need=form.chosen(Need, "need"),
            village_id=form["village_id"],
            note=form.text("note"),
        ),
        draft=form.name,
    )


def fresh_follow_up(field: Field) -> dict[str, str | None]:
    """Return a visit that was just made."""
    return {
        "id": field.new_id(),
        "how": FollowUpHow.VISIT.value,
        "next_on": (field.today() + dt.timedelta(days=NEXT_CONTACT_DAYS)).isoformat(),
    }


async def follow_up(field: Field, form: Form, care_card_id: str) -> Recorded:
    """Record an invitation, and when the next one is due."""
    return await field.record(
        "follow_up_care_card",
        FollowUpCareCard(
            id=form["id"],
            care_card_id=care_card_id,
            how=form.chosen(FollowUpHow, "how") or FollowUpHow.VISIT,
            next_contact_on=dt.date.fromisoformat(form["next_on"]),
            note=form.text("note"),
        ),
        draft=form.name,
    )


async def convert_care(field: Field, care_card_id: str, need: Need, interest: Interest) -> Recorded:
    """Record that the customer comes and has just agreed: a referral follows from the card."""
    return await field.record(
        "convert_care_card",
        ConvertCareCard(
            id=care_card_id,
            referral_id=field.new_id(),
            need=need,
            interest=interest,
            mode=ReferralMode.INFORMATION,
            source=LeadSource.VILLAGE,
            consent=True,
        ),
    )


async def end_care(field: Field, care_card_id: str, action: CareAction, reason: str) -> Recorded:
    """Close the card, or keep the customer's word that they want no more contact."""
    return await field.record(
        "end_care_card", EndCareCard(id=care_card_id, action=action, reason=reason)
    )


async def correct_care(field: Field, form: Form, card: CareCard) -> Recorded:
    """Record what was put right; what is left empty stays as it was."""
    next_on = dt.date.fromisoformat(form["next_on"])
    return await field.record(
        "correct_care_card",
        CorrectCareCard(
            id=card.id,
            reason=form.chosen(CareReason, "reason"),
            # A day that has passed may stay, but nobody can choose one.
            next_contact_on=None if next_on == card.next_contact_on else next_on,
            customer_name=form.text("name") or None,
            phone=plain_phone(form.text("phone")) or None,
            need=form.chosen(Need, "need"),
            note=form.text("note"),
        ),
        draft=form.name,
    )


async def withdraw_care(field: Field, care_card_id: str, reason: str) -> Recorded:
    """Take back a card opened by mistake."""
    return await field.record(
        "withdraw_care_card", WithdrawCareCard(id=care_card_id, reason=reason)
    )
