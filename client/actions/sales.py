"""Reporting harvest dates and what becomes of them."""

from __future__ import annotations

import datetime as dt

from client.form import Form
from client.state import Field
from client.status import Recorded
from shared.domain.harvest import (
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    ConfirmHarvestDate,
    CorrectHarvestDate,
    HarvestAction,
    HarvestDate,
    ReportHarvestDate,
    ShiftHarvestDate,
    WithdrawHarvestDate,
)
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError

__all__ = [
    "cancel_sale",
    "confirm_sale",
    "correct_sale",
    "fresh_sale",
    "report_sale",
    "see_sale",
    "shift_sale",
    "withdraw_sale",
]


def fresh_sale(
    field: Field, *, village_id: str | None, crop_id: str | None = None
) -> dict[str, str | None]:
    """Return an empty report, with all that the round and the season already say."""
    return {
        "id": field.new_id(),
        "village_id": village_id,
        "crop_id": crop_id,
        "confidence": Confidence.FARMER.value,
    }


async def report_sale(field: Field, form: Form) -> Recorded:
    """Record a sale that somebody told of; it lasts a day unless a last day is given."""
    for name in ("village_id", "crop_id", "from_on"):
        if not form[name]:
            raise RefusedError(INVALID_ARGUMENT, field=name)
    from_on = dt.date.fromisoformat(form["from_on"])
    to_on = dt.date.fromisoformat(form["to_on"]) if form["to_on"] else from_on
    return await field.record(
        "report_harvest_date",
        ReportHarvestDate(
            id=form["id"],
            village_id=form["village_id"],
            crop_id=form["crop_id"],
            sale_from_on=from_on,
            sale_to_on=max(from_on, to_on),
            confidence=form.chosen(Confidence, "confidence") or Confidence.FARMER,
            households=int(form.text("households") or 0),
            buyer=form.text("buyer") or None,
            note=form.text("note"),
        ),
        draft=form.name,
    )


async def shift_sale(field: Field, sale: HarvestDate, from_on: dt.date, reason: str) -> Recorded:
    """Record other days: the sale begins on *from_on* and lasts as long as before."""
    lasting = sale.sale_to_on - sale.sale_from_on
    return await field.record(
        "shift_harvest_date",
        ShiftHarvestDate(
            id=sale.id, sale_from_on=from_on, sale_to_on=from_on + lasting, reason=reason
        ),
    )


async def correct_sale(field: Field, sale: HarvestDate, from_on: dt.date) -> Recorded:
    """Put right the day of one's own report, before anybody relied on it."""
    lasting = sale.sale_to_on - sale.sale_from_on
    return await field.record(
        "correct_harvest_date",
        CorrectHarvestDate(id=sale.id, sale_from_on=from_on, sale_to_on=from_on + lasting),
    )


async def confirm_sale(field: Field, sale_id: str, confidence: Confidence) -> Recorded:
    """Record that the days hold, and how that is known."""
    return await field.record(
        "confirm_harvest_date", ConfirmHarvestDate(id=sale_id, confidence=confidence)
    )


async def see_sale(field: Field, sale_id: str, action: HarvestAction) -> Recorded:
    """Record what was seen: the day began, the crop was sold, the cash was paid."""
    return await field.record("advance_harvest_date", AdvanceHarvestDate(id=sale_id, action=action))


async def cancel_sale(field: Field, sale_id: str, reason: str) -> Recorded:
    """Record that the sale does not take place."""
    return await field.record("cancel_harvest_date", CancelHarvestDate(id=sale_id, reason=reason))


async def withdraw_sale(field: Field, sale_id: str, reason: str) -> Recorded:
    """Take back a report made by mistake."""
    return await field.record(
        "withdraw_harvest_date", WithdrawHarvestDate(id=sale_id, reason=reason)
    )
