"""Recording, correcting and withdrawing leads."""

from __future__ import annotations

from client.actions.phone import plain_phone
from client.form import Form
from client.state import Field
from client.status import Recorded
from shared.domain.customer import CustomerKind
from shared.domain.referral import (
    AmountBand,
    CorrectReferral,
    Interest,
    LeadSource,
    Need,
    ReasonedReferral,
    ReferralMode,
    SubmitReferral,
)
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError

__all__ = ["correct_lead", "fresh_lead", "submit_lead", "withdraw_lead"]


def fresh_lead(
    field: Field, *, village_id: str | None, harvest_date_id: str | None = None
) -> dict[str, str | None]:
    """Return an empty lead, with all that the round and the day already say."""
    return {
        "id": field.new_id(),
        "village_id": village_id,
        "harvest_date_id": harvest_date_id,
        "kind": CustomerKind.FARMER.value,
        "source": (LeadSource.VILLAGE if village_id else LeadSource.WALK_IN).value,
        "mode": ReferralMode.INFORMATION.value,
    }


async def submit_lead(field: Field, form: Form, unnamed: str) -> Recorded:
    """Record the lead to which the customer has just agreed; *unnamed* names who gave no name."""
    need, interest = form.chosen(Need, "need"), form.chosen(Interest, "interest")
    if need is None or interest is None:
        raise RefusedError(INVALID_ARGUMENT, field="need" if need is None else "interest")
    return await field.record(
        "submit_referral",
        SubmitReferral(
            id=form["id"],
            kind=form.chosen(CustomerKind, "kind") or CustomerKind.FARMER,
            source=form.chosen(LeadSource, "source") or LeadSource.VILLAGE,
            need=need,
            interest=interest,
            mode=form.chosen(ReferralMode, "mode") or ReferralMode.INFORMATION,
            consent=True,
            customer_name=form.text("name") or unnamed,
            customer_id=form["customer_id"],
            phone=plain_phone(form.text("phone")) or None,
            village_id=form["village_id"],
            harvest_date_id=form["harvest_date_id"],
            amount_band=form.chosen(AmountBand, "amount_band"),
            note=form.text("note"),
        ),
        draft=form.name,
    )


async def correct_lead(field: Field, form: Form, referral_id: str) -> Recorded:
    """Record what was put right; what is left empty stays as it was."""
    return await field.record(
        "correct_referral",
        CorrectReferral(
            id=referral_id,
            customer_name=form.text("name") or None,
            phone=plain_phone(form.text("phone")) or None,
            need=form.chosen(Need, "need"),
            interest=form.chosen(Interest, "interest"),
            amount_band=form.chosen(AmountBand, "amount_band"),
            note=form.text("note"),
        ),
        draft=form.name,
    )


async def withdraw_lead(field: Field, referral_id: str, reason: str) -> Recorded:
    """Take a lead back."""
    return await field.record("withdraw_referral", ReasonedReferral(id=referral_id, reason=reason))
